"""An account hands out only what it has, whoever asks in whatever order; what was settled is settled once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule
from msgspec.structs import replace

from domain.budget.accounts import (
    Account,
    Refusal,
    admit_allotment,
    admit_limits,
    admit_settlement,
    allot,
    as_of,
    evolve,
)
from domain.budget.amounts import KINDS, MOST, Amounts, Ceilings, minus, plus, total
from domain.budget.events import AccountLimited, AllotmentGiven, AllotmentSettled
from domain.budget.prices import ModelPrice, PriceList, ToolPrice, cost_of, money
from domain.errors import Invalid, NotPossible, Refused

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
amounts = st.builds(Amounts, **{kind: st.integers(0, 50) for kind in KINDS})
ceilings = st.builds(Ceilings, **{kind: st.none() | st.integers(0, 300) for kind in KINDS})


def limited(limits: Ceilings, period: str = "total") -> AccountLimited:
    return AccountLimited(account="tenant", limits=limits, period=period, by="ada", reason="why", currency="EUR")  # type: ignore[arg-type]


class Accounting(RuleBasedStateMachine):
    """Let sessions take, settle and ask again, while people change limits and time goes by."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.now, self.account, self.begun = NOW, Account(name="tenant"), 0
        self.held: dict[str, Amounts] = {}
        self.spent = Amounts()

    @rule(limits=ceilings, period=st.sampled_from(["total", "day"]))
    def change(self, limits: Ceilings, period: str) -> None:
        event = limited(limits, period)
        try:
            admit_limits(self.account, event, self.now)
        except Refused:
            return
        self.account = evolve(self.account, event, self.now)

    @rule(target=sessions)
    def begin(self) -> str:
        self.begun += 1
        return f"s{self.begun}"

    @rule(session=sessions, needed=amounts)
    def take(self, session: str, needed: Amounts) -> None:
        before = as_of(self.account, self.now)
        given = allot([before], session, needed, KINDS)
        if isinstance(given, Refusal):
            assert any(before.left(kind) < needed.of(kind) for kind in KINDS)
            return
        assert minus(needed, given).nothing
        event = AllotmentGiven(account="tenant", session=session, allotment=f"{session}-1", amounts=given)
        admit_allotment(before, event)
        self.account = evolve(self.account, event, self.now)
        self.held[session] = plus(self.held.get(session, Amounts()), given)

    @rule(session=consumes(sessions), parts=st.integers(0, 10))
    def settle(self, session: str, parts: int) -> None:
        held = self.held.pop(session, None)
        spent = Amounts(**{kind: (held or Amounts()).of(kind) * parts // 10 for kind in KINDS})
        event = AllotmentSettled(account="tenant", session=session, spent=spent)
        if held is None:
            with pytest.raises(NotPossible, match="holds none"):
                admit_settlement(self.account, event)
            return
        admit_settlement(self.account, event)
        self.account = evolve(self.account, event, self.now)
        self.spent = plus(self.spent, spent)
        with pytest.raises(NotPossible, match="holds none"):
            admit_settlement(self.account, event)

    @precondition(lambda self: self.account.period == "day")
    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def nothing_exceeds_a_limit(self) -> None:
        account = as_of(self.account, self.now)
        for kind in account.limits.kinds:
            assert account.taken.of(kind) <= (account.limits.of(kind) or 0)
        assert account.reserved == total(account.held.values()) == total(self.held.values())
        assert all(account.spent.of(kind) <= self.spent.of(kind) for kind in KINDS)


Accounting.TestCase.settings = settings(max_examples=100, stateful_step_count=40, deadline=None, database=None)
TestAccounting = Accounting.TestCase


def test_a_new_period_forgets_what_was_spent_and_not_what_is_held() -> None:
    account = evolve(Account(name="tenant"), limited(Ceilings(tokens=100), "day"), NOW)
    for session in ("a", "b"):
        given = AllotmentGiven(account="tenant", session=session, allotment=session, amounts=Amounts(tokens=40))
        account = evolve(account, given, NOW)
    account = evolve(account, AllotmentSettled(account="tenant", session="a", spent=Amounts(tokens=30)), NOW)
    assert as_of(account, NOW).left("tokens") == 30
    assert as_of(account, NOW + timedelta(days=1)).left("tokens") == 60
    assert as_of(account, NOW - timedelta(days=9)).left("tokens") == 30  # a clock behind brings no old day back


def test_limits_of_money_are_lifted_by_whoever_names_no_currency_though_money_was_spent() -> None:
    account = evolve(Account(name="tenant"), limited(Ceilings(money=100)), NOW)
    account = evolve(account, AllotmentSettled(account="tenant", session="a", spent=Amounts(money=30)), NOW)
    lifted = replace(limited(Ceilings()), currency="")
    admit_limits(account, lifted, NOW)
    account = evolve(account, lifted, NOW)
    assert account.limits == Ceilings() and account.currency == "EUR"
    with pytest.raises(NotPossible, match="Expected limits in EUR, in which tenant has spent"):
        admit_limits(account, replace(limited(Ceilings(money=100)), currency="USD"), NOW)


def test_a_shortage_passes_only_where_others_hold_what_is_needed() -> None:
    account = evolve(Account(name="tenant"), limited(Ceilings(tokens=100)), NOW)
    given = AllotmentGiven(account="tenant", session="a", allotment="a-1", amounts=Amounts(tokens=80))
    account = evolve(account, given, NOW)
    mine, others = (allot([account], session, Amounts(tokens=50), ("tokens",)) for session in ("a", "b"))
    assert isinstance(mine, Refusal) and not mine.passing
    assert isinstance(others, Refusal) and others.passing


def test_sums_stay_at_the_largest_amount_and_costs_round_up() -> None:
    assert plus(Amounts(money=MOST), Amounts(money=MOST)).money == MOST
    price = ModelPrice(model="m", tokens_in=1, tokens_out=10**12)
    assert cost_of(price, 1, 0) == 1
    assert cost_of(price, 10**9, 10**9) == MOST
    assert cost_of(price, -5, -5) == 0


def test_the_closest_price_counts() -> None:
    prices = PriceList(
        name="p",
        currency="EUR",
        models=tuple(ModelPrice(model=name, tokens_in=at, tokens_out=0) for at, name in enumerate(("a*", "ab", "ab*"))),
        tools=(ToolPrice(tool="*", call=1), ToolPrice(tool="shop/*", call=2), ToolPrice(tool="order", call=3)),
    )
    found = [prices.of_model(name) for name in ("ab", "abc", "ac", "b")]
    assert [price.model if price else None for price in found] == ["ab", "ab*", "a*", None]
    assert [prices.of_tool(tool, api) for tool, api in (("order", "shop"), ("look", "shop"), ("x", "y"))] == [3, 2, 1]


@pytest.mark.parametrize(
    "text", ["-1", "", "1,5", "NaN", "Infinity", "1e999999999", "0.0000001", "9" * 50, f"1.{'0' * 30}1"]
)
def test_what_is_no_money_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="Expected money as a decimal"):
        money(text)


def test_money_is_read_exactly() -> None:
    assert [money(text) for text in ("0", "0.1", "2.50", 3, "1e2")] == [0, 100_000, 2_500_000, 3_000_000, 100_000_000]
