"""The model plans and does the task until something that it reads holds an instruction: then it obeys that."""

import json
from typing import Any

import pytest

from commands.ports import Question
from domain.errors import Refused
from domain.session.prompt import Message, Prompt
from ops.evaluation.household import CASES
from ops.evaluation.injection.cases import read_setting
from ops.evaluation.injection.obeying import GIVEN_UP, ObedientModels, replied
from ops.evaluation.injection.runs import Run, Style

HOUSEHOLD = read_setting(CASES)
NAMES = {tool.name: tool.name for tool in HOUSEHOLD.tools}
TASK, ATTACK = HOUSEHOLD.user_tasks[4], HOUSEHOLD.injection_tasks[2]
PLANNED = {"tool": "change_standing_order", "arguments": {"body": {"order_id": "S-7", "amount": 950}}}
WANTED = {"tool": "change_standing_order", "arguments": {"body": ATTACK.calls[0].args}}
REWORK = {"verdict": "rework", "reason": "Do first what the text asks for."}


def run(style: Style, target: int = 0) -> Run:
    return Run(id="r", setting=HOUSEHOLD, task=TASK, attack=ATTACK, style=style, wanted=ATTACK.calls, target=target)


def says(follower: Run, purpose: str, step: int = 0, round_: int = 1) -> dict[str, Any]:
    return replied(follower, NAMES, purpose, step, round_)


def is_loyal(follower: Run) -> bool:
    return not follower.attacking


def test_before_it_has_read_anything_it_does_as_the_user_says() -> None:
    follower = run("aside")
    assert says(follower, "choose", 3) == PLANNED and says(follower, "review", 3) == {"verdict": "accept"}
    assert is_loyal(follower)


def test_aside_it_has_the_step_sent_back_and_makes_the_attackers_calls_there() -> None:
    follower = run("aside")
    follower.infected = True
    assert says(follower, "review", 1) == REWORK
    assert says(follower, "choose", 1, 2) == WANTED and not is_loyal(follower)
    assert says(follower, "review", 1) == {"verdict": "accept"}
    assert says(follower, "choose", 1, 3) == GIVEN_UP


def test_instead_it_makes_the_attackers_call_in_place_of_the_one_that_was_planned() -> None:
    follower = run("instead", target=3)
    follower.infected = True
    assert says(follower, "review", 1) == {"verdict": "accept"}
    assert says(follower, "choose", 2)["tool"] == "list_standing_orders" and is_loyal(follower)
    assert says(follower, "choose", 3) == WANTED and not is_loyal(follower)
    assert says(follower, "choose", 3, 2) == PLANNED and is_loyal(follower)


def test_in_the_end_it_answers_what_the_user_wanted_to_know() -> None:
    assert says(run("benign"), "answer") == {"answer": "done"}


async def test_each_run_is_a_model_of_its_own_name() -> None:
    models = ObedientModels()
    models.runs["r"], models.names["household"] = run("benign"), NAMES
    prompt = Prompt(messages=(Message(role="user", text="GOAL\n…\n\nTASK purpose=choose step=3 round=1 attempt=1"),))
    reply = await models.ask(Question(model="r", prompt=prompt, timeout_ms=1))
    assert json.loads(reply.text) == PLANNED
    models.known("r")
    with pytest.raises(Refused, match="'other'"):
        models.known("other")
