"""The sets that come with the product let listed reads through, ask about writes, and deny everything else."""

import pytest

from adapters.policy.cedar import DEFAULT, SHIPPED, CedarJudge
from domain.session.events import Decision, EffectClass
from tests.adapters.policy.cases import case


@pytest.mark.parametrize(
    ("effect", "decision", "rule"),
    [
        ("read", "allow", "listed-tools"),
        ("idempotent-write", "ask", "writes-ask"),
        ("write", "ask", "writes-ask"),
        ("destructive", "deny", "destructive-is-denied"),
    ],
)
def test_what_an_operation_may_do_decides_about_listed_tools(
    effect: EffectClass, decision: Decision, rule: str
) -> None:
    ruling = CedarJudge().judge(DEFAULT, case("POST /orders", effect))
    assert (ruling.decision, ruling.rules) == (decision, (rule,))
    assert ruling.policy_set == DEFAULT.digest


@pytest.mark.parametrize("policy_set", SHIPPED, ids=lambda each: each.name)
@pytest.mark.parametrize("effect", ["read", "write", "destructive"])
def test_a_tool_outside_the_agents_list_is_denied_even_for_reading(policy_set: object, effect: EffectClass) -> None:
    (given,) = [each for each in SHIPPED if each is policy_set]
    ruling = CedarJudge().judge(given, case("GET /orders", effect, listed=False))
    assert ruling.decision == "deny" and "tool-not-listed" in ruling.rules


def test_the_stricter_set_asks_about_every_change() -> None:
    strict = SHIPPED[1]
    decisions = {
        effect: CedarJudge().judge(strict, case("X /orders", effect)).decision
        for effect in ("read", "idempotent-write", "write", "destructive")
    }
    assert decisions == {"read": "allow", "idempotent-write": "ask", "write": "ask", "destructive": "ask"}


def test_the_sets_that_come_with_the_product_can_be_used_and_every_rule_says_why() -> None:
    for each in SHIPPED:
        assert CedarJudge().check(each)
        for effect in ("read", "write", "destructive"):
            reason = CedarJudge().judge(each, case("X /orders", effect, listed=False)).reason
            assert reason and "The rule" not in reason
