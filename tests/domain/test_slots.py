"""A plan may name the tool of a step and bind its arguments; what cannot be meant is said to the planner."""

from typing import Any

import pytest

from domain.encoding import foreign
from domain.session.events import BudgetSpent, ModelRetryScheduled, PlannedStep, PlanProposed, Slot
from domain.session.slots import stands_in
from tests.domain.story import Story, given, goal, replied

FIND = {"goal": "find", "tool": "find"}


def planned(*steps: dict[str, Any], behaviour: int = 2) -> Story:
    """Let the planner propose steps as they stand."""
    return given(goal(behaviour=behaviour)).when(replied("plan", bytes(foreign({"steps": steps})).decode()))


def binding(*slots: dict[str, Any]) -> dict[str, Any]:
    """Be a second step with slots."""
    return {"goal": "pay", "tool": "pay", "slots": list(slots)}


def proposed(story: Story) -> tuple[PlannedStep, ...]:
    """Return the steps of the plan that was proposed."""
    (plan,) = (each for each in story.consequences if isinstance(each, PlanProposed))
    return plan.steps


def fault(story: Story) -> str:
    """Return what the planner is told was wrong."""
    assert isinstance(story.last, ModelRetryScheduled)
    return story.last.fault


def test_a_plan_binds_arguments_to_values_and_to_earlier_outputs() -> None:
    literal = {"argument": "/body/to", "value": "ann"}
    pointed = {"argument": "/body/amount", "step": 1, "pointer": "/0/amount"}
    _, pay = proposed(planned(FIND, binding(literal, pointed)))
    assert pay.tool == "pay"
    assert pay.slots == (
        Slot(argument="/body/to", value=foreign("ann")),
        Slot(argument="/body/amount", step=1, pointer="/0/amount"),
    )


def test_a_step_waits_for_the_outputs_that_its_slots_read() -> None:
    _, pay = proposed(planned(FIND, binding({"argument": "/body/amount", "step": 1, "pointer": ""})))
    assert pay.after == (1,)


@pytest.mark.parametrize(
    ("slot", "said"),
    [
        ({"argument": "/elsewhere/to", "value": 1}, "to begin with one of /path"),
        ({"argument": "body.to", "value": 1}, "JSON pointer"),
        ({"argument": "/body/to"}, "either a value or a step"),
        ({"argument": "/body/to", "value": 1, "step": 1}, "either a value or a step"),
        ({"argument": "/body/to", "value": None}, "got null"),
        ({"argument": "/body/to", "step": 2, "pointer": ""}, "only earlier steps"),
        ({"argument": "/body/to", "step": -1, "pointer": ""}, "only earlier steps"),
        ({"argument": "/body/to", "step": 1, "pointer": "amount"}, "JSON pointer"),
    ],
)
def test_a_slot_that_cannot_be_meant_is_asked_for_again(slot: dict[str, Any], said: str) -> None:
    assert said in fault(planned(FIND, binding(slot)))


def test_an_argument_is_bound_once() -> None:
    twice = ({"argument": "/body/to", "value": "ann"}, {"argument": "/body/to/name", "value": "bob"})
    assert "bound once" in fault(planned(FIND, binding(*twice)))


def test_slots_belong_to_a_tool() -> None:
    step = {"goal": "pay", "slots": [{"argument": "/body/to", "value": "ann"}]}
    assert "expected a tool" in fault(planned(step))


def test_sessions_of_the_first_behaviour_read_plans_as_they_did() -> None:
    slot = {"argument": "nonsense", "value": 1}
    assert proposed(planned({"goal": "pay", "tool": "pay", "slots": [slot]}, behaviour=1)) == (
        PlannedStep(goal="pay", agent="executor"),
    )


def test_a_plan_that_comes_after_the_plan_binds_nothing() -> None:
    slot = {"argument": "/body/to", "value": "eve"}
    evil = bytes(foreign({"steps": [{"goal": "pay", "tool": "pay", "slots": [slot]}]})).decode()
    story = planned(FIND)
    later = story.when(replied("plan", evil))
    later.then_only(BudgetSpent)
    assert later.session.steps == story.session.steps


@pytest.mark.parametrize(
    ("value", "stands"),
    [
        ("ann@example.com", True),
        ("Rue 1", True),
        (12.5, True),
        (["ann@example.com", 7], True),
        ({"to": "ann@example.com", "cc": []}, True),
        ("ann", True),
        ("joanne", False),
        ("an", False),
        ("2.5", False),
        ("Ann@example.com", False),
        ("аnn@example.com", False),  # its first letter is Cyrillic
        (["ann@example.com", "eve@example.com"], False),
        (True, False),
    ],
)
def test_a_value_stands_in_a_goal_word_for_word_or_not_at_all(value: Any, stands: bool) -> None:
    assert stands_in(("pay 12.5 to ann@example.com, Rue 1", "in 7 days"), value) is stands
