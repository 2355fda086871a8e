"""Show what sessions ask of humans, and decide it."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import Text, Time, keys_of, outside
from api.positions import cursor as cursor_to
from api.reads import Cursor, Limit, Reading
from api.rest.dry_run import HeaderShown
from api.rest.found import find_session
from api.services import Given
from api.writes import Writing
from commands.deciding import decide as decide_on
from commands.deciding import would_send
from commands.dry_run import Outgoing
from domain.encoding import NULL
from domain.errors import Invalid, NotFound, Stale
from domain.ids import session_of
from domain.session.admit import open_approvals
from domain.session.commands import DenyApproval, GrantApproval, ReportOutcome, SessionCommand
from domain.session.state import Session
from queries.approvals import ApprovalShown, list_approvals, show_approval

V = TypeVar("V", bound=msgspec.Struct)

Status: TypeAlias = Literal[
    "open", "granted", "denied", "expired", "happened", "send-again", "give-up", "overtaken", "superseded", "all"
]
OfStatus: TypeAlias = Annotated[Status, QueryParameter(name="status", description="Only of this status, or all.")]


class DecisionInput(Input, frozen=True, kw_only=True):
    """Decide: approve or deny a call that would be sent; or say what became of one that was.

    Approve with ``arguments`` to have others sent in place of those that were asked about: they are checked and judged
    anew. ``proof`` names what was seen: with another one the decision is refused.
    """

    decision: Literal["approve", "deny", "happened", "send-again", "give-up"]
    reason: str = ""
    arguments: msgspec.Raw = NULL
    proof: str = ""


class Decided(Output, frozen=True, kw_only=True):
    """Say what was decided, and at which version the session is now."""

    approval_id: str
    session_id: UUID
    decision: str
    version: int
    position: str


class DifferenceView(Output, frozen=True, kw_only=True):
    """Name what is not as it was when a human was asked: a term, or a JSON pointer into the arguments."""

    field: str
    before: str
    now: str


class ApprovalView(Output, frozen=True, kw_only=True):
    """Show a question to a human with exactly the request that it is about.

    ``question`` is ``call`` (may this be sent?) or ``outcome`` (did this happen?); ``status`` is open until it is
    answered, expires, is overtaken or superseded. ``proof`` is the digest of all that an answer is bound to: the
    request, ``requester``, ``document``, ``policySet``, the ``rules`` that asked, what they demand, and the expiry.
    ``differences`` say why it takes the place of what it ``supersedes``. ``editedJson`` are the arguments that were
    allowed instead, and ``standing`` is the approval given beforehand by which it was allowed.
    """

    id: str
    session_id: UUID
    step: int
    question: str
    status: str
    reason: str
    request_digest: str
    requested_at: datetime
    goal: str
    tool_id: str
    operation: str
    effect_class: str
    request_json: Any
    expires_at: datetime | None
    decided_at: datetime | None
    decided_by: str
    decision_reason: str
    requester: str
    document: str
    policy_set: str
    rules: tuple[str, ...]
    demands: tuple[str, ...]
    proof: str
    supersedes: str
    differences: tuple[DifferenceView, ...]
    edited_json: Any
    standing: str


class OutgoingView(Output, frozen=True, kw_only=True):
    """Show a request up to the socket; what may be a credential is redacted, the body cut."""

    method: str
    url: str
    headers: tuple[HeaderShown, ...]
    body_digest: str
    body_bytes: int
    body_preview: str
    request_digest: str
    request_bytes: int


class ApprovalShownView(ApprovalView, frozen=True, kw_only=True):
    """Show one question; ``sends`` is what is sent if it is allowed now, null where no call waits for the answer."""

    sends: OutgoingView | None


class ApprovalList(Output, frozen=True, kw_only=True):
    """List approvals, the oldest first; ``next`` is the cursor of the following page, null at the end."""

    approvals: tuple[ApprovalView, ...]
    next: str | None


@get("/approvals", tags=["approvals"])
async def list_all(
    services: Given, read: Reading, status: OfStatus = "open", cursor: Cursor = None, limit: Limit = 50
) -> Response[ApprovalList]:
    """List what waits for humans, or with another status what they decided."""
    await read.wait()
    after = keys_of(cursor, read.log_id, tuple[Time, Text]) if cursor else None
    wanted = "" if status == "all" else status
    found = await list_approvals(services.reads, read.tenant, status=wanted, after=after, limit=limit + 1)
    page = found[:limit]
    following = cursor_to(read.log_id, page[-1].requested_at.isoformat(), page[-1].id) if found[limit:] else None
    return answer(ApprovalList(approvals=tuple(_view(ApprovalView, each) for each in page), next=following))


def _view(kind: type[V], found: ApprovalShown, **more: object) -> V:
    differences = tuple(view(DifferenceView, each) for each in found.differences)
    return view(kind, found, differences=differences, rules=tuple(found.rules), demands=tuple(found.demands), **more)


@get("/approvals/{approval_id:str}", tags=["approvals"])
async def show(services: Given, read: Reading, approval_id: FromPath[str]) -> Response[ApprovalShownView]:
    """Show one question with what would be sent; its ETag is the digest of the request that it is about."""
    await read.wait()
    found = await show_approval(services.reads, read.tenant, approval_id)
    _, _, state = await find_session(services, read.tenant, str(found.session_id))
    sends = await would_send(services.shell, state, approval_id)
    return answer(_view(ApprovalShownView, found, sends=_sends(sends)), etag=found.request_digest)


def _sends(sends: Outgoing | None) -> OutgoingView | None:
    return (
        view(OutgoingView, sends, headers=tuple(view(HeaderShown, each) for each in sends.headers)) if sends else None
    )


@post("/approvals/{approval_id:str}", status_code=200, opt={"body": DecisionInput}, tags=["approvals"])
async def decide(
    request: Request[Any, Any, Any], services: Given, write: Writing, approval_id: FromPath[str]
) -> Response[Decided]:
    """Answer an open question; If-Match names the request digest that was seen, the body's proof all of it."""
    body = await body_of(request, DecisionInput)
    try:
        session, _, state = await find_session(services, write.principal.tenant, session_of(approval_id))
    except NotFound as fault:
        raise NotFound(
            f"Expected an approval that exists, but there is none with the id {approval_id[:100]!r}."
        ) from fault
    seen = write.etag if write.etag not in (None, "*") else ""
    _refuse_another_request(state, approval_id, seen or "")
    context = await write.context("operate", correlation=state.id)
    command = _command(body, approval_id, write.principal.actor, seen or "")
    handled = await decide_on(services.shell, session, command, context)
    decided = Decided(
        approval_id=approval_id,
        session_id=session,
        decision=body.decision,
        version=handled.loaded.version,
        position=outside(await services.shell.store.log_id(), handled.loaded.position),
    )
    return answer(decided, etag=seen or "")


def _refuse_another_request(state: Session, approval_id: str, seen: str) -> None:
    for approval, _ in open_approvals(state):
        if approval.id == approval_id and seen not in ("", approval.request_digest):
            raise Stale(
                f"Expected If-Match with the request {approval.request_digest}, but {seen[:100]} was named: "
                "read the approval again and decide on what it says now."
            )


def _command(body: DecisionInput, approval: str, by: str, seen: str) -> SessionCommand:
    arguments = None if body.arguments == NULL else body.arguments
    if body.decision != "approve" and arguments is not None:
        raise Invalid(f"Expected arguments only to approve with them, but the decision is {body.decision}.")
    match body.decision:
        case "approve":
            return GrantApproval(
                approval=approval,
                by=by,
                reason=body.reason,
                request_digest=seen,
                proof=body.proof,
                arguments=arguments,
            )
        case "deny":
            return DenyApproval(approval=approval, by=by, reason=body.reason)
        case outcome:
            return ReportOutcome(approval=approval, by=by, outcome=outcome, reason=body.reason)
