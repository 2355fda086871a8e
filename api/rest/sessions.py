"""List sessions, and show one with everything that was done for it."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias
from uuid import UUID

from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from api.answers import Output, answer, view
from api.positions import Time, keys_of, outside
from api.positions import cursor as cursor_to
from api.reads import Cursor, Limit, Reading
from api.rest.folding import fold
from api.rest.found import find_session
from api.services import Given, Services
from commands.shell import Loaded
from domain.errors import NotFound
from queries.sessions import MOST_CHARACTERS, SessionDetail, SessionShown, list_sessions, show_session

Status: TypeAlias = Literal["queued", "running", "waiting", "paused", "completed", "failed", "cancelled"]
OfStatus: TypeAlias = Annotated[Status | None, QueryParameter(name="status", description="Only of this status.")]
OfUser: TypeAlias = Annotated[str | None, QueryParameter(name="userId", description="Only of this user.")]
Search: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="q", max_length=MOST_CHARACTERS, description="Only with this text in the goal, in upper or lower case."
    ),
]


class SessionView(Output, frozen=True, kw_only=True):
    """Show a session in short; ``position`` is that of its newest event, ``reason`` why it did not complete."""

    id: UUID
    user_id: str
    goal: str
    status: Status
    lane: str
    model: str
    created_at: datetime
    updated_at: datetime
    version: int
    position: str
    answer: str | None
    reason: str | None


class SessionList(Output, frozen=True, kw_only=True):
    """List sessions, the newest first; ``next`` is the cursor of the following page, null at the end."""

    sessions: tuple[SessionView, ...]
    next: str | None


class TaskView(Output, frozen=True, kw_only=True):
    """Show a step of the plan."""

    id: str
    session_id: UUID
    agent_id: str
    step: int
    goal: str
    status: str
    round: int
    input_json: Any
    output_json: Any
    reason: str | None
    started_at: datetime | None
    finished_at: datetime | None


class ActionView(Output, frozen=True, kw_only=True):
    """Show a tool call: what was asked for, what the policy said, what came back."""

    id: str
    session_id: UUID
    task_id: str
    tool_id: str
    status: str
    retry_count: int
    operation: str | None
    effect_class: str | None
    request_json: Any
    request_digest: str | None
    idempotency_key: str | None
    verdict: str | None
    rules: tuple[str, ...]
    reason: str | None
    response_json: Any
    http_status: int | None
    latency_ms: int | None


class CostView(Output, frozen=True, kw_only=True):
    """Count what a session used."""

    model_calls: int
    tool_calls: int
    tokens: int
    money: int
    currency: str


class SummaryView(Output, frozen=True, kw_only=True):
    """Sum a session up; ``marks`` are cautions in words, ``duration`` is milliseconds."""

    answer: str | None
    marks: tuple[str, ...]
    steps: int
    calls: int
    cost: CostView
    duration: int


class SessionDetailView(SessionView, frozen=True, kw_only=True, rename="camel"):
    """Show a session with its tasks and actions."""

    tasks: tuple[TaskView, ...]
    actions: tuple[ActionView, ...]
    summary: SummaryView


@get("/sessions", tags=["sessions"])
async def list_all(
    services: Given,
    read: Reading,
    status: OfStatus = None,
    user: OfUser = None,
    q: Search = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response[SessionList]:
    """List the sessions of the tenant."""
    await read.wait()
    before = keys_of(cursor, read.log_id, tuple[Time, UUID]) if cursor else None
    wanted = {"status": status or "", "user": user or "", "text": q or ""}
    found = await list_sessions(services.reads, read.tenant, **wanted, before=before, limit=limit + 1)
    page = found[:limit]
    following = cursor_to(read.log_id, page[-1].created_at.isoformat(), str(page[-1].id)) if found[limit:] else None
    shown = tuple(view(SessionView, each, position=outside(read.log_id, each.position)) for each in page)
    return answer(SessionList(sessions=shown, next=following))


@get("/sessions/{session_id:str}", tags=["sessions"])
async def show(services: Given, read: Reading, session_id: FromPath[str]) -> Response[SessionDetailView]:
    """Show a session as it is now, its newest events included."""
    session, loaded, _ = await find_session(services, read.tenant, session_id)
    found = await _detail(services, read.tenant, session, loaded)
    return answer(_shown(read.log_id, found), etag=found.session.version)


async def _detail(services: Services, tenant: str, session: UUID, loaded: Loaded) -> SessionDetail:
    """Return what the read model shows, or what the log says where that is newer."""
    try:
        found = await show_session(services.reads, tenant, session)
    except NotFound:
        found = None
    if found and found.session.version >= loaded.version:
        return found
    return fold(await services.shell.store.read_stream(session))


def _shown(log_id: str, found: SessionDetail) -> SessionDetailView:
    session: SessionShown = found.session
    cost = view(CostView, found.summary.cost)
    return view(
        SessionDetailView,
        session,
        position=outside(log_id, session.position),
        tasks=tuple(view(TaskView, each) for each in found.tasks),
        actions=tuple(view(ActionView, each) for each in found.actions),
        summary=view(SummaryView, found.summary, cost=cost, duration=found.summary.duration_ms),
    )
