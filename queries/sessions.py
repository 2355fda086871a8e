"""Ask about sessions: the list, and one with its tasks, its actions and a summary."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.encoding import Json
from domain.errors import Invalid, NotFound
from queries.ports import ReadStore
from queries.shapes import grouped, shaped

MOST_CHARACTERS = 200
"""Bounds the text that sessions are searched for."""


class SessionShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a session; ``reason`` says why it failed or was cancelled.

    ``untrusted`` are the tools that its answer draws on, where others may have written into one of them; ``unproven``
    is what its answer says and nothing speaks for.
    """

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
    finished_at: datetime | None = None
    answer: str | None = None
    reason: str | None = None
    reworks: int = 0
    untrusted: Sequence[str] | None = None
    unproven: Sequence[str] | None = None

    @property
    def marks(self) -> tuple[str, ...]:
        """Return cautions about the answer, in words."""
        reworks = f"{self.reworks} rework{'s' if self.reworks > 1 else ''} asked for" if self.reworks else ""
        told = f"draws on what others may have written; sources: {', '.join(self.untrusted)}" if self.untrusted else ""
        return (*filter(None, (reworks, told)), *(self.unproven or ()))


class TaskShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show a step of the plan; ``after`` are the steps that it builds on, ``criteria`` what its result must meet."""

    id: str
    session_id: UUID
    agent_id: str
    step: int
    goal: str
    status: str
    round: int
    criteria: str = ""
    after: Sequence[int] = ()
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
    rules: Sequence[str] = ()
    reason: str | None = None
    response_json: Json | None = None
    http_status: int | None = None
    latency_ms: int | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """Count what a session used; ``money`` is in millionths of the currency."""

    model_calls: int
    tool_calls: int
    tokens: int
    money: int = 0
    currency: str = ""


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
    user: str = "",
    text: str = "",
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[SessionShown]:
    """Return a tenant's sessions, the newest first, those begun before another where ``before`` names it.

    Only those of a status or a user where it is named, and those whose goal holds a text, in upper or lower case;
    raises Invalid for one of more than 200 characters.
    """
    at, last = before or (None, None)
    values = {"tenant": tenant, "status": status, "user": user, "pattern": _pattern(text), "limit": limit}
    rows = await store.fetch("sessions", at=at, last=last, **values)
    return [shaped(SessionShown, row) for row in rows]


def _pattern(text: str) -> str:
    """Return the LIKE pattern of texts that hold a text; an empty one for no text."""
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"Expected a text of at most {MOST_CHARACTERS} characters to look for, but got {len(text)}.")
    return "%" + re.sub(r"([%_\\])", r"\\\1", text) + "%" if text else ""


async def sessions_of(store: ReadStore, tenant: str, sessions: Sequence[UUID]) -> dict[UUID, SessionShown]:
    """Return those of a tenant's sessions that are there."""
    rows = await store.fetch("sessions_of", tenant=tenant, sessions=list(sessions))
    return {row["id"]: shaped(SessionShown, row) for row in rows}


async def tasks_of(store: ReadStore, tenant: str, sessions: Sequence[UUID]) -> dict[UUID, list[TaskShown]]:
    """Return the steps of each session's plan, in their order."""
    rows = await store.fetch("tasks", tenant=tenant, sessions=list(sessions))
    return grouped(TaskShown, rows, "session_id", sessions)


async def actions_of(store: ReadStore, tenant: str, tasks: Sequence[str]) -> dict[str, list[ActionShown]]:
    """Return the tool calls of each task, the oldest first."""
    rows = await store.fetch("actions_of", tenant=tenant, tasks=list(tasks))
    return grouped(ActionShown, rows, "task_id", tasks)


async def show_session(store: ReadStore, tenant: str, session: UUID) -> SessionDetail:
    """Return one session; raise NotFound where the read model has none."""
    found = await store.fetch("sessions_of", tenant=tenant, sessions=[session])
    if not found:
        raise NotFound(
            f"Expected a session that exists, but there is none with the id {session}: "
            "`reprise sessions list` shows them."
        )
    tasks = await store.fetch("tasks", tenant=tenant, sessions=[session])
    actions = await store.fetch("actions", tenant=tenant, session=session)
    return detail(found[0], tasks, actions)


def detail(
    session: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]], actions: Sequence[Mapping[str, Any]]
) -> SessionDetail:
    """Put a session together from its rows."""
    return SessionDetail(
        session=shaped(SessionShown, session),
        tasks=tuple(shaped(TaskShown, row) for row in tasks),
        actions=tuple(shaped(ActionShown, row) for row in actions),
        summary=_summary(session, rehearsed=sum(row["status"] == "rehearsed" for row in actions)),
    )


def _summary(row: Mapping[str, Any], *, rehearsed: int) -> Summary:
    end = row["finished_at"] or row["updated_at"]
    dry = (f"a dry run: {rehearsed} call{'s' if rehearsed > 1 else ''} not sent",) if rehearsed else ()
    return Summary(
        answer=row["answer"],
        marks=(*shaped(SessionShown, row).marks, *dry),
        steps=row["steps"],
        calls=row["calls"],
        cost=Cost(
            model_calls=row["model_calls"],
            tool_calls=row["tool_calls"],
            tokens=row["tokens"],
            money=row["money"],
            currency=row["currency"],
        ),
        duration_ms=int((end - row["created_at"]).total_seconds() * 1000),
    )
