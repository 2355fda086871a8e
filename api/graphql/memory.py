"""Find what is remembered, and what happened in one session."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry
from strawberry import field

from api.graphql.context import Info
from api.graphql.pages import After, First, bounded
from api.positions import Text, Time, cursor, keys_of
from commands.memory.memories import MOST_RECALLED
from commands.memory.overview import overview
from commands.ports import Confines, StoredMemory
from domain.errors import Invalid
from domain.memory.events import KINDS
from domain.memory.scoring import Score
from queries.episodes import find_episodes

Search: TypeAlias = Annotated[
    str | None, strawberry.argument(description="What is looked for, the best first; all, the newest first.")
]

Asked: TypeAlias = Annotated[str, strawberry.argument(description="The words that are looked for.")]


@strawberry.input(description="Which memories; what is left out does not matter.")
class MemoryFilter:
    kind: str | None = field(default=None, description=f"Those of this kind: {', '.join(KINDS)}.")
    session: str | None = field(default=None, description="Those from this session.")
    subject: str | None = field(default=None, description="Those about this.")
    source: str | None = field(default=None, description="Those from this source, such as tool:NAME.")
    trusted: bool | None = field(default=None, description="Those that nobody else can have written, or the others.")
    private: bool | None = field(default=None, description="Those that are not for others' eyes, or the others.")
    own: bool = field(default=False, description="Not those of the whole tenant.")


Filter: TypeAlias = Annotated[MemoryFilter | None, strawberry.argument(description="Which ones; all without it.")]


@strawberry.type(description="Something that is remembered, with the label of where it came from.")
class Memory:
    id: strawberry.ID = field(description="Its id.")
    kind: str = field(description=f"{', '.join(KINDS)}.")
    text: str = field(description="What is remembered, without personal values.")
    subject: str = field(description="What it is about, or nothing.")
    user_id: str = field(description="Whose it is; nothing where the whole tenant may know it.")
    sources: list[str] = field(description="Where it came from.")
    trusted: bool = field(description="Whether nobody else can have written it.")
    private: bool = field(description="Whether it is not for others' eyes.")
    session_id: str = field(description="The session that it is from, or nothing.")
    step: int = field(description="The step that it is from, 0 for none.")
    created_at: datetime = field(description="When it was written down.")
    score: int | None = field(description="How well it fits, in thousandths; null where nothing was looked for.")
    cursor: str | None = field(description="Where it stands among the newest, for `after`; null for a search.")


@strawberry.type(description="Counts how often a cache of the answering process held what was needed.")
class CacheCount:
    name: str = field(description="What it keeps.")
    hits: int = field(description="How often it was there.")
    misses: int = field(description="How often it was not.")
    entries: int = field(description="How much is kept now.")
    most: int = field(description="How much is kept at most.")


@strawberry.type(description="Counts the memories whose meaning is known in the space of one embedder.")
class MemorySpace:
    name: str = field(description="Embedder, revision and dimension.")
    vectors: int = field(description="How many memories.")
    searched: bool = field(description="Whether the configured embedder searches here.")


@strawberry.type(description="How the tenant's memory stands.")
class MemoryOverview:
    memories: int = field(description="How many there are, whosever they are.")
    embedder: str = field(description="The configured embedder.")
    spaces: list[MemorySpace] = field(description="In which spaces they are known.")
    caches: list[CacheCount] = field(description="What the answering process keeps, and how often that was of use.")


@strawberry.type(description="What happened in a session, as it was found by words: tools and models may have said it.")
class Episode:
    version: int = field(description="Its number in its session, from 1.")
    at: datetime = field(description="When it happened.")
    type: str = field(description="Its topic, `<aggregate>.<type>.v<n>`.")
    title: str = field(description="What happened, in a line.")
    detail: str = field(description="What else there is to say, empty for nothing.")
    step: int = field(description="The step that it is about, 0 for none.")


async def memory(
    info: Info, search: Search = None, filter: Filter = None, first: First = 10, after: After = None
) -> list[Memory]:
    """Return what the caller may know, his own and the tenant's; raise Invalid, NotPossible, Unavailable, WrongLog."""
    shell, confines, most = info.context.services.shell, _confines(info, filter or MemoryFilter()), bounded(first)
    log_id = info.context.log_id
    if search is None:
        before = keys_of(after, log_id, tuple[Time, Text]) if after is not None else None
        return [_shown(each, log_id) for each in await shell.memory.index.newest(confines, before, most)]
    if after is not None:
        raise Invalid("Expected no `after` with a search: its answer is one page, the best first.")
    found = await shell.memory.recall(confines, search, shell.clock.now(), min(most, MOST_RECALLED))
    return [_shown(each.memory, log_id, each.score) for each in found]


async def memory_overview(info: Info) -> Any:
    """Say how the tenant's memory stands; raise Unavailable."""
    return await overview(info.context.services.shell, info.context.tenant)


async def episodes(root: strawberry.Parent[Any], info: Info, search: Asked, first: First = 10) -> Any:
    """Return what happened in a session that shares words with a text, the best first; raise Invalid."""
    return await find_episodes(info.context.services.reads, info.context.tenant, str(root.id), search, bounded(first))


def _confines(info: Info, asked: MemoryFilter) -> Confines:
    kinds = [kind for kind in KINDS if kind == asked.kind]
    if asked.kind and not kinds:
        raise Invalid(f"Expected a kind out of {', '.join(KINDS)}, but got {asked.kind[:100]!r}.")
    return Confines(
        tenant=info.context.tenant,
        user=info.context.principal.actor,
        kinds=kinds,
        subject=asked.subject or "",
        session=asked.session or "",
        source=asked.source or "",
        trusted=asked.trusted,
        private=asked.private,
        own=asked.own,
    )


def _shown(memory: StoredMemory, log_id: str, score: Score | None = None) -> Any:
    return Memory(
        id=strawberry.ID(memory.id),
        kind=memory.kind,
        text=memory.text,
        subject=memory.subject,
        user_id=memory.user_id,
        sources=list(memory.sources),
        trusted=memory.trusted,
        private=memory.private,
        session_id=memory.session_id,
        step=memory.step,
        created_at=memory.created_at,
        score=score.score if score else None,
        cursor=None if score else cursor(log_id, memory.created_at.isoformat(), memory.id),
    )
