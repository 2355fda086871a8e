"""Keep standing approvals, and use them: each use is one append to the session and to the approval, or none."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from msgspec.structs import replace

from commands.catalogue import Catalogue
from commands.catalogue.appending import Written
from commands.handle import Draft, observe_with
from commands.ports import LogNotification
from commands.shell import Shell, to_log
from commands.standing_bounds import as_bounded, hidden_bounds
from domain.catalog.events import CatalogEvent
from domain.encoding import parse
from domain.envelope import Context, fact_event
from domain.errors import Invalid, NotFound, NotPossible, Refused
from domain.ids import derive, named_stream
from domain.pointers import tokens
from domain.session.admit import admit, open_approvals
from domain.session.approving import choice_asked_about
from domain.session.commands import GrantApproval
from domain.session.state import Approval, Session
from domain.standing_approvals import Bound, Standing, StandingGiven, StandingUsed, StandingWithdrawn, amount_of, covers

AGGREGATE = "standing-approval"
MOST_USES = 1_000_000


def stream_of(tenant: str, standing: str) -> UUID:
    """Return the stream of a standing approval."""
    return named_stream(tenant, AGGREGATE, standing)


async def give(
    catalogue: Catalogue,
    shell: Shell,
    tool: str,
    bounds: Sequence[Bound],
    context: Context,
    *,
    uses: int,
    until: datetime,
    reason: str,
    amount_at: str = "",
    amount_most: str = "",
) -> tuple[StandingGiven, Written]:
    """Allow calls of a tool beforehand; raise Invalid, NotFound."""
    document, found = await catalogue.find_tool(context.tenant, tool)
    given = StandingGiven(
        id=derive(context.command_id, AGGREGATE),
        api=document.api,
        operation=found.operation,
        uses=uses,
        until=until,
        by=context.actor.id,
        reason=reason,
        bounds=await hidden_bounds(shell, bounds),
        amount_at=amount_at,
        amount_most=amount_most,
    )
    _check(given, context.at)
    return given, await catalogue.record(stream_of(context.tenant, given.id), context, [given])


def _check(given: StandingGiven, now: datetime) -> None:
    if not given.reason.strip():
        raise Invalid("Expected a reason, but it is blank: say why these calls need nobody's word of their own.")
    if not 1 <= given.uses <= MOST_USES:
        raise Invalid(f"Expected 1 to {MOST_USES} uses, but got {given.uses}.")
    if given.until.tzinfo is None or given.until <= now:
        raise Invalid(f"Expected an end in the future, with its time zone, but got {given.until.isoformat()}.")
    if bool(given.amount_at) != bool(given.amount_most):
        raise Invalid("Expected where the amount stands and how much it may be in all, but one of them is missing.")
    for text in (given.amount_most, *(each for bound in given.bounds for each in (bound.least, bound.most))):
        _check_number(text)
    for bound in given.bounds:
        tokens(bound.at)
        if not (bound.anything or bound.values or bound.least or bound.most):
            raise Invalid(f"Expected values, a least, a most, or anything for {bound.at!r}, but there is none of them.")
    tokens(given.amount_at)


def _check_number(text: str) -> None:
    try:
        finite = not text or Decimal(text).is_finite()
    except InvalidOperation:
        finite = False
    if not finite:
        raise Invalid(f"Expected a number, but got {text[:100]!r}.")


async def withdraw(catalogue: Catalogue, shell: Shell, standing: str, reason: str, context: Context) -> Written:
    """Take a standing approval back; raise NotFound, NotPossible, Invalid."""
    if not reason.strip():
        raise Invalid("Expected a reason, but it is blank: say why it is to count no longer.")
    known = (await shell.catalogs.standings(context.tenant)).get(standing)
    if known is None:
        raise NotFound(
            f"Expected a standing approval that exists, but there is none with the id {standing[:100]!r}: "
            "`reprise approvals standing list` shows them."
        )

    def append(_: Sequence[LogNotification]) -> Sequence[CatalogEvent]:
        if known.withdrawn:
            raise NotPossible(f"Expected a standing approval in force, but {known.withdrawn}.")
        return [StandingWithdrawn(id=standing, by=context.actor.id, reason=reason)]

    return await catalogue.append(stream_of(context.tenant, standing), context, append)


async def use_standing(shell: Shell, session: UUID, approval: str) -> None:
    """Let an open question be answered by a standing approval that covers its call, if there is one."""

    async def draft(now: Session | None, context: Context) -> Draft | None:
        asked = [each for each, _ in open_approvals(now) if each.id == approval] if now else []
        return await _used(shell, now, asked[0], context) if now and asked else None

    await observe_with(shell, session, draft)


async def _used(shell: Shell, state: Session, approval: Approval, context: Context) -> Draft | None:
    choice = choice_asked_about(state, approval.id)
    tool = (await shell.snapshot(state.tenant, state.catalog)).tool(choice.tool) if choice else None
    if choice is None or tool is None or approval.terms is None:
        return None
    try:
        arguments = parse(bytes((await shell.redactor.put_back(state, choice.arguments.value)).arguments))
    except NotPossible:
        return None  # a value of it is lost: what nobody can read is not covered
    for standing in (await shell.catalogs.standings(state.tenant)).values():
        bounded = await as_bounded(shell, standing.given.bounds, arguments)
        if covers(standing, tool.api, tool.operation, bounded, context.at):
            used = StandingUsed(
                id=standing.given.id,
                session=state.id,
                call=choice.call,
                request_digest=approval.request_digest,
                amount=str(amount_of(standing.given, arguments) or ""),
            )
            drafted = _granted(state, approval, standing, used, context)
            if drafted:
                return drafted
    return None


def _granted(
    state: Session, approval: Approval, standing: Standing, used: StandingUsed, context: Context
) -> Draft | None:
    """Return the grant and the use in one; None where a rule demands more of who allows it."""
    given = standing.given
    command = GrantApproval(approval=approval.id, by=given.by, reason=given.reason, standing=given.id)
    try:
        fact = admit(state, command, context.at)
    except Refused:
        return None
    beside = replace(context, command_id=derive(context.command_id, AGGREGATE, given.id))
    rows = to_log(stream_of(state.tenant, given.id), standing.version, [fact_event(used, beside, index=1)])
    return Draft(fact=fact, beside=rows)
