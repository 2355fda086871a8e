"""Play the replies that another session recorded: the same question has the same reply, and costs nothing.

``tape:SESSION`` plays a reply where the very same prompt was asked, found by its digest. Where the prompt is another
than the one on the tape, a reply would answer something else, so it fails and says so; ``tape:SESSION:by-call`` plays
what the same call was answered all the same, and the event says that the prompts differ.
"""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from commands.caches import Cache
from commands.ports import EventStore, LogNotification, ModelFault, Question, Reply
from domain.errors import Invalid, RepriseError, Unavailable
from domain.session.asking import Asked
from domain.session.events import ModelFailed, ModelReplied
from domain.upcasting import Unknown, read_session

BY_CALL = "by-call"
MOST_TAPES = 16


class Tape(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a session recorded of its questions."""

    replies: tuple[ModelReplied, ...]
    failures: tuple[ModelFailed, ...]

    def same_prompt(self, digest: str, call: str, attempt: int) -> ModelReplied | None:
        """Find the reply to a prompt; of several, that of the same question."""
        found = [each for each in self.replies if each.prompt_digest == digest]
        return next(
            (each for each in found if (each.call, each.attempt) == (call, attempt)), found[0] if found else None
        )

    def reply(self, call: str, attempt: int) -> ModelReplied | None:
        """Find the reply to an attempt of a call."""
        return next((each for each in self.replies if (each.call, each.attempt) == (call, attempt)), None)

    def failure(self, call: str, attempt: int) -> ModelFailed | None:
        """Find why an attempt of a call failed."""
        return next((each for each in self.failures if (each.call, each.attempt) == (call, attempt)), None)

    def goes_on(self, call: str, attempt: int) -> bool:
        """Tell whether a later attempt of a call was answered."""
        return any(each.call == call and each.attempt > attempt for each in self.replies)


class TapePlayer:
    """Play the tapes of sessions; those that ended are kept, a bounded number."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._tapes: Cache[tuple[str, UUID], Tape] = Cache(MOST_TAPES)

    async def ask(self, question: Question) -> Reply:
        """Play the reply to a question; raises ModelFault where the tape has none."""
        session, by_call = tape_of(question.model)
        try:
            tape = await self._tape(question.tenant, session)
            found = self._found(tape, question, by_call)
            return await self._played(question, session, found)
        except RepriseError as fault:
            raise ModelFault(str(fault), retryable=isinstance(fault, Unavailable)) from fault

    def _found(self, tape: Tape, question: Question, by_call: bool) -> ModelReplied:
        """Return the recorded reply; raises ModelFault."""
        call, attempt, digest = question.call, question.attempt, question.prompt.digest()
        if same := tape.same_prompt(digest, call, attempt):
            return same
        if other := tape.reply(call, attempt):
            if by_call:
                return other
            raise ModelFault(
                f"The tape answers attempt {attempt} of {call} to another prompt: it recorded {other.prompt_digest}, "
                f"and this one is {digest}. `reprise prompts show` shows both; {question.model}:{BY_CALL} plays the "
                "reply all the same.",
                retryable=False,
            )
        if failed := tape.failure(call, attempt):
            raise ModelFault(f"As the tape recorded: {failed.reason}", retryable=failed.retryable)
        raise ModelFault(
            f"The tape has no answer to attempt {attempt} of {call}: it runs out here.",
            retryable=tape.goes_on(call, attempt),
        )

    async def _played(self, question: Question, session: UUID, found: ModelReplied) -> Reply:
        reply, same = found.reply, found.prompt_digest == question.prompt.digest()
        text = reply.text if reply.whole else (await self._store.get_blob(question.tenant, reply.blob)).decode()
        note = f"attempt {found.attempt} of {found.call} in {session}, {'the same' if same else 'another'} prompt"
        return Reply(
            text=text, tokens_in=found.tokens_in, tokens_out=found.tokens_out, latency_ms=0, asked=Asked(played=note)
        )

    async def _tape(self, tenant: str, session: UUID) -> Tape:
        """Return a session's tape; raises ModelFault where there is none."""
        kept = self._tapes.find((tenant, session))
        if kept:
            return kept
        rows = [row for row in await self._store.read_stream(session) if row.tenant == tenant]
        if not rows:
            raise ModelFault(f"Expected a session to play, but there is none with the id {session}.", retryable=False)
        tape = _recorded(rows)
        return self._tapes.keep((tenant, session), tape) if rows[-1].topic in _LAST else tape


_LAST = ("session.completed.v1", "session.failed.v1", "session.cancelled.v1")


def tape_of(model: str) -> tuple[UUID, bool]:
    """Read ``tape:SESSION`` or ``tape:SESSION:by-call``; raises Invalid."""
    _, _, rest = model.partition(":")
    session, _, manner = rest.partition(":")
    try:
        if manner in ("", BY_CALL):
            return UUID(session), manner == BY_CALL
    except ValueError:
        pass  # the same error says what was expected
    raise Invalid(f"Expected tape:SESSION or tape:SESSION:{BY_CALL}, with a session's id; got {model!r}.")


def _recorded(rows: Iterable[LogNotification]) -> Tape:
    events = [read_session(row.topic, row.state) for row in rows if row.topic.startswith("session.model-")]
    facts = [event.data for event in events if not isinstance(event, Unknown)]
    return Tape(
        replies=tuple(fact for fact in facts if isinstance(fact, ModelReplied)),
        failures=tuple(fact for fact in facts if isinstance(fact, ModelFailed)),
    )
