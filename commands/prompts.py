"""Show what models were asked: each prompt derived again from the log, byte for byte, for it is never stored."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

import msgspec

from commands.ports import EventStore
from commands.replaying import pinned_snapshots, read_rows
from domain.catalog.state import Snapshot
from domain.errors import NotFound
from domain.prompting.fitting import size_of
from domain.replay import Row
from domain.session.derived import asked
from domain.session.events import Fact, ModelReplied, Purpose, SessionEvent, Strategy
from domain.session.evolve import evolve
from domain.session.prompt import Message, Prompt
from domain.session.state import ModelCall, Session
from domain.upcasting import Unknown, read_session


class PromptShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show one prompt; ``version`` is the event after which it was due.

    ``digest`` is of the bytes derived now, ``recorded`` the one that the reply's event names, "" where none came. Where
    both are there and differ, the program no longer derives what was asked. ``strategy`` is how earlier results are
    shown; ``tokens`` is an estimate, ``counted`` what the model counted, 0 where it did not say.
    """

    call: str
    attempt: int
    purpose: Purpose
    agent: str
    recipe: str
    version: int
    bytes: int
    strategy: Strategy
    tokens: int
    counted: int
    digest: str
    recorded: str
    messages: tuple[Message, ...]


async def prompts_of(store: EventStore, session: UUID, step: int) -> tuple[PromptShown, ...]:
    """Return the prompts of a step in their order, of the plan and the answer for step 0; raise NotFound."""
    rows = await read_rows(store, session)
    snapshots = await pinned_snapshots(store, rows)
    if not snapshots or snapshots[0][1] is None:
        raise NotFound("The catalogue that this session pinned is not stored: its prompts cannot be derived.")
    catalogs = {key: held for key, held in snapshots if held}
    shown = await asyncio.to_thread(_derive, rows, catalogs, step)
    if not shown:
        raise NotFound(f"Expected a step that a model was asked about, but there is none with the number {step}.")
    return shown


def _derive(rows: Sequence[Row], catalogs: Mapping[str, Snapshot], step: int) -> tuple[PromptShown, ...]:
    state: Session | None = None
    due: list[tuple[int, SessionEvent]] = []
    found: list[PromptShown] = []
    replies: dict[tuple[str, int], ModelReplied] = {}
    for row in rows:
        event = read_session(row.topic, row.state)
        if isinstance(event, Unknown):
            continue
        if isinstance(event.data, Fact):
            found += _built(due, state, catalogs, step)
            due = []
        if isinstance(event.data, ModelReplied):
            replies[event.data.call, event.data.attempt] = event.data
        state = evolve(state, event.data, event.at)
        due.append((row.version, event.data))
    found += _built(due, state, catalogs, step)
    # A claim may have chosen to show less than what was due: what it says is what is asked.
    last = {(each.call, each.attempt): each for each in found}
    return tuple(_answered(each, replies.get(key)) for key, each in last.items())


def _answered(shown: PromptShown, reply: ModelReplied | None) -> PromptShown:
    if reply is None:
        return shown
    return msgspec.structs.replace(shown, recorded=reply.prompt_digest, counted=reply.tokens_in)


def _built(
    due: Sequence[tuple[int, SessionEvent]], state: Session | None, catalogs: Mapping[str, Snapshot], step: int
) -> list[PromptShown]:
    """Build what a group of events asks, from the state behind it."""
    built = [(version, asked(data, state, catalogs)) for version, data in due]
    return [_shown(version, *each) for version, each in built if each and each[0].step == step]


def _shown(version: int, model: ModelCall, prompt: Prompt) -> PromptShown:
    return PromptShown(
        call=model.id,
        attempt=model.attempt,
        purpose=model.purpose,
        agent=model.agent,
        recipe=model.recipe,
        version=version,
        bytes=sum(len(message.text.encode()) for message in prompt.messages),
        strategy=model.strategy,
        tokens=size_of(prompt),
        counted=0,
        digest=prompt.digest(),
        recorded="",
        messages=prompt.messages,
    )
