"""Answer what agents must ask people: `approvals`."""

from collections.abc import Callable
from datetime import datetime
from typing import cast

import click
import msgspec

from commands.deciding import decide, would_send
from commands.dry_run import Outgoing
from commands.standing_approvals import give, withdraw
from domain.encoding import encode
from domain.errors import Invalid, NotFound
from domain.ids import session_of
from domain.session.commands import DenyApproval, GrantApproval, ReportOutcome, SessionCommand
from domain.session.events import Outcome
from domain.standing_approvals import Bound, Standing
from ops.bootstrap.read_models import catch_up
from ops.cli.dry_run import read_arguments
from ops.cli.output import cut, hint, result, table
from ops.cli.reach import context, core, session_id
from ops.cli.verb import verb
from queries.approvals import ApprovalShown, list_approvals, show_approval


@click.group()
def approvals() -> None:
    """See what waits for people, and answer it."""


@verb(approvals, "list")
@click.option("--all", "every", is_flag=True, help="Answered ones too.")
async def list_open(every: bool) -> None:
    """List what waits for an answer."""
    async with core() as opened:
        await catch_up(opened)
        found = await list_approvals(opened.reads, "local", status="" if every else "open", limit=500)
    result(found, lambda: _listed(found))


def _listed(found: list[ApprovalShown]) -> str:
    if not found:
        return "Nothing waits for an answer."
    rows = [
        (each.id, each.status, each.question, each.operation, each.requester, _until(each.expires_at), cut(each.reason))
        for each in found
    ]
    return table(["id", "status", "question", "operation", "asked by", "expires", "reason"], rows)


def _until(expires_at: datetime | None) -> str:
    return f"{expires_at:%Y-%m-%d %H:%M:%S} UTC" if expires_at else ""


@verb(approvals)
@click.argument("approval", metavar="ID")
async def show(approval: str) -> None:
    """Show exactly what an approval is about."""
    async with core() as opened:
        await catch_up(opened)
        found = await show_approval(opened.reads, "local", approval)
        loaded = await opened.shell.load(found.session_id)
        sends = await would_send(opened.shell, loaded.state, approval) if loaded.state else None
    shown = {**msgspec.structs.asdict(found), "sends": sends}
    result(shown, lambda: "\n".join([*_shown(found), *_sent(sends)]))


def _shown(found: ApprovalShown) -> list[str]:
    asked = "may this be sent?" if found.question == "call" else "did this happen?"
    lines = [
        f"{found.id}: {found.status}",
        f"  question   {asked} {found.reason}",
        f"  goal       {found.goal}",
        f"  tool       {found.tool_id} ({found.operation}, {found.effect_class})",
        f"  arguments  {encode(found.request_json).decode()}",
        f"  request    {found.request_digest}",
    ]
    if found.proof:
        lines += [
            f"  asked by   {found.requester}",
            f"  rules      {', '.join(found.rules)} (set {found.policy_set[:12]})",
            f"  document   {found.document}",
            f"  proof      {found.proof}",
        ]
    if found.demands:
        lines.append(f"  demands    {', '.join(found.demands)}")
    if found.expires_at:
        lines.append(f"  expires    {_until(found.expires_at)}")
    if found.supersedes:
        lines.append(f"  instead of {found.supersedes}, for this changed:")
        lines += [
            f"    {each.field}: {each.before or '(nothing)'} -> {each.now or '(nothing)'}" for each in found.differences
        ]
    if found.decided_at:
        lines.append(f"  decided    by {found.decided_by}: {found.decision_reason}")
    if found.edited_json is not None:
        lines.append(f"  changed to {encode(found.edited_json).decode()}")
    return lines


def _sent(sends: Outgoing | None) -> list[str]:
    if sends is None:
        return []
    lines = ["If it is allowed now, this is sent:", f"  {sends.method} {sends.url}"]
    lines += [f"  {each.name}: {each.value}" for each in sends.headers]
    return [*lines, *([f"  {sends.body_preview}"] if sends.body_preview else [])]


@verb(approvals)
@click.argument("approval", metavar="ID")
@click.option("--reason", default="", help="Why; it is kept in the log.")
@click.option("--arguments", default="", metavar="JSON|@FILE", help="Have these sent instead: checked and judged anew.")
@click.option("--proof", default="", metavar="DIGEST", help="Refuse where the approval no longer says what was seen.")
async def approve(approval: str, reason: str, arguments: str, proof: str) -> None:
    """Allow a call; exactly this request is then sent."""
    given = read_arguments(arguments) if arguments else None
    await _answer(
        approval,
        lambda by: GrantApproval(approval=approval, by=by, reason=reason, proof=proof, arguments=given),
        "approved" if given is None else "approved with other arguments",
    )


@verb(approvals)
@click.argument("approval", metavar="ID")
@click.option("--reason", default="", help="Why; it is kept in the log.")
async def deny(approval: str, reason: str) -> None:
    """Refuse a call."""
    await _answer(approval, lambda by: DenyApproval(approval=approval, by=by, reason=reason), "denied")


@verb(approvals)
@click.argument("approval", metavar="ID")
@click.argument("outcome", type=click.Choice(["happened", "send-again", "give-up"]))
@click.option("--reason", default="", help="How you know; it is kept in the log.")
async def settle(approval: str, outcome: str, reason: str) -> None:
    """Say what became of a call that was sent and never answered."""
    told = cast(Outcome, outcome)
    await _answer(
        approval, lambda by: ReportOutcome(approval=approval, by=by, outcome=told, reason=reason), f"settled: {told}"
    )


@approvals.group("standing")
def standing() -> None:
    """Allow calls beforehand, within bounds."""


@verb(standing, "add")
@click.argument("tool", metavar="TOOL")
@click.option("--uses", required=True, type=int, help="How many calls.")
@click.option("--until", required=True, metavar="TIME", help="Until when, for example 2030-01-01T00:00:00Z.")
@click.option("--reason", required=True, help="Why; it is kept in the log.")
@click.option(
    "--bounds", default="[]", metavar="JSON|@FILE", help='A list of {"at", "values", "least", "most", "anything"}.'
)
@click.option("--amount-at", default="", metavar="POINTER", help="Where an amount stands that is summed up.")
@click.option("--amount-most", default="", metavar="NUMBER", help="What it may be over all calls together.")
async def add_standing(
    tool: str, uses: int, until: str, reason: str, bounds: str, amount_at: str, amount_most: str
) -> None:
    """Allow calls of a tool beforehand; every argument must lie within a bound."""
    try:
        limits = msgspec.json.decode(bytes(read_arguments(bounds)), type=list[Bound])
        end = msgspec.convert(until, datetime)
    except msgspec.ValidationError as fault:
        raise Invalid(f"Expected bounds and a time, but {fault}.") from fault
    async with core() as opened:
        given, _ = await give(
            opened.catalogue,
            opened.shell,
            tool,
            limits,
            context(opened),
            uses=uses,
            until=end,
            reason=reason,
            amount_at=amount_at,
            amount_most=amount_most,
        )
    result(given, lambda: f"{given.id}: {given.operation} is allowed {given.uses} times until {_until(given.until)}")


@verb(standing, "list")
async def list_standing() -> None:
    """List what was allowed beforehand."""
    async with core() as opened:
        found = list((await opened.shell.catalogs.standings("local")).values())
        now = opened.shell.clock.now()
    result([_plain(each, now) for each in found], lambda: _standings(found, now))


def _plain(each: Standing, now: datetime) -> dict[str, object]:
    return {**msgspec.structs.asdict(each.given), "used": each.used, "spent": str(each.spent), "over": each.over(now)}


def _standings(found: list[Standing], now: datetime) -> str:
    if not found:
        return "Nothing was allowed beforehand."
    rows = [
        (
            each.given.id,
            each.given.operation,
            f"{each.used} of {each.given.uses}",
            f"{each.spent} of {each.given.amount_most}" if each.given.amount_most else "",
            _until(each.given.until),
            each.given.by,
            each.over(now) or "in force",
        )
        for each in found
    ]
    return table(["id", "operation", "used", "amount", "until", "by", "now"], rows)


@verb(standing, "revoke")
@click.argument("standing_id", metavar="ID")
@click.option("--reason", required=True, help="Why; it is kept in the log.")
async def revoke_standing(standing_id: str, reason: str) -> None:
    """Take back what was allowed beforehand; what was not sent yet is asked about."""
    async with core() as opened:
        await withdraw(opened.catalogue, opened.shell, standing_id, reason, context(opened))
    result({"standing": standing_id, "decision": "revoked"}, lambda: f"revoked: {standing_id}")


async def _answer(approval: str, command_of: Callable[[str], SessionCommand], done: str) -> None:
    try:
        session = session_id(session_of(approval))
    except Invalid:
        raise NotFound(
            f"Expected an approval's id as `reprise approvals list` shows it, but got {approval!r}."
        ) from None
    async with core(wakes=True) as opened:
        acting = context(opened, str(session))
        handled = await decide(opened.shell, session, command_of(acting.actor.id), acting)
    answer = {"approval": approval, "decision": done, "version": handled.loaded.version}
    result(answer, lambda: f"{done}: {approval}")
    hint(f"  reprise sessions watch {session}")
