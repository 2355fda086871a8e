"""A tape plays what a session recorded, to the same prompts alone, and says where it runs out."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from adapters.http.dialer import HttpDialer
from adapters.models.models import ModelRouter
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import ModelFault, Question, Reply
from commands.shell import Shell
from domain.content import REPLY_BYTES
from domain.errors import Invalid
from domain.session.events import ModelFailed, ModelReplied
from domain.session.prompt import Prompt
from domain.session.state import Ended
from tests.commands.parts import QUICK, Model, Shop, Time, context, events, shell_of

LONG = "x" * (REPLY_BYTES + 100)


class Troubled(Model):
    """Break down on the first question, and state a long result in the last step."""

    async def ask(self, question: Question) -> Reply:
        if not self.asked:
            self.asked.append("")
            raise ModelFault("overloaded", retryable=True, retry_after_ms=1)
        reply = await super().ask(question)
        return replace(reply, text=reply.text + LONG) if "purpose=answer" in self.asked[-1] else reply


async def ran(shell: Shell, goal: str, model: str) -> UUID:
    wanted = Goal(text=goal, model=model, limits=QUICK)
    session, _ = await orchestrate(shell, Catalogue(shell), wanted, context())
    await drive(shell, session)
    return session


@pytest.fixture
async def playing(store: PostgresEventStore) -> AsyncIterator[Shell]:
    """Yield a process that can ask no model but tapes."""
    shell = shell_of(store, Shop(), Model(), Time())
    async with HttpDialer() as dialer:
        shell.models = ModelRouter(dialer, tapes=store)
        yield shell


async def ended(shell: Shell, session: UUID) -> Ended:
    state = (await shell.load(session)).state
    assert state is not None and isinstance(state.stage, Ended)
    return state.stage


async def test_the_same_goal_has_the_same_replies_and_the_same_failures(
    store: PostgresEventStore, playing: Shell
) -> None:
    recorded = await ran(shell_of(store, Shop(), Troubled(steps=2), Time()), "Look", "scripted:x")
    again = await ran(playing, "Look", f"tape:{recorded}")
    first, second = [await events(store, each, ModelReplied) for each in (recorded, again)]
    assert [each.reply for each in first] == [each.reply for each in second] and len(first) > 5
    assert [each.prompt_digest for each in first] == [each.prompt_digest for each in second]
    assert not first[-1].reply.whole  # kept as a blob, and played whole
    assert all(each.asked.played.endswith(f"in {recorded}, the same prompt") for each in second)
    (failure,) = await events(store, again, ModelFailed)
    assert failure.reason == "As the tape recorded: overloaded" and failure.retryable


async def test_another_prompt_is_not_answered_unless_that_is_wanted(store: PostgresEventStore, playing: Shell) -> None:
    recorded = await ran(shell_of(store, Shop(), Model(), Time()), "Look", "scripted:x")
    strict = await ran(playing, "Look twice", f"tape:{recorded}")
    assert (await ended(playing, strict)).status == "failed"
    (failure,) = await events(store, strict, ModelFailed)
    assert f"to another prompt: it recorded {(await events(store, recorded, ModelReplied))[0].prompt_digest}" in (
        failure.reason
    )
    loose = await ran(playing, "Look twice", f"tape:{recorded}:by-call")
    assert (await ended(playing, loose)).status == "completed"
    assert all(each.asked.played.endswith("another prompt") for each in await events(store, loose, ModelReplied))


async def test_a_tape_says_where_it_runs_out(store: PostgresEventStore, playing: Shell) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    short, _ = await orchestrate(shell, Catalogue(shell), Goal(text="Look", model="scripted:x"), context())
    again = await ran(playing, "Look", f"tape:{short}")
    assert "The tape has no answer to attempt 1 of" in (await events(store, again, ModelFailed))[0].reason


async def test_nobody_plays_what_is_not_theirs_or_not_there(store: PostgresEventStore, playing: Shell) -> None:
    recorded = await ran(shell_of(store, Shop(), Model(), Time()), "Look", "scripted:x")
    for tenant, session in (("other", recorded), ("local", uuid4())):
        with pytest.raises(ModelFault, match="there is none with the id") as fault:
            question = Question(model=f"tape:{session}", prompt=Prompt(messages=()), timeout_ms=1, tenant=tenant)
            await playing.models.ask(question)
        assert not fault.value.retryable
    for name in ("tape:", "tape:x", f"tape:{recorded}:loudly"):
        with pytest.raises(Invalid, match="tape:SESSION"):
            playing.models.known(name)
