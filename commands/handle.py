"""Load, admit, decide, append: how every command and every observation becomes events.

A command may be refused and gives up after a few conflicts; an observation is recorded until it is stored.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from msgspec.structs import replace

from commands.current import about
from commands.immediate import FactOf, conclude
from commands.memory.keeping import kept_of
from commands.ports import Appended, LogEvent, RecordedCommand
from commands.shell import Loaded, Shell, advance, to_log
from domain.content import Content, content
from domain.envelope import Actor, Context
from domain.errors import CommandReused, Conflict, NotPossible, Refused, Stale, Unavailable
from domain.session.admit import admit
from domain.session.commands import SessionCommand
from domain.session.events import GoalSubmitted, SessionFact
from domain.session.outstanding import outstanding
from domain.session.state import Session

COMMAND_TRIES = 8
RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Draft:
    """Hold an observation and what other streams record of it in the same append.

    So is what is to ``follow``, if the state that the observation leads to still wants it.
    """

    fact: SessionFact
    beside: Sequence[LogEvent] = ()
    follow: FactOf | None = None


Drafting: TypeAlias = Callable[[Session | None, Context], Awaitable[Draft | None]]
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Handled:
    """Say what a command left behind; ``repeated`` when an earlier request with this id had done it already."""

    loaded: Loaded
    repeated: bool = False


async def handle(
    shell: Shell,
    session: UUID,
    command: SessionCommand,
    context: Context,
    *,
    expected_version: int | None = None,
) -> Handled:
    """Carry out a command; raises Refused, Conflict after several tries, or Unavailable."""
    context = replace(context, request_digest=await shell.redactor.keyed(context.request_digest))
    with about(session):
        return await _handle(shell, session, command, context, expected_version)


async def _handle(
    shell: Shell, session: UUID, command: SessionCommand, context: Context, expected_version: int | None
) -> Handled:
    earlier = await repeated(shell, context)
    if earlier:
        return await _as_it_was(shell, earlier)
    for _ in range(COMMAND_TRIES):
        try:
            return await _try(shell, session, command, context, expected_version)
        except (Conflict, Refused) as fault:
            # The same request may have been carried out since it was looked for: then it was not refused but done.
            shell.forget(session)
            earlier = await repeated(shell, context)
            if earlier:
                return await _as_it_was(shell, earlier)
            if isinstance(fault, Refused):
                raise
    raise Conflict(f"Others wrote to session {session} {COMMAND_TRIES} times in between: try again.")


async def _as_it_was(shell: Shell, earlier: RecordedCommand) -> Handled:
    """Answer as the first time: the session as the command's own append left it."""
    rows = await shell.store.read_stream(earlier.stream)
    return Handled(loaded=advance(Loaded(), [row for row in rows if row.id <= earlier.position]), repeated=True)


async def repeated(shell: Shell, context: Context) -> RecordedCommand | None:
    """Return where this very command was recorded before; raise CommandReused for another request."""
    earlier = await shell.store.find_command(context.tenant, context.command_id)
    if earlier is None:
        return None
    if earlier.request_digest != context.request_digest:
        raise CommandReused(
            "Expected a new idempotency key, but this one was used for another request: "
            "send the first request again, or take a new key."
        )
    return earlier


async def _try(shell: Shell, session: UUID, command: SessionCommand, context: Context, expected: int | None) -> Handled:
    async with shell.mailbox(session):
        loaded = await shell.load(session)
        if expected is not None and expected != loaded.version:
            raise Stale(
                f"Expected version {expected}, but the session is at {loaded.version}: read it again, then decide."
            )
        fact = admit(loaded.state, command, context.at)
        lane = fact.lane if isinstance(fact, GoalSubmitted) else loaded.state.lane if loaded.state else context.lane
        after = await _append(shell, session, loaded, fact, replace(context, lane=lane))
    if outstanding(after.state) and after.state:
        await shell.wakeups.wake(session, after.state.lane)
    return Handled(loaded=after)


async def _append(
    shell: Shell,
    session: UUID,
    loaded: Loaded,
    fact: SessionFact,
    context: Context,
    *,
    claim: bool = False,
    beside: Sequence[LogEvent] = (),
    follow: FactOf | None = None,
) -> Loaded:
    events, state = await conclude(shell, loaded.state, fact, context, claim=claim, follow=follow)
    began = time.perf_counter()
    kept = await kept_of(shell, state, events)
    position = await shell.store.append([*beside, *kept, *to_log(session, loaded.version, events)])
    seconds = time.perf_counter() - began
    version = loaded.version + len(events)
    after = Loaded(version=version, position=position, state=state, event=UUID(events[-1].id))
    shell.remember(session, after)
    shell.tell(Appended(session=session, after=loaded.version, events=events, seconds=seconds))
    return after


async def observe(shell: Shell, session: UUID, fact_of: FactOf, follow: FactOf | None = None) -> Loaded | None:
    """Record an observation, again and again until it is stored; None where ``fact_of`` found nothing to record.

    ``fact_of`` is asked anew about the newest state after every conflict: a claim is made only while it is owed.
    """

    async def draft(state: Session | None, _: Context) -> Draft | None:
        fact = fact_of(state)
        return Draft(fact=fact, follow=follow) if fact else None

    return await observe_with(shell, session, draft)


async def observe_with(shell: Shell, session: UUID, draft: Drafting) -> Loaded | None:
    """Record an observation like ``observe``, together with what other streams record of it, all or nothing."""
    command_id, again = shell.chance.command_id(), False
    while True:
        try:
            async with shell.mailbox(session):
                return await _observe_once(shell, session, draft, command_id, again=again)
        except Conflict:
            again = True
        except Unavailable as fault:
            again = True
            await wait_for_log(shell, fault)


async def _observe_once(shell: Shell, session: UUID, draft: Drafting, command_id: str, *, again: bool) -> Loaded | None:
    if again:
        shell.forget(session)
    loaded = await shell.load(session, fresh=again)
    if again and await _was_stored(shell, loaded, command_id):
        shell.tell(Appended(session=session, after=loaded.version, events=(), seconds=0.0))
        return loaded
    context = _observed(shell, loaded, command_id)
    try:
        drafted = await draft(loaded.state, context)
    except NotPossible as fault:
        if again:
            raise
        raise Conflict(f"what is known of {session} may be old: {fault}") from fault
    if drafted is None:
        return None
    beside, follow = drafted.beside, drafted.follow
    return await _append(shell, session, loaded, drafted.fact, context, claim=True, beside=beside, follow=follow)


async def keep(shell: Shell, tenant: str, data: bytes) -> Content:
    """Hold what came from outside: a text whole, until it crosses; what is none as a blob, tried until it is stored."""
    held = content(data, len(data))
    while not held.whole:
        try:
            await shell.store.put_blobs(tenant, [data])
            break
        except Unavailable as fault:
            await wait_for_log(shell, fault)
    return held


async def wait_for_log(shell: Shell, fault: Unavailable) -> None:
    """Wait before another try to record what has happened already and must not be lost."""
    logger.warning("the log cannot be reached, an observation waits: %s", fault)
    await shell.clock.sleep(RETRY_SECONDS)


async def _was_stored(shell: Shell, loaded: Loaded, command_id: str) -> bool:
    """Tell whether an append whose answer was lost had been stored after all."""
    tenant = loaded.state.tenant if loaded.state else "local"
    return await shell.store.find_command(tenant, command_id) is not None


def _observed(shell: Shell, loaded: Loaded, command_id: str) -> Context:
    assert loaded.state is not None, "only an existing session owes what is observed"
    return Context(
        command_id=command_id,
        actor=Actor(kind="service", id=shell.worker),
        at=shell.clock.now(),
        correlation=loaded.state.id,
        tenant=loaded.state.tenant,
        lane=loaded.state.lane,
    )
