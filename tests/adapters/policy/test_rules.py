"""The first rule set lets reads through, asks about writes, and denies what is not listed or cannot be judged."""

from typing import cast

import pytest

from adapters.policy.rules import FirstRules, RuleSet
from commands.ports import Case
from domain.catalog.events import Agent, Tool
from domain.session.events import Decision


def case(operation: str, *tools: str) -> Case:
    tool = Tool(
        name="some_tool",
        api="shop",
        operation=operation,
        document="d" * 64,
        description="",
        effect_class="write",
        repeatable=False,
    )
    agent = Agent(id="executor", name="", role="executor", prompt_template="", tools=tools)
    return Case(agent=agent, tool=tool, request_digest="r" * 64, effect_class="write")


@pytest.mark.parametrize(
    ("operation", "decision", "rule"),
    [
        ("GET /orders", "allow", "reads-are-allowed"),
        ("HEAD /orders", "allow", "reads-are-allowed"),
        ("POST /orders", "ask", "writes-ask"),
        ("PUT /orders/{id}", "ask", "writes-ask"),
        ("DELETE /orders/{id}", "ask", "writes-ask"),
        ("get /orders", "ask", "writes-ask"),
    ],
)
def test_the_method_decides_about_listed_tools(operation: str, decision: Decision, rule: str) -> None:
    ruling = FirstRules().judge(case(operation, "shop/*"))
    assert (ruling.decision, ruling.rules) == (decision, (rule,))


def test_a_tool_outside_the_agents_list_is_denied_even_for_reading() -> None:
    ruling = FirstRules().judge(case("GET /orders", "other_tool"))
    assert (ruling.decision, ruling.rules) == ("deny", ("tool-not-listed",))


def test_what_cannot_be_judged_is_denied() -> None:
    ruling = FirstRules().judge(cast(Case, None))
    assert (ruling.decision, ruling.rules) == ("deny", ("engine-error",))


def test_every_ruling_names_the_rule_set_and_another_set_has_another_digest() -> None:
    judge, other = FirstRules(), FirstRules(RuleSet(allowed_methods=("GET",)))
    assert judge.judge(case("GET /a", "*")).policy_set == judge.policy_set == FirstRules().policy_set
    assert other.policy_set != judge.policy_set
    assert other.judge(case("HEAD /a", "*")).decision == "ask"
