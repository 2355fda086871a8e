"""What is kept or left out on the way to the engine changes no verdict."""

import json
import time
from datetime import timedelta
from typing import Any, TypeAlias

import cedarpy
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.policy import cedar
from adapters.policy.cedar import SHIPPED, CedarJudge
from adapters.policy.language import read, schema_of
from adapters.policy.reading import only, reads_of
from adapters.policy.request import entities, request
from commands.ports import Case
from domain.catalog.policies import PolicySet, declared
from domain.encoding import foreign
from domain.errors import Invalid
from domain.labels import ArgumentLabel, Label, Provenance
from domain.session.events import BudgetSpent, Limits
from tests.adapters.policy.cases import AT, case

DECLARED = "// argument body.amount decimal\n// argument query.to text\n"
CONDITIONS = (
    "context.listed",
    'context.scopes.contains("orders")',
    'context has user && context.user like "a*"',
    'context.roles.containsAny(["buyer", "clerk"])',
    'context.lane == "bulk"',
    'context.environment == "live"',
    "context.hour >= 12",
    "context.weekday == 6",
    "context.spent.money * 4611686018427387904 > 0",
    "context.spent.toolCalls < context.left.modelCalls",
    "context.left == context.spent",
    'context.arguments.body has amount && context.arguments.body.amount.greaterThan(decimal("100.0"))',
    'context.arguments.query has to && context.arguments.query.to == "bob"',
    'context.plan == "inside"',
    "context.bound || context.sends",
    "context.label == context.seen",
    'context.label.sources.contains("goal") && !context.seen.private',
    "context.labels.query has to && context.labels.query.to.sink",
    "(if context.bound then context else context).sends",
    'principal.role == "executor" && resource.effect == "read"',
    'resource.path like "/orders*"',
    'resource.path like "/users*" && context.sends',
    'resource.effect == "write" && principal.role == "executor" && context.spent.money * 4611686018427387904 > 0',
    'resource.effect == "write" || context.bound',
)
HEADS = (
    "principal, action, resource",
    'principal == Agent::"executor", action == Action::"call", resource',
    'principal, action, resource in Api::"mail"',
    'principal, action, resource == Operation::"shop GET /orders"',
)
EFFECTS = ("permit", "forbid", "@ask forbid")

labels = st.builds(
    Label,
    sources=st.sampled_from([(), ("goal",), ("goal", "tool:shop/look")]),
    trusted=st.booleans(),
    private=st.booleans(),
)
cases = st.builds(
    case,
    operation=st.sampled_from(["GET /orders", "POST /orders/7", "POST /users"]),
    effect=st.sampled_from(["read", "write"]),
    listed=st.booleans(),
    scopes=st.sampled_from([(), ("orders",), ("users", "orders")]),
    user=st.sampled_from(["", "ada", "bob"]),
    roles=st.sampled_from([(), ("buyer",)]),
    lane=st.sampled_from(["standard", "bulk"]),
    environment=st.sampled_from(["", "live"]),
    spent=st.builds(BudgetSpent, tool_calls=st.integers(0, 2), money=st.integers(0, 2)),
    limits=st.builds(Limits, model_calls=st.integers(1, 3), money=st.none() | st.integers(0, 5)),
    arguments=st.fixed_dictionaries(
        {},
        optional={
            "body": st.fixed_dictionaries({}, optional={"amount": st.sampled_from([1, 100.5, "x"])}),
            "query": st.fixed_dictionaries({}, optional={"to": st.sampled_from(["bob", "eve"]), "more": st.just(1)}),
        },
    ),
    provenance=st.builds(
        Provenance,
        label=labels,
        seen=labels,
        plan=st.sampled_from(["open", "inside", "outside"]),
        bound=st.booleans(),
        sends=st.booleans(),
        arguments=st.lists(
            st.builds(ArgumentLabel, argument=st.just("/query/to"), label=labels, sink=st.booleans()), max_size=1
        ).map(tuple),
    ),
)
Drawn: TypeAlias = tuple[str, str, str, str]
conditions = st.sampled_from(CONDITIONS)
rules = st.lists(
    st.tuples(st.sampled_from(EFFECTS), conditions, st.sampled_from(HEADS), st.just("false") | conditions),
    min_size=1,
    max_size=8,
)


def written(*rules: Drawn | tuple[str, str]) -> PolicySet:
    """Return a set of rules that each have an effect and a condition, and maybe a head and an exception."""
    texts = []
    for number, (effect, condition, *more) in enumerate(rules):
        head, exception = more or (HEADS[0], "false")
        annotation = f'@id("r{number}") '
        texts.append(f"{annotation}{effect} ({head}) when {{ {condition} }} unless {{ {exception} }};")
    return PolicySet(name="drawn", text=DECLARED + "\n".join(texts))


def by_the_engine_alone(rules: list[Drawn], given: Case) -> tuple[str, tuple[str, ...]]:
    """Judge a case of which everything is told, by all rules, and by the schema in which nothing may be missing."""
    policy_set = written(*rules)
    arguments = declared(policy_set)
    try:
        asked = request(given, arguments)
    except Invalid:
        return "deny", ("engine-error",)
    permits = "".join(each for each in policy_set.text.splitlines(keepends=True) if " permit (" in each)
    results = [
        cedarpy.is_authorized(asked, text, entities(given), schema_of(arguments)) for text in (policy_set.text, permits)
    ]
    if results[0].diagnostics.errors:
        return "deny", ("engine-error",)
    named = tuple(sorted(results[0].diagnostics.id_annotations_by_reason.values()))
    if results[0].allowed:
        return "allow", named
    asks = named and all(rules[int(name[1:])][0] == "@ask forbid" for name in named)
    return ("ask" if asks and results[1].allowed else "deny"), named


@settings(max_examples=50, deadline=None)
@given(rules=rules, given=st.lists(cases, min_size=2, max_size=5))
def test_an_answer_that_was_kept_is_what_the_engine_says_when_it_is_told_everything(
    rules: list[Drawn], given: list[Case]
) -> None:
    judge, policy_set = CedarJudge(), written(*rules)
    for each in (*given, *given):
        ruling = judge.judge(policy_set, each)
        assert (ruling.decision, ruling.rules) == by_the_engine_alone(rules, each)


@pytest.mark.parametrize("condition", [each for each in CONDITIONS if "context" in each])
def test_each_condition_can_be_read_and_is_told_less_than_everything(condition: str) -> None:
    parsed = read(written(("permit", condition)))
    told = json.loads(request(case(), parsed.arguments, parsed.reads)["context"])
    everything = json.loads(request(case(), parsed.arguments)["context"])
    assert told and (len(told) < len(everything) or "then context" in condition)


OTHER: dict[str, Any] = {
    "listed": lambda one: replace(one, listed=False),
    "scopes": lambda one: replace(one, scopes=("x",)),
    "user": lambda one: replace(one, user="eve"),
    "roles": lambda one: replace(one, roles=("x",)),
    "lane": lambda one: replace(one, lane="x"),
    "environment": lambda one: replace(one, environment="x"),
    "hour": lambda one: replace(one, at=AT + timedelta(hours=1)),
    "weekday": lambda one: replace(one, at=AT + timedelta(days=1)),
    "spent": lambda one: replace(one, spent=BudgetSpent(tokens=1)),
    "left": lambda one: replace(one, limits=Limits(tokens=1)),
    "arguments": lambda one: replace(one, arguments=foreign({"query": {"to": "eve"}})),
    "plan": lambda one: replace(one, provenance=replace(one.provenance, plan="inside")),
    "bound": lambda one: replace(one, provenance=replace(one.provenance, bound=True)),
    "sends": lambda one: replace(one, provenance=replace(one.provenance, sends=True)),
    "label": lambda one: replace(one, provenance=replace(one.provenance, label=Label())),
    "labels": lambda one: replace(
        one, provenance=replace(one.provenance, arguments=(ArgumentLabel(argument="/query/to", sink=True),))
    ),
    "seen": lambda one: replace(one, provenance=replace(one.provenance, seen=Label())),
}
"""For each name in the context, how to make a case that differs in it."""


def test_every_name_in_the_context_is_among_those_that_are_told_apart() -> None:
    assert json.loads(request(case(), {})["context"]).keys() == OTHER.keys()


WRITTEN = {
    "arguments": 'context.arguments.query has to && context.arguments.query.to == "bob"',
    "labels": "!(context.labels.query has to)",
}
"""How a rule reads what cannot be compared as a whole."""


@pytest.mark.parametrize("name", OTHER)
def test_a_set_that_reads_a_name_tells_cases_apart_that_differ_in_it(name: str) -> None:
    one = case(arguments={"query": {"to": "bob"}}, scopes=("orders",), roles=("buyer",))
    value = json.loads(request(one, declared(PolicySet(name="", text=DECLARED)))["context"])[name]
    policy_set = written(("permit", WRITTEN.get(name) or f"context.{name} == {_literal(value)}"))
    judge, given = CedarJudge(), (one, OTHER[name](one), one)
    assert [judge.judge(policy_set, each).decision for each in given] == ["allow", "deny", "allow"]


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{json.dumps(name)}: {_literal(below)}' for name, below in value.items())} }}"
    return json.dumps(value)


def test_agents_and_operations_are_told_apart_whatever_the_context() -> None:
    judge, policy_set = CedarJudge(), written(("permit", 'resource.path == "/orders"'))
    assert judge.judge(policy_set, case("GET /orders")).decision == "allow"
    assert judge.judge(policy_set, case("GET /users")).decision == "deny"


def test_what_is_read_follows_from_the_tree_however_a_rule_writes_it() -> None:
    def reads(condition: str) -> Any:
        return reads_of(
            json.loads(cedarpy.policies_to_json_str(f"permit(principal,action,resource) when {{{condition}}};"))
        )

    assert reads('context["listed"]') == {"listed": None}
    assert reads("context.label.trusted && context.label has private") == {"label": {"private": None, "trusted": None}}
    assert reads("context.label.trusted && context.label == context.seen") == {"label": None, "seen": None}
    assert reads("context has spent.money") == {"spent": None}
    assert reads('"context.user" == principal.context') == {}
    assert reads('{"a": context}.a.user == "x"') is None
    assert reads("context == resource.all") is None
    assert reads("!(context) || context.user") is None


def test_rules_that_cannot_apply_to_an_operation_are_left_out_and_no_others() -> None:
    engine, none = Counted(), ("permit", 'resource.path == "/nowhere" && context.hour > 1')
    judge, policy_set = CedarJudge(engine=engine), written(none, none, none, ("permit", "context.hour > 1"))
    ruling = judge.judge(policy_set, case())
    assert (ruling.decision, ruling.rules) == ("allow", ("r3",))
    assert '"/nowhere"' not in str(engine.policies) and "hour" in str(engine.policies)


def test_a_rule_is_not_left_out_for_an_exception_that_cannot_apply() -> None:
    exception = 'resource.path == "/nowhere" && context.hour > 1'
    drawn = [("forbid", 'resource.path == "/orders"', HEADS[0], exception)]
    drawn += [("permit", 'resource.path == "/nowhere"', HEADS[0], "false")] * 2
    ruling = CedarJudge().judge(written(*drawn), case())
    assert (ruling.decision, ruling.rules) == ("deny", ("r0",))


def test_only_what_is_read_is_told() -> None:
    assert only({"a": {"b": None}, "c": None}, {"a": {"b": 1, "d": 2}, "e": 3}) == {"a": {"b": 1}}
    assert only(None, {"a": 1}) == {"a": 1}
    assert only({}, {"a": 1}) == {}


def test_a_rule_that_is_told_too_little_denies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.policy.language.reads_of", lambda tree: {"hour": None})
    ruling = CedarJudge().judge(SHIPPED[0], case())
    assert (ruling.decision, ruling.rules) == ("deny", ("engine-error",))


class Counted:
    """Be the engine, counting its calls, one of them about each operation; ``fails`` so many times first."""

    def __init__(self, fails: int = 0) -> None:
        self.calls, self.fails, self.policies = 0, fails, None

    def __call__(self, *given: Any) -> cedarpy.AuthzResult:
        self.calls, self.policies = self.calls + 1, given[1]
        if self.calls <= self.fails:
            raise MemoryError
        return cedarpy.is_authorized(*given)


def test_the_same_question_is_put_to_the_engine_once_and_errors_are_not_kept() -> None:
    engine = Counted(fails=2)
    judge = CedarJudge(engine=engine)
    assert [judge.judge(SHIPPED[0], case()).decision for _ in range(4)] == ["deny", "deny", "allow", "allow"]
    assert engine.calls == 2 + 1 + 1


def test_an_error_in_a_rule_is_not_kept() -> None:
    engine = Counted()
    judge, policy_set = CedarJudge(engine=engine), written(("permit", CONDITIONS[8]))
    over = case(spent=BudgetSpent(money=2))
    assert [judge.judge(policy_set, over).rules for _ in range(2)] == [("engine-error",)] * 2
    assert engine.calls == 1 + 2


def test_an_answer_that_took_too_long_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cedar, "MOST_SECONDS", 0.01)

    def slow(*given: Any) -> cedarpy.AuthzResult:
        until = time.thread_time() + 0.02
        while time.thread_time() < until:
            pass
        return cedarpy.is_authorized(*given)

    judge = CedarJudge(engine=slow)
    assert [judge.judge(SHIPPED[0], case()).rules for _ in range(2)] == [("engine-too-slow",)] * 2


def test_answers_are_kept_a_bounded_number_and_none_to_a_long_question() -> None:
    engine = Counted()
    judge, policy_set = CedarJudge(engine=engine, answers=2), written(("permit", 'context.user like "*"'))
    for user in ("a", "b", "c", "c", "b", "a", "x" * 5_000, "x" * 5_000):
        assert judge.judge(policy_set, case(user=user)).decision == "allow"
    assert engine.calls == 1 + 6


def test_a_ruling_says_nothing_of_the_case_it_was_made_for() -> None:
    fields = set(msgspec.structs.asdict(CedarJudge().judge(SHIPPED[0], case())))
    assert fields == {"decision", "rules", "policy_set", "reason", "demands", "observed"}
