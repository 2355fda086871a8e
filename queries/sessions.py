"""Ask about sessions: the list, and one with its tasks, its actions and a summary."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.encoding import Json
from domain.errors import NotFound
from queries.ports import ReadStore
from queries.shapes import shaped


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a session; ``reason`` says why it failed or was cancelled."""

    id: UUID
    user_id: str
    goal: str
    status: str
    lane: str
    model: str
    created_at: datetime
    updated_at: datetime
    version: int
    position: int
    answer: str | None = None
    reason: str | None = None


class TaskShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a step of the plan."""

    id: str
    session_id: UUID
    agent_id: str
    step: int
    goal: str
    status: str
    round: int
    input_json: Json | None = None
    output_json: Json | None = None
    reason: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ActionShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a tool call: what was asked for, what the policy said, what came back."""

    id: str
    session_id: UUID
    task_id: str
    tool_id: str
    status: str
    retry_count: int
    operation: str | None = None
    effect_class: str | None = None
    request_json: Json | None = None
    request_digest: str | None = None
    idempotency_key: str | None = None
    verdict: str | None = None
    rules: tuple[str, ...] = ()
    reason: str | None = None
    response_json: Json | None = None
    http_status: int | None = None
    latency_ms: int | None = None


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Count what a session used."""

    model_calls: int
    tool_calls: int
    tokens: int


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Sum a session up; ``duration_ms`` runs to now's last event while it is not over.

    ``marks`` are cautions about the answer, in words.
    """

    answer: str | None
    marks: tuple[str, ...]
    steps: int
    calls: int
    cost: Cost
    duration_ms: int


class SessionDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Show a session with everything that was done for it."""

    session: SessionShown
    tasks: tuple[TaskShown, ...]
    actions: tuple[ActionShown, ...]
    summary: Summary


async def list_sessions(
    store: ReadStore,
    tenant: str,
    *,
    status: str = "",
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[SessionShown]:
    """Return a tenant's sessions, the newest first, those begun before another where ``before`` names it."""
    at, last = before or (None, None)
    rows = await store.fetch("sessions", tenant=tenant, status=status, at=at, last=last, limit=limit)
    return [shaped(SessionShown, row) for row in rows]


async def show_session(store: ReadStore, tenant: str, session: UUID) -> SessionDetail:
    """Return one session; raise NotFound where the read model has none."""
    found = await store.fetch("session", tenant=tenant, session=session)
    if not found:
        raise NotFound(f"Expected a session that exists, but there is none with the id {session}.")
    tasks = await store.fetch("tasks", session=session)
    actions = await store.fetch("actions", session=session)
    return detail(found[0], tasks, actions)


def detail(
    session: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]], actions: Sequence[Mapping[str, Any]]
) -> SessionDetail:
    """Put a session together from its rows."""
    return SessionDetail(
        session=shaped(SessionShown, session),
        tasks=tuple(shaped(TaskShown, row) for row in tasks),
        actions=tuple(shaped(ActionShown, row) for row in actions),
        summary=_summary(session),
    )


def _summary(row: Mapping[str, Any]) -> Summary:
    end = row["finished_at"] or row["updated_at"]
    reworks = row["reworks"]
    return Summary(
        answer=row["answer"],
        marks=(f"{reworks} rework{'s' if reworks > 1 else ''} asked for",) if reworks else (),
        steps=row["steps"],
        calls=row["calls"],
        cost=Cost(model_calls=row["model_calls"], tool_calls=row["tool_calls"], tokens=row["tokens"]),
        duration_ms=int((end - row["created_at"]).total_seconds() * 1000),
    )
