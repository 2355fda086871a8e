"""Show what sessions ask of humans, and decide it."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import Text, Time, keys_of, outside
from api.positions import cursor as cursor_to
from api.reads import Cursor, Limit, Reading
from api.rest.found import find_session
from api.services import Given
from api.writes import Writing
from commands.handle import handle
from domain.errors import NotFound, Stale
from domain.ids import session_of
from domain.session.admit import open_approvals
from domain.session.commands import DenyApproval, GrantApproval, ReportOutcome, SessionCommand
from domain.session.state import Session
from queries.approvals import list_approvals, show_approval

Status: TypeAlias = Literal[
    "open", "granted", "denied", "expired", "happened", "send-again", "give-up", "overtaken", "all"
]
OfStatus: TypeAlias = Annotated[Status, QueryParameter(name="status", description="Only of this status, or all.")]


class DecisionInput(Input, frozen=True, kw_only=True):
    """Decide: approve or deny a call that would be sent; or say what became of one that was."""

    decision: Literal["approve", "deny", "happened", "send-again", "give-up"]
    reason: str = ""


class Decided(Output, frozen=True, kw_only=True):
    """Say what was decided, and at which version the session is now."""

    approval_id: str
    session_id: UUID
    decision: str
    version: int
    position: str


class ApprovalView(Output, frozen=True, kw_only=True):
    """Show a question to a human with exactly the request that it is about.

    ``question`` is ``call`` (may this be sent?) or ``outcome`` (did this happen?); ``status`` is open until it is
    answered, expires or is overtaken.
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
    return answer(ApprovalList(approvals=tuple(view(ApprovalView, each) for each in page), next=following))


@get("/approvals/{approval_id:str}", tags=["approvals"])
async def show(services: Given, read: Reading, approval_id: FromPath[str]) -> Response[ApprovalView]:
    """Show one question; its ETag is the digest of the request that it is about."""
    await read.wait()
    found = await show_approval(services.reads, read.tenant, approval_id)
    return answer(view(ApprovalView, found), etag=found.request_digest)


@post("/approvals/{approval_id:str}", status_code=200, opt={"body": DecisionInput}, tags=["approvals"])
async def decide(
    request: Request[Any, Any, Any], services: Given, write: Writing, approval_id: FromPath[str]
) -> Response[Decided]:
    """Answer an open question; If-Match names the request digest that was seen."""
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
    handled = await handle(services.shell, session, command, context)
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
    match body.decision:
        case "approve":
            return GrantApproval(approval=approval, by=by, reason=body.reason, request_digest=seen)
        case "deny":
            return DenyApproval(approval=approval, by=by, reason=body.reason)
        case outcome:
            return ReportOutcome(approval=approval, by=by, outcome=outcome, reason=body.reason)
