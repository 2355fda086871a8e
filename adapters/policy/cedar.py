"""Judge by rules in the Cedar language, so that whatever goes wrong is a denial.

The engine by itself lets a call through when the rule that forbids it fails, for a number too large or a missing
value. So each call is evaluated with the schema, and any error that the engine reports denies, as does its having
nothing to say. It is asked about nothing but what the rules of a set read, and its answers are kept by all that it was
given, so that the same question gets the same answer; errors are not kept. Of the rules it is given those that may
apply to the operation at all.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias, get_args

import cedarpy

from adapters.policy.language import Parsed, Rule, naming_rules, policies_of, read, shipped
from adapters.policy.narrowing import narrowed
from adapters.policy.planned import denied_always
from adapters.policy.request import entities, request
from commands.caches import Cache
from commands.ports import Case, Ruling
from domain.catalog.policies import PolicySet
from domain.errors import Refused
from domain.session.events import Decision
from domain.session.proof import Demand

DEFAULT = shipped("default")
SHIPPED = (DEFAULT, shipped("strict"))
MOST_SECONDS = 1.0
"""How long rules may compute; how long this process had to wait for a processor says nothing about them."""
_PARSED = 32
_NARROWED = 500
_ANSWERS = 10_000
_LONGEST = 4_000
"""How many characters a question may have whose answer is kept."""

Engine: TypeAlias = Callable[[dict[str, Any], cedarpy.PolicySet, cedarpy.Entities, cedarpy.Schema], cedarpy.AuthzResult]


class EngineError(Exception):
    """Report that a rule could not be evaluated: it might have been the one that forbids."""


class _Narrowed(NamedTuple):
    about: cedarpy.Entities
    policies: cedarpy.PolicySet


class CedarJudge:
    """Implement the Judge port; parsed sets and answers are kept, ``answers`` at most."""

    def __init__(self, engine: Engine = cedarpy.is_authorized, *, answers: int = _ANSWERS) -> None:
        self._engine = engine
        self._answers: Cache[tuple[str, str, str], Ruling] = Cache(answers)
        self._parsed: OrderedDict[PolicySet, tuple[str, Parsed]] = OrderedDict()
        self._narrowed: Cache[tuple[str, str], _Narrowed] = Cache(_NARROWED)

    @property
    def default(self) -> PolicySet:
        """Return the set that is in force where no other was activated."""
        return DEFAULT

    @property
    def shipped(self) -> Sequence[PolicySet]:
        """Return the sets that come with the product."""
        return SHIPPED

    def check(self, policy_set: PolicySet) -> Sequence[str]:
        """Return the names of a set's rules, in their order; raise Invalid with what is wrong with it."""
        return tuple(rule.name for rule in read(policy_set).rules.values())

    def judge(self, policy_set: PolicySet, case: Case) -> Ruling:
        """Allow, deny or ask; whatever goes wrong inside is a denial."""
        digest = ""
        try:
            digest, parsed = self._read(policy_set)
            return self._answered(digest, parsed, case)
        except Exception as fault:
            said = str(fault) if isinstance(fault, Refused) else f"{type(fault).__name__}: {fault}"
            return _denial(digest or policy_set.digest, "engine-error", f"The rules could not be applied: {said}")

    def denied_always(self, policy_set: PolicySet, case: Case) -> str:
        """Say why a call is denied whatever its arguments, its time and what was read; empty where that may differ."""
        return denied_always(policy_set, case)

    def _read(self, policy_set: PolicySet) -> tuple[str, Parsed]:
        if policy_set not in self._parsed:
            self._parsed[policy_set] = (policy_set.digest, read(policy_set))
        self._parsed.move_to_end(policy_set)
        while len(self._parsed) > _PARSED:
            self._parsed.popitem(last=False)
        return self._parsed[policy_set]

    def _answered(self, digest: str, parsed: Parsed, case: Case) -> Ruling:
        """Return what the engine says, or said when it was asked the very same."""
        began = time.thread_time()
        asked, about = request(case, parsed.arguments, parsed.reads), entities(case)
        question = (digest, about, asked["context"])
        known = self._answers.find(question)
        if known:
            return known
        ruling = self._judge(digest, parsed, asked, about)
        if time.thread_time() - began > MOST_SECONDS:
            return _denial(digest, "engine-too-slow", f"The rules took longer than {MOST_SECONDS:g} s.")
        return self._answers.keep(question, ruling) if sum(map(len, question)) <= _LONGEST else ruling

    def _narrow(self, digest: str, parsed: Parsed, asked: dict[str, Any], described: str) -> _Narrowed:
        """Return an agent and an operation in the engine's own form, and which rules may apply to them."""
        known = self._narrowed.find((digest, described))
        if known:
            return known
        about, policies = cedarpy.Entities.from_json_str(described, parsed.schema), parsed.policies
        if parsed.guards is not None:
            guarded = self._engine({**asked, "context": "{}"}, parsed.guards, about, parsed.schema)
            left = narrowed(parsed.raw, guarded)
            policies = policies if left is None else policies_of(left)
        return self._narrowed.keep((digest, described), _Narrowed(about, policies))

    def _judge(self, digest: str, parsed: Parsed, asked: dict[str, Any], described: str) -> Ruling:
        about, policies = self._narrow(digest, parsed, asked, described)
        result = self._engine(asked, policies, about, parsed.schema)
        determining = _determining(result, parsed)
        decision, reason, demands = _decision(result, determining), _reason(determining), _demands(determining)
        if decision == "ask":
            # No firm rule forbids it, or that would have determined the result: what is left is whether one permits.
            granted = self._engine(asked, parsed.permits, about, parsed.schema)
            if _decision(granted, _determining(granted, parsed)) != "allow":
                decision, reason, demands = "deny", f"{reason} And no rule allows it.", ()
        return Ruling(
            decision=decision,
            rules=tuple(rule.name for rule in determining),
            policy_set=digest,
            reason=reason[:2_000],
            demands=demands,
            observed=self._observed(parsed, asked, about),
        )

    def _observed(self, parsed: Parsed, asked: dict[str, Any], about: cedarpy.Entities) -> tuple[str, ...]:
        """Return the rules that would have forbidden a call, had they been enforced; they fail like all others."""
        if parsed.observed is None:
            return ()
        found = self._engine(asked, parsed.observed, about, parsed.schema)
        return tuple(rule.name for rule in _determining(found, parsed))


def _denial(digest: str, rule: str, reason: str) -> Ruling:
    return Ruling(decision="deny", rules=(rule,), policy_set=digest, reason=reason[:2_000])


def _determining(result: cedarpy.AuthzResult, parsed: Parsed) -> list[Rule]:
    """Return the rules that determined a result; raise EngineError where any of them could not be evaluated."""
    if result.diagnostics.errors:
        names = {key: rule.name for key, rule in parsed.rules.items()}
        raise EngineError(naming_rules("; ".join(result.diagnostics.errors), names))
    return sorted((parsed.rules[key] for key in result.diagnostics.reasons), key=lambda rule: rule.name)


def _decision(result: cedarpy.AuthzResult, determining: Sequence[Rule]) -> Decision:
    if result.decision is cedarpy.Decision.Allow and determining and all(rule.permits for rule in determining):
        return "allow"
    return "ask" if determining and all(rule.asks for rule in determining) else "deny"


def _demands(determining: Sequence[Rule]) -> tuple[Demand, ...]:
    """Return what rules demand of the human who allows a call, all of them together, in a fixed order."""
    made = {demand for rule in determining for demand in rule.demands}
    return tuple(demand for demand in get_args(Demand) if demand in made)


def _reason(determining: Sequence[Rule]) -> str:
    if not determining:
        return "No rule allows it."
    return " ".join(rule.reason or f"The rule {rule.name} says so." for rule in determining)
