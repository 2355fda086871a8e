"""List what belongs to many objects at once: one statement each, however many there are."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

from api.graphql.context import Batch
from queries.approvals import approvals_of
from queries.costs import costs_of
from queries.dead_letters import letters_of
from queries.events import events_of
from queries.freshness import head
from queries.policy import verdicts_of, violations_of
from queries.ports import ReadStore
from queries.sessions import actions_of, sessions_of, tasks_of
from queries.timeline import messages_of

Page: TypeAlias = tuple[UUID, int, int]
"""Names a session, behind what to begin, and how many are wanted."""


def _paged(read: Callable[..., Awaitable[Mapping[UUID, Sequence[Any]]]]) -> Batch:
    """Read the same page of all sessions that are asked for alike at once."""

    async def pages(store: ReadStore, tenant: str, keys: list[Page]) -> Mapping[Page, Sequence[Any]]:
        alike = defaultdict(list)
        for session, after, limit in keys:
            alike[after, limit].append(session)
        found: dict[Page, Sequence[Any]] = {}
        for (after, limit), sessions in alike.items():
            rows = await read(store, tenant, sessions, after=after, limit=limit)
            found.update({(session, after, limit): rows[session] for session in sessions})
        return found

    return pages


async def _heads(store: ReadStore, tenant: str, keys: list[None]) -> Mapping[None, int]:
    return dict.fromkeys(keys, await head(store))


BATCHES: Mapping[str, Batch] = {
    "sessions": sessions_of,
    "tasks": tasks_of,
    "actions": actions_of,
    "verdicts": verdicts_of,
    "violations": violations_of,
    "approvals": approvals_of,
    "dead_letters": letters_of,
    "costs": costs_of,
    "events": _paged(events_of),
    "messages": _paged(messages_of),
    "head": _heads,
}
