"""Recall memories: those closest in meaning within what somebody may know, the best score first."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

import msgspec

from commands.caches import Cache
from commands.memory.embedding import Embeddings, place_of
from commands.ports import Confines, MemoryIndex, StoredMemory
from domain.errors import Invalid, NotPossible
from domain.memory.events import Embedding
from domain.memory.scoring import Score, score, words_of

MOST_RECALLED = 100
KNOWN_TENANTS = 1_000
MOST_ASKED = 1_000


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """Be a memory that was recalled, and why."""

    memory: StoredMemory
    score: Score


class Memories:
    """Know what is remembered, by an index of it and by one embedder."""

    CANDIDATES = 100

    def __init__(self, index: MemoryIndex, embeddings: Embeddings):
        self.index, self.embeddings = index, embeddings
        self._dimensions: Cache[str, int] = Cache(KNOWN_TENANTS)

    async def recall(self, confines: Confines, question: str, now: datetime, most: int = 10) -> list[Recalled]:
        """Return at most ``most`` memories for a question, the best first; raises Invalid, NotPossible, Unavailable."""
        asked = check_question(question)
        (meaning,) = await self.embed(confines.tenant, [asked])
        place, vector = place_of(meaning)
        found = await self.index.nearest(confines, place, vector, max(most, self.CANDIDATES))
        return sorted(_scored(found, words_of(asked), now), key=_best_first)[:most]

    async def embed(self, tenant: str, texts: Sequence[str]) -> list[Embedding]:
        """Return what texts mean, to be held against a tenant's memories; raises NotPossible where they cannot be."""
        await self.index.check()
        found = await self.embeddings.embed(tenant, texts)
        known = self._dimensions.find(tenant) or await self._dimension(tenant)
        if known and known != found[0].dimension:
            raise NotPossible(
                f"Expected embeddings of {known} numbers from {self.embeddings.name}, as this tenant's memories have, "
                f"but got {found[0].dimension}: set REPRISE_EMBEDDER to the model that they are of."
            )
        return found

    async def _dimension(self, tenant: str) -> int:
        """Return the dimension of what this embedder said of a tenant's memories before, 0 where it said nothing."""
        family = self.embeddings.family
        found = [int(each.removeprefix(family)) for each in await self.index.spaces(tenant) if each.startswith(family)]
        return self._dimensions.keep(tenant, found[0]) if found else 0


def _scored(found: Sequence[StoredMemory], asked: Collection[str], now: datetime) -> Iterator[Recalled]:
    for each in found:
        text = told(each.subject, each.text)
        yield Recalled(memory=each, score=score(each.similarity, text, asked, each.created_at, now))


def told(subject: str, text: str) -> str:
    """Return what of a memory is embedded."""
    return f"{subject}: {text}" if subject else text


def check_question(text: str) -> str:
    """Return what is asked for; raise Invalid where it is blank or too long."""
    if not text.strip() or len(text) > MOST_ASKED:
        raise Invalid(f"Expected 1 to {MOST_ASKED} characters to look for, but got {len(text)}.")
    return text


def _best_first(recalled: Recalled) -> tuple[int, float, str]:
    return -recalled.score.score, -recalled.memory.created_at.timestamp(), recalled.memory.id
