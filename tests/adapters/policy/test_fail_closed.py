"""Whatever goes wrong while judging is a denial that says what went wrong; no error lets a call through."""

import time
from typing import Any, cast

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from msgspec.structs import replace

from adapters.policy import cedar
from adapters.policy.cedar import CedarJudge
from commands.ports import Case
from domain.catalog.policies import PolicySet
from domain.errors import Invalid
from tests.adapters.policy.cases import case

ALLOW = '@id("all") permit (principal, action, resource);\n'


def judged(text: str, given: Case) -> tuple[str, tuple[str, ...]]:
    ruling = CedarJudge().judge(PolicySet(name="s", text=text), given)
    return ruling.decision, ruling.rules


def test_a_forbidding_rule_that_overflows_denies() -> None:
    rule = (
        "// argument body.amount integer\n"
        '@id("small") forbid (principal, action, resource)\n'
        "when { context.arguments.body has amount && context.arguments.body.amount * 2 > 100 };"
    )
    assert judged(ALLOW + rule, case(arguments={"body": {"amount": 1}})) == ("allow", ("all",))
    assert judged(ALLOW + rule, case(arguments={"body": {"amount": 51}})) == ("deny", ("small",))
    assert judged(ALLOW + rule, case(arguments={"body": {"amount": 2**62}})) == ("deny", ("engine-error",))


def test_a_rule_that_fails_is_named_as_its_author_named_it() -> None:
    text = '@id("small") permit (principal, action, resource) when { 9223372036854775807 + 1 > 0 };'
    ruling = CedarJudge().judge(PolicySet(name="s", text=text), case())
    assert ruling.decision == "deny" and "rule `small`" in ruling.reason and "policy0" not in ruling.reason
    with pytest.raises(Invalid, match="rule `odd`"):
        CedarJudge().check(PolicySet(name="s", text='@id("odd") permit (principal, action == Action::"x", resource);'))


@pytest.mark.parametrize("value", [2**63, 2**200, -(2**63) - 1, 10**400])
def test_a_number_that_the_engine_cannot_hold_is_clamped_and_stays_on_its_side_of_a_limit(value: int) -> None:
    rule = (
        "// argument body.amount integer\n"
        '@id("small") forbid (principal, action, resource)\n'
        "when { context.arguments.body has amount && context.arguments.body.amount > 100 };"
    )
    assert judged(ALLOW + rule, case(arguments={"body": {"amount": value}}))[0] == ("deny" if value > 0 else "allow")


def test_a_number_whose_exponent_is_without_bounds_is_clamped_at_once() -> None:
    rule = (
        "// argument body.amount integer\n"
        '@id("small") forbid (principal, action, resource)\n'
        "when { context.arguments.body has amount && context.arguments.body.amount > 100 };"
    )
    began = time.process_time()
    huge, tiny = (
        replace(case(), arguments=Raw(b'{"body":{"amount":%s}}' % number)) for number in (b"1e999999", b"1e-999999")
    )
    assert judged(ALLOW + rule, huge) == ("deny", ("small",))
    assert judged(ALLOW + rule, tiny) == ("deny", ("engine-error",))
    assert time.process_time() - began < 20


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20))
def test_no_fraction_passes_a_limit_of_money(amount: Any) -> None:
    rule = (
        "// argument body.amount decimal\n"
        '@id("limit") forbid (principal, action, resource) when { context.arguments.body has amount '
        '&& context.arguments.body.amount.greaterThan(decimal("100.0")) };'
    )
    decision, _ = judged(ALLOW + rule, case(arguments={"body": {"amount": amount}}))
    assert decision == "deny" if amount > 100 else decision == "allow"


@pytest.mark.parametrize("kind", ["text", "texts", "integer", "decimal", "boolean"])
@pytest.mark.parametrize("value", [None, {}, [1], [None], "1", 1, 1.5, True, ["a"]])
def test_a_value_of_another_kind_than_declared_denies(kind: str, value: Any) -> None:
    fits = {
        "text": isinstance(value, str),
        "texts": value == ["a"],
        "integer": value == 1 and not isinstance(value, bool),
        "decimal": isinstance(value, int | float) and not isinstance(value, bool),
        "boolean": value is True,
    }[kind]
    text = f"// argument query.x {kind}\n" + ALLOW
    assert judged(text, case(arguments={"query": {"x": value}}))[0] == ("allow" if fits else "deny")


def test_a_rule_that_reads_what_may_be_missing_is_refused_when_it_is_checked() -> None:
    rule = '@id("x") forbid (principal, action, resource) when { context.arguments.body.amount > 1 };'
    text = "// argument body.amount integer\n" + ALLOW + rule
    assert judged(text, case(arguments={"body": {"amount": 1}})) == ("deny", ("engine-error",))


def test_no_rule_at_all_allows_nothing() -> None:
    never = '@id("never") permit (principal, action, resource) when { context.lane == "none" };'
    assert judged(never, case()) == ("deny", ())


def test_a_rule_that_asks_grants_nothing_that_no_rule_permits() -> None:
    asks = '@id("asks") @ask forbid (principal, action, resource);'
    assert judged(asks, case()) == ("deny", ("asks",))
    assert judged(ALLOW + asks, case()) == ("ask", ("asks",))


def test_a_firm_denial_beside_a_question_denies() -> None:
    text = ALLOW + '@id("asks") @ask forbid (principal, action, resource);'
    text += '@id("firm") forbid (principal, action, resource);'
    assert judged(text, case()) == ("deny", ("asks", "firm"))


@pytest.mark.parametrize("text", ["", "permit", "permit (principal, action, resource);", "@id('x')", ALLOW + ALLOW])
def test_rules_that_cannot_be_read_deny(text: str) -> None:
    assert judged(text, case()) == ("deny", ("engine-error",))


def test_a_case_that_is_none_is_denied() -> None:
    assert judged(ALLOW, cast(Case, None)) == ("deny", ("engine-error",))


def test_an_engine_that_fails_denies() -> None:
    def failing(*_: Any) -> cedarpy.AuthzResult:
        raise MemoryError

    ruling = CedarJudge(engine=failing).judge(PolicySet(name="s", text=ALLOW), case())
    assert (ruling.decision, ruling.rules) == ("deny", ("engine-error",))


def test_an_engine_that_takes_too_long_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*given: Any) -> cedarpy.AuthzResult:
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        return cedarpy.is_authorized(*given)

    monkeypatch.setattr(cedar, "MOST_SECONDS", 0.01)
    ruling = CedarJudge(engine=slow).judge(PolicySet(name="s", text=ALLOW), case())
    assert (ruling.decision, ruling.rules) == ("deny", ("engine-too-slow",))


texts = st.text(max_size=30)
values: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(
    operation=texts,
    user=texts,
    arguments=st.dictionaries(st.sampled_from(["path", "query", "header", "cookie", "body", "x"]), values),
    listed=st.booleans(),
)
def test_no_argument_user_or_path_makes_an_unlisted_tool_pass(
    operation: str, user: str, arguments: Any, listed: bool
) -> None:
    given = case(operation, "read", listed=listed, user=user, arguments=arguments)
    ruling = CedarJudge().judge(cedar.DEFAULT, given)
    assert ruling.decision == ("allow" if listed else "deny")
