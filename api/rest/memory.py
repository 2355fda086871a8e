"""Recall what people and sessions said beyond one session, and say how the memory stands."""

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from api.answers import Output, answer, view
from api.positions import Text, Time, keys_of
from api.positions import cursor as cursor_to
from api.reads import Cursor, Limit, Read, Reading
from api.services import Given, Services
from commands.memory.memories import MOST_ASKED, MOST_RECALLED
from commands.memory.overview import Overview, overview
from commands.ports import Confines, StoredMemory
from domain.errors import Invalid
from domain.memory.events import MemoryKind
from domain.memory.scoring import Score
from queries.episodes import find_episodes

Question: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="q", max_length=MOST_ASKED, description="What is looked for, the best first; all, the newest first."
    ),
]
OfKind: TypeAlias = Annotated[MemoryKind | None, QueryParameter(name="kind", description="Only of this kind.")]
OfSession: TypeAlias = Annotated[str | None, QueryParameter(name="session", description="Only from this session.")]
About: TypeAlias = Annotated[str | None, QueryParameter(name="subject", description="Only about this.")]
FromSource: TypeAlias = Annotated[
    str | None, QueryParameter(name="source", description="Only from this source, such as `tool:NAME`.")
]
Trusted: TypeAlias = Annotated[
    bool | None, QueryParameter(name="trusted", description="Only what nobody else can have written, or only the rest.")
]
Private: TypeAlias = Annotated[
    bool | None, QueryParameter(name="private", description="Only what is not for others' eyes, or only the rest.")
]
Own: TypeAlias = Annotated[bool, QueryParameter(name="own", description="Not what the whole tenant remembers.")]


class LabelShown(Output, frozen=True, kw_only=True):
    """Show where a memory came from, whether others may have written it, and whether it is for others' eyes."""

    sources: tuple[str, ...]
    trusted: bool
    private: bool


class ScoreShown(Output, frozen=True, kw_only=True):
    """Show a score and what it is made of, each in thousandths."""

    score: int
    similarity: int
    relevance: int
    recency: int


class MemoryShown(Output, frozen=True, kw_only=True):
    """Show a memory; without a ``user`` it is the whole tenant's, without a score nothing was looked for."""

    id: str
    kind: str
    text: str
    subject: str
    user: str
    label: LabelShown
    session: str
    step: int
    created_at: datetime
    score: ScoreShown | None


class EpisodeShown(Output, frozen=True, kw_only=True):
    """Show what happened in the session that was asked about; it may hold what tools and models said."""

    version: int
    at: datetime
    type: str
    title: str
    detail: str
    step: int


class MemoryList(Output, frozen=True, kw_only=True):
    """List memories; ``next`` is the cursor of the following page, null at the end and for a search.

    ``episodes`` are what happened in the session that a question names, by the question's words.
    """

    memories: tuple[MemoryShown, ...]
    next: str | None
    episodes: tuple[EpisodeShown, ...] = ()


class CacheShown(Output, frozen=True, kw_only=True):
    """Count how often a cache of the answering process held what was needed, and how often not."""

    name: str
    hits: int
    misses: int
    entries: int
    most: int


class SpaceShown(Output, frozen=True, kw_only=True):
    """Count the memories whose meaning is known in a space; searched is that of the configured embedder."""

    name: str
    vectors: int
    searched: bool


class MemoryOverview(Output, frozen=True, kw_only=True):
    """Say how many memories the tenant has, whosever they are, in which spaces, and what the answering process keeps.

    Memories that have no vector in the space that is searched are found once `reprise memory embed` was run.
    """

    memories: int
    embedder: str
    spaces: tuple[SpaceShown, ...]
    caches: tuple[CacheShown, ...]


@get("/memory", tags=["memory"])
async def show(services: Given, read: Reading) -> Response[MemoryOverview]:
    """Say how the tenant's memory stands, and how often embeddings and rendered templates were known already."""
    await read.wait()
    return answer(_overview(await overview(services.shell, read.tenant)))


def _overview(found: Overview) -> MemoryOverview:
    spaces = tuple(view(SpaceShown, each) for each in found.spaces)
    caches = tuple(view(CacheShown, each) for each in found.caches)
    return view(MemoryOverview, found, spaces=spaces, caches=caches)


@get("/memory/search", tags=["memory"])
async def search(
    services: Given,
    read: Reading,
    q: Question = None,
    kind: OfKind = None,
    session: OfSession = None,
    subject: About = None,
    source: FromSource = None,
    trusted: Trusted = None,
    private: Private = None,
    own: Own = False,
    cursor: Cursor = None,
    limit: Limit = 10,
) -> Response[MemoryList]:
    """Find what the caller may know, his own and the tenant's: the best for a question, or all, the newest first."""
    await read.wait()
    confines = Confines(
        tenant=read.tenant,
        user=read.principal.actor,
        kinds=(kind,) if kind else (),
        subject=subject or "",
        session=session or "",
        source=source or "",
        trusted=trusted,
        private=private,
        own=own,
    )
    if q is None:
        return answer(await _newest(services, read, confines, cursor, limit))
    if cursor is not None:
        raise Invalid("Expected no cursor with a question: its answer is one page, the best first.")
    found = await services.shell.memory.recall(confines, q, services.shell.clock.now(), min(limit, MOST_RECALLED))
    shown = tuple(_shown(each.memory, each.score) for each in found)
    episodes = await _episodes(services, read, session, q, limit) if session and kind in (None, "episodic") else ()
    return answer(MemoryList(memories=shown, next=None, episodes=episodes))


async def _episodes(services: Services, read: Read, session: str, q: str, limit: int) -> tuple[EpisodeShown, ...]:
    found = await find_episodes(services.reads, read.tenant, session, q, limit)
    return tuple(view(EpisodeShown, each) for each in found)


async def _newest(services: Services, read: Read, confines: Confines, cursor: str | None, limit: int) -> MemoryList:
    before = keys_of(cursor, read.log_id, tuple[Time, Text]) if cursor is not None else None
    found = await services.shell.memory.index.newest(confines, before, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    next_ = cursor_to(read.log_id, last.created_at.isoformat(), last.id) if last else None
    return MemoryList(memories=tuple(_shown(each) for each in found[:limit]), next=next_)


def _shown(memory: StoredMemory, score: Score | None = None) -> MemoryShown:
    return MemoryShown(
        id=memory.id,
        kind=memory.kind,
        text=memory.text,
        subject=memory.subject,
        user=memory.user_id,
        label=LabelShown(sources=tuple(memory.sources), trusted=memory.trusted, private=memory.private),
        session=memory.session_id,
        step=memory.step,
        created_at=memory.created_at,
        score=ScoreShown(**msgspec.structs.asdict(score)) if score else None,
    )
