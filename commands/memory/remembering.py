"""Write memories down and forget them; each is redacted, embedded and appended at once, or not at all."""

import logging
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from commands.catalogue import Catalogue
from commands.catalogue.appending import fact_of
from commands.memory.embedding import place_of
from commands.memory.memories import Memories
from commands.memory.writing import memory_stream, written_down
from commands.ports import LogNotification
from commands.shell import Shell
from domain.envelope import Context
from domain.errors import Forbidden, Invalid, NotFound, Refused
from domain.ids import derive
from domain.labels import human
from domain.memory.events import Embedding, MemoryAdded, MemoryEmbedded, MemoryEvent, MemoryForgotten, MemoryKind

MOST_REASON = 1_000

logger = logging.getLogger(__name__)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """Say which memory was written, and where."""

    id: str
    version: int
    position: int


class ToRemember(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a text to be remembered; ``shared`` is for the whole tenant and not only for who writes it."""

    text: str
    kind: MemoryKind = "semantic"
    subject: str = ""
    trusted: bool = True
    private: bool = False
    shared: bool = False
    session: str = ""
    step: int = 0


async def remember(catalogue: Catalogue, shell: Shell, asked: ToRemember, context: Context) -> Written:
    """Remember what a person says; raises Invalid, NotPossible without pgvector, Unavailable."""
    user = context.actor.on_behalf_of or context.actor.id
    label = replace(human(user), trusted=asked.trusted, private=asked.private)
    added = MemoryAdded(
        id=derive(context.tenant, context.command_id, "memory"),
        kind=asked.kind,
        text=asked.text,
        label=label,
        user="" if asked.shared else user,
        subject=asked.subject,
        session=asked.session,
        step=asked.step,
    )
    events = await written_down(shell, context.tenant, added)
    context = replace(context, request_digest=await shell.redactor.keyed(context.request_digest))
    written = await catalogue.record(memory_stream(context.tenant, added.id), context, events)
    return Written(id=added.id, version=written.version, position=written.position)


async def forget(
    catalogue: Catalogue, shell: Shell, memory: str, reason: str, context: Context, *, administers: bool
) -> Written:
    """Forget a memory of one's own, or whoever ``administers`` any of the tenant's; raises NotFound, Forbidden."""
    if len(reason) > MOST_REASON:
        raise Invalid(f"Expected a reason of at most {MOST_REASON} characters, but it has {len(reason)}.")
    user = context.actor.on_behalf_of or context.actor.id
    forgotten = MemoryForgotten(id=memory, by=user, reason=shell.redactor.blanked(reason))

    def decide(rows: Sequence[LogNotification]) -> Sequence[MemoryEvent]:
        facts = [fact_of(row) for row in rows]
        added = next((fact for fact in facts if isinstance(fact, MemoryAdded)), None)
        gone = any(isinstance(fact, MemoryForgotten) for fact in facts)
        if added is None or gone or (added.user not in ("", user) and not administers):
            raise NotFound(f"Expected a memory that exists, but there is none with the id {memory[:100]!r}.")
        if added.user != user and not administers:
            raise Forbidden("Expected the role admin to forget what the whole tenant remembers.")
        return [forgotten]

    written = await catalogue.append(memory_stream(context.tenant, memory), context, decide)
    return Written(id=memory, version=written.version, position=written.position)


async def embed_missing(catalogue: Catalogue, shell: Shell, context: Context, *, portion: int = 64) -> int:
    """Say what those memories of a tenant mean that this embedder has not said it of; return how many.

    One that it refuses is left out; raises Unavailable, and NotPossible where it is of another dimension than before.
    """
    memory, done, after = shell.memory, 0, ""
    (any_,) = await memory.embed(context.tenant, ["anything"])
    place, _ = place_of(any_)
    while missing := await memory.index.unembedded(context.tenant, place, after, portion):
        after = missing[-1][0]
        meanings = await _meanings(memory, context.tenant, [text for _, text in missing])
        for (id_, _), meaning in zip(missing, meanings, strict=True):
            if meaning is None:
                logger.warning("memory %s is not found by its meaning: %s refuses it", id_, memory.embeddings.name)
                continue
            done += await _embedded(catalogue, id_, MemoryEmbedded(id=id_, embedding=meaning), context)
    return done


async def _meanings(memory: Memories, tenant: str, texts: Sequence[str]) -> Sequence[Embedding | None]:
    """Return what texts mean, each alone where together they are refused; None for those that are."""
    try:
        return await memory.embed(tenant, texts)
    except Refused:
        if len(texts) == 1:
            return [None]
        return [each for text in texts for each in await _meanings(memory, tenant, [text])]


async def _embedded(catalogue: Catalogue, memory: str, embedded: MemoryEmbedded, context: Context) -> bool:
    """Record what a memory means, unless it was forgotten in between."""

    def decide(rows: Sequence[LogNotification]) -> Sequence[MemoryEvent]:
        if not rows or isinstance(fact_of(rows[-1]), MemoryForgotten):
            raise NotFound(f"Expected a memory that exists, but {memory} was forgotten.")
        return [embedded]

    own = replace(context, command_id=derive(context.command_id, memory), request_digest="")
    try:
        await catalogue.append(memory_stream(context.tenant, memory), own, decide)
    except NotFound:
        return False
    return True
