"""Rules see the money that a session spent and has left, and a session without a limit has all there is."""

import pytest

from adapters.policy.cedar import CedarJudge
from domain.catalog.policies import PolicySet
from domain.session.events import BudgetSpent, Limits
from tests.adapters.policy.cases import case

FRUGAL = PolicySet(
    name="frugal",
    text='@id("all") permit (principal, action, resource);\n'
    '@id("little-left") forbid (principal, action, resource) when { context.left.money < 1000 };\n'
    '@id("much-spent") forbid (principal, action, resource) when { context.spent.money > 50000 };',
)


@pytest.mark.parametrize(
    ("limit", "spent", "rules"),
    [
        (None, 0, ("all",)),
        (10_000, 9_000, ("all",)),
        (10_000, 9_001, ("little-left",)),
        (10_000, 20_000, ("little-left",)),
        (None, 50_001, ("much-spent",)),
        (None, 2**70, ("much-spent",)),
    ],
)
def test_a_rule_decides_by_the_money_that_is_left(limit: int | None, spent: int, rules: tuple[str, ...]) -> None:
    given = case(limits=Limits(money=limit), spent=BudgetSpent(money=spent))
    assert CedarJudge().judge(FRUGAL, given).rules == rules
