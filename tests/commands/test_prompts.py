"""What a model was asked is derived again from the log, byte for byte."""

import pytest
from msgspec.structs import replace

from adapters.postgres.store import PostgresEventStore
from commands.perform import drive
from commands.ports import ModelFault, Question, Reply
from commands.prompts import prompts_of
from commands.replaying import replay_session
from domain.encoding import encode
from domain.errors import NotFound
from domain.session.events import ModelCallAttempted
from domain.session.prompt import Prompt
from tests.commands.parts import QUICK, Model, Shop, Time, events, shell_of, start


class Listening(Model):
    """Keep every prompt that is asked, and break down on the first one."""

    def __init__(self, steps: int) -> None:
        super().__init__(steps=steps)
        self.heard: list[Prompt] = []

    async def ask(self, question: Question) -> Reply:
        self.heard.append(question.prompt)
        if len(self.heard) == 1:
            raise ModelFault("overloaded", retryable=True)
        return await super().ask(question)


async def test_what_was_asked_comes_back_step_by_step_and_attempt_by_attempt(store: PostgresEventStore) -> None:
    model = Listening(steps=3)
    shell = shell_of(store, Shop(), model, Time())
    session, _ = await start(shell)
    await drive(shell, session)
    shown = [each for step in range(4) for each in await prompts_of(store, session, step)]
    assert {prompt.digest() for prompt in model.heard} == {each.digest for each in shown}
    assert len(shown) == len(model.heard) > 8
    plan, again, *_ = shown
    assert (plan.purpose, plan.attempt, plan.recorded) == ("plan", 1, "")
    assert (again.purpose, again.attempt) == ("plan", 2)
    assert all(each.recorded == each.digest for each in shown[1:])
    assert all(
        each.messages == prompt.messages for each in shown for prompt in model.heard if prompt.digest() == each.digest
    )


async def test_a_step_that_nobody_asked_about_is_not_found(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    session, _ = await start(shell)
    await drive(shell, session)
    with pytest.raises(NotFound, match="with the number 9"):
        await prompts_of(store, session, 9)


async def test_a_question_that_is_too_big_is_made_to_fit_and_how_is_recorded(store: PostgresEventStore) -> None:
    order = {"order_id": "#W1", "filler": "f" * 1_500, "step": [{"step_id": "s1", "text": "t" * 3_000}]}
    model = Listening(steps=2)
    shell = shell_of(store, Shop(answers=lambda _: encode(order)), model, Time())
    session, _ = await start(shell, limits=replace(QUICK, prompt_tokens=700))
    await drive(shell, session)
    claims = await events(store, session, ModelCallAttempted)
    assert {claim.strategy for claim in claims} & {"fields", "summary", "window"}
    assert all(claim.settles for claim in claims)
    shown = [each for step in range(3) for each in await prompts_of(store, session, step)]
    assert {prompt.digest() for prompt in model.heard} == {each.digest for each in shown}
    assert all(each.recorded == each.digest for each in shown if each.recorded)
    assert {(c.call, c.attempt): (c.strategy, c.prompt_tokens) for c in claims} == {
        (each.call, each.attempt): (each.strategy, each.tokens) for each in shown
    }
    replayed = await replay_session(store, session, execute=True)
    assert not replayed.divergences and not replayed.unchecked
