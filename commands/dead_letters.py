"""Decide about dead letters: send their calls again, or close them; whoever asks, it is asked here."""

from uuid import UUID

import msgspec
from msgspec.structs import replace

from commands.handle import handle
from commands.rejudging import refuse_denied
from commands.shell import Shell
from domain import ids
from domain.envelope import Context
from domain.errors import NotFound
from domain.session.commands import DiscardDeadLetter, LetterCommand, ReplayDeadLetter


class LetterDecided(msgspec.Struct, frozen=True, kw_only=True):
    """Name a dead letter about which was decided, with the version of its session and the position of the log then."""

    letter: str
    session: UUID
    version: int
    position: int


async def replay_letter(
    shell: Shell, letter: str, reason: str, context: Context, *, expected_version: int | None = None
) -> LetterDecided:
    """Have a call that was given up sent again on the order of the context's actor, and wake the workers.

    Raises NotFound, NotPossible where the letter is not open, Invalid for a blank reason, Forbidden where the rules in
    force deny the call by now, Stale, Conflict, Unavailable.
    """
    command = ReplayDeadLetter(letter=letter, by=context.actor.id, reason=reason)
    return await _decide(shell, command, context, expected_version)


async def discard_letter(
    shell: Shell, letter: str, reason: str, context: Context, *, expected_version: int | None = None
) -> LetterDecided:
    """Close a dead letter, so that its call is not sent again; raises as ``replay_letter``."""
    command = DiscardDeadLetter(letter=letter, by=context.actor.id, reason=reason)
    return await _decide(shell, command, context, expected_version)


async def _decide(shell: Shell, command: LetterCommand, context: Context, expected: int | None) -> LetterDecided:
    session = session_of(command.letter)
    state = (await shell.load(session)).state
    if state is None or state.tenant != context.tenant:
        shell.forget(session)
        raise _unknown(command.letter)
    if isinstance(command, ReplayDeadLetter):
        await refuse_denied(shell, session, state, command, context)
    acting = replace(context, correlation=state.id)
    loaded = (await handle(shell, session, command, acting, expected_version=expected)).loaded
    return LetterDecided(letter=command.letter, session=session, version=loaded.version, position=loaded.position)


def session_of(letter: str) -> UUID:
    """Return the id of the session that a dead letter belongs to; raise NotFound where the id names none."""
    try:
        return UUID(ids.session_of(letter))
    except ValueError:
        raise _unknown(letter) from None


def _unknown(letter: str) -> NotFound:
    return NotFound(f"Expected a dead letter that exists, but there is none with the id {letter[:100]!r}.")
