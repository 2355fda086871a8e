"""Show memories: one row each with its text and label, one for each embedder that said what it means."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from domain.envelope import Event
from domain.memory.events import MemoryAdded, MemoryEmbedded, MemoryForgotten
from domain.memory.vectors import numbers, space
from domain.upcasting import AnyEvent
from projections.ports import Recorded
from projections.rows import ReadModel, Row


class MemoryRow(Row, frozen=True, kw_only=True):
    """Be a memory of a user, or with ``user_id`` "" of its tenant."""

    NAME: ClassVar = "memories"
    KEY: ClassVar = ("tenant", "id")

    tenant: str
    id: str
    user_id: str
    kind: str
    subject: str
    text: str
    trusted: bool
    private: bool
    sources: list[str]
    session_id: str
    step: int
    created_at: datetime
    version: int
    position: int


class VectorRow(Row, frozen=True, kw_only=True):
    """Be what a memory means, in the space of one embedder."""

    NAME: ClassVar = "memory_vectors"
    KEY: ClassVar = ("tenant", "space", "id")

    tenant: str
    id: str
    space: str
    embedding: list[float]
    position: int


class ForgottenRow(Row, frozen=True, kw_only=True):
    """Remove a memory with all that it means."""

    NAME: ClassVar = "memories_forgotten"
    KEY: ClassVar = ("tenant", "id")

    tenant: str
    id: str


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    """Return what an event changes about a memory."""
    match event.data:
        case MemoryAdded() as data:
            yield _memory(event, row, data)
        case MemoryEmbedded(id=id_, embedding=held):
            place = space(held.embedder, held.revision, held.dimension)
            yield VectorRow(tenant=row.tenant, id=id_, space=place, embedding=numbers(held), position=row.position)
        case MemoryForgotten(id=id_):
            yield ForgottenRow(tenant=row.tenant, id=id_)
        case _:
            return


def _memory(event: Event[AnyEvent], row: Recorded, data: MemoryAdded) -> MemoryRow:
    return MemoryRow(
        tenant=row.tenant,
        id=data.id,
        user_id=data.user,
        kind=data.kind,
        subject=data.subject,
        text=data.text,
        trusted=data.label.trusted,
        private=data.label.private,
        sources=list(data.label.sources),
        session_id=data.session,
        step=data.step,
        created_at=event.at,
        version=row.version,
        position=row.position,
    )


MODEL = ReadModel(
    name="memory",
    version=2,
    tables=("memories", "memory_vectors"),
    writes=(MemoryRow, VectorRow, ForgottenRow),
    changes=changes,
)
