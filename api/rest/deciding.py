"""Decide what sessions ask of humans."""

from typing import Any, Literal
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from api.answers import Output, answer
from api.bodies import Input, body_of
from api.positions import outside
from api.rest.found import find_session
from api.services import Given
from api.writes import Writing
from commands.handle import handle
from domain.errors import NotFound, Stale
from domain.session.admit import open_approvals
from domain.session.commands import DenyApproval, GrantApproval, ReportOutcome, SessionCommand
from domain.session.state import Session

SESSION_CHARACTERS = 36
"""An approval's id begins with its session's."""


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


@post("/approvals/{approval_id:str}", status_code=200, opt={"body": DecisionInput}, tags=["approvals"])
async def decide_approval(
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
    context = await write.context("operate", lane=state.lane, correlation=state.id)
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


def session_of(approval_id: str) -> str:
    """Return the id of the session that asks."""
    return approval_id[:SESSION_CHARACTERS]


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
