"""Say everything that can happen to a memory; each has a stream of its own, ``<tenant>/memory/<id>``.

A memory belongs to a user, or with ``user`` "" to the whole tenant. Its text was redacted before it came here. What it
means is a fact of its own, for another embedder may say it again: a vector is never computed by a projection.
"""

from typing import Literal, TypeAlias, get_args

import msgspec

from domain.labels import Label

MemoryKind = Literal["episodic", "semantic", "entity", "summary"]
"""What happened in a session, what is so, what is so of one subject, and what a session came to."""
KINDS: tuple[MemoryKind, ...] = get_args(MemoryKind)


class Embedding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold a text's meaning as its embedder says it.

    ``vector`` is the base64 of ``dimension`` little-endian floats of four bytes. Only vectors of one embedder in one
    revision can be held against each other.
    """

    embedder: str
    revision: str
    dimension: int
    vector: str


class MemoryAdded(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="memory.added.v1"
):
    """Something is to be remembered, with the label of where it came from.

    ``subject`` names what it is about. ``session`` and ``step`` say where it was learned, "" and 0 for nowhere.
    """

    id: str
    kind: MemoryKind
    text: str
    label: Label
    user: str = ""
    subject: str = ""
    session: str = ""
    step: int = 0


class MemoryEmbedded(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="memory.embedded.v1"
):
    """An embedder said what a memory means."""

    id: str
    embedding: Embedding


class MemoryForgotten(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="memory.forgotten.v1"
):
    """A memory is to be forgotten: it is never recalled again."""

    id: str
    by: str
    reason: str = ""


MemoryEvent: TypeAlias = MemoryAdded | MemoryEmbedded | MemoryForgotten
