"""Remember on a real log, project it, and recall from the real read model."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from msgspec.structs import replace

from adapters.embedding.hashing import HashingEmbedder
from adapters.postgres.follower import LogFollower
from adapters.postgres.memories import PostgresMemories
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.memory.embedding import Embeddings
from commands.memory.memories import Memories
from commands.memory.remembering import ToRemember, forget, remember
from commands.memory.writing import memory_stream, written_down
from commands.ports import TextEmbedder
from commands.shell import Shell, to_log
from domain.envelope import Actor, Context, fact_event
from domain.labels import Label
from domain.memory.events import MemoryAdded
from projections.registry import READ_MODELS
from projections.runner import Projector
from tests.commands.parts import Model, Shop, Time, context, shell_of


@dataclass
class Knowing:
    """Hold what remembers and recalls over one database."""

    store: PostgresEventStore
    rows: PostgresReadModels
    shell: Shell
    catalogue: Catalogue

    async def add(self, text: str, *, user: str = "ada", tenant: str = "local", **said: Any) -> str:
        """Remember a text for a user; give its id."""
        asked = ToRemember(text=text, **said)
        return (await remember(self.catalogue, self.shell, asked, as_(user, tenant))).id

    async def add_as(self, text: str, label: Label, *, user: str = "ada", tenant: str = "local", **said: Any) -> str:
        """Write a memory down with a label of its own, as a session does; give its id."""
        added = MemoryAdded(id=uuid4().hex, text=text, label=label, user=user, **said)
        given = as_(user, tenant)
        events = [fact_event(each, given, at) for at, each in enumerate(await written_down(self.shell, tenant, added))]
        await self.store.append(to_log(memory_stream(tenant, added.id), 0, events))
        return added.id

    async def forget(self, memory: str, *, user: str = "ada", tenant: str = "local", administers: bool = False) -> None:
        """Forget a memory as a user."""
        await forget(self.catalogue, self.shell, memory, "", as_(user, tenant), administers=administers)

    async def project(self) -> None:
        """Bring the read models up to the log's head."""
        await Projector(LogFollower(self.store), self.rows, READ_MODELS).catch_up(await self.store.head())

    @property
    def memories(self) -> Memories:
        """Return what is recalled from."""
        return self.shell.memory


def as_(user: str, tenant: str) -> Context:
    """Act as a user of a tenant, in a new request."""
    return replace(context(uuid4().hex), actor=Actor(kind="person", id=user), tenant=tenant)


@asynccontextmanager
async def knowing(
    database: str, store: PostgresEventStore, embedder: TextEmbedder | None = None
) -> AsyncIterator[Knowing]:
    """Open everything that remembering and recalling take."""
    index, rows = PostgresMemories(database), PostgresReadModels(database)
    shell = shell_of(store, Shop(), Model(), Time())
    shell.memories = Memories(index, Embeddings(embedder or HashingEmbedder()))
    try:
        yield Knowing(store, rows, shell, Catalogue(shell))
    finally:
        await index.close()
        await rows.close()
