"""Fill a log with whole sessions and project it to its end."""

from collections.abc import AsyncGenerator, Sequence
from itertools import zip_longest
from random import Random
from uuid import UUID, uuid4

import pytest

from adapters.nats.messages import from_log
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.envelope import Event
from domain.session.events import SessionEvent
from ops.bench.histories import Trouble, history
from projections.ports import Recorded
from projections.registry import READ_MODELS
from projections.runner import Projector

Rows = dict[str, list[str]]


class AtTheEnd(Exception):
    """Stop a projector that would wait for more."""


class Once:
    """Follow the log to its end, once."""

    def __init__(self, store: PostgresEventStore, size: int):
        self._store = store
        self._size = size

    async def log_id(self) -> str:
        """Return the log's id."""
        return await self._store.log_id()

    async def follow(self, after: int) -> AsyncGenerator[Sequence[Recorded], None]:
        """Yield batches of a fixed size, then stop the reader."""
        while rows := await self._store.read_log(after, self._size):
            yield [from_log(row) for row in rows]
            after = rows[-1].id
        raise AtTheEnd


async def project_all(store: PostgresEventStore, keeper: PostgresReadModels, size: int = 500) -> Projector:
    """Bring all read models up to the log's head."""
    projector = Projector(Once(store, size), keeper, READ_MODELS)
    with pytest.raises(AtTheEnd):
        await projector.run()
    return projector


async def tell(store: PostgresEventStore, draw: Random, sessions: int = 3, trouble: Trouble | None = None) -> None:
    """Append whole sessions, their appends taking turns."""
    told = []
    for _ in range(sessions):
        session = uuid4()
        appends = list(history(draw, session, steps=draw.randint(1, 4), trouble=trouble, most=80))
        told.append([(session, events) for events in appends])
    versions: dict[UUID, int] = {}
    for turn in zip_longest(*told):
        for session, events in filter(None, turn):
            await append(store, session, versions, events)


async def append(
    store: PostgresEventStore, session: UUID, versions: dict[UUID, int], events: list[Event[SessionEvent]]
) -> None:
    """Append a session's next events."""
    after = versions.get(session, 0)
    await store.append(to_log(session, after, events))
    versions[session] = after + len(events)
