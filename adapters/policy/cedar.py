"""Judge by rules in the Cedar language, so that whatever goes wrong is a denial.

The engine by itself lets a call through when the rule that forbids it fails, for a number too large or a missing
value. So each call is evaluated with the schema, and any error that the engine reports denies, as does its having
nothing to say.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import cedarpy

from adapters.policy.language import Parsed, Rule, read, shipped
from adapters.policy.request import entities, request
from commands.ports import Case, Ruling
from domain.catalog.policies import PolicySet
from domain.errors import Refused
from domain.session.events import Decision

DEFAULT = shipped("default")
SHIPPED = (DEFAULT, shipped("strict"))
MOST_SECONDS = 1.0
_PARSED = 32

Engine: TypeAlias = Callable[[dict[str, Any], cedarpy.PolicySet, str, cedarpy.Schema], cedarpy.AuthzResult]


class EngineError(Exception):
    """Report that a rule could not be evaluated: it might have been the one that forbids."""


class CedarJudge:
    """Implement the Judge port; parsed sets are kept, a bounded number."""

    def __init__(self, engine: Engine = cedarpy.is_authorized) -> None:
        self._engine = engine
        self._parsed: OrderedDict[PolicySet, tuple[str, Parsed]] = OrderedDict()

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
            decision, rules, reason = self._judge(parsed, case)
        except Exception as fault:
            said = str(fault) if isinstance(fault, Refused) else f"{type(fault).__name__}: {fault}"
            decision, rules, reason = "deny", ("engine-error",), f"The rules could not be applied: {said}"
        return Ruling(decision=decision, rules=rules, policy_set=digest or policy_set.digest, reason=reason[:2_000])

    def _read(self, policy_set: PolicySet) -> tuple[str, Parsed]:
        if policy_set not in self._parsed:
            self._parsed[policy_set] = (policy_set.digest, read(policy_set))
        self._parsed.move_to_end(policy_set)
        while len(self._parsed) > _PARSED:
            self._parsed.popitem(last=False)
        return self._parsed[policy_set]

    def _judge(self, parsed: Parsed, case: Case) -> tuple[Decision, tuple[str, ...], str]:
        began = time.monotonic()
        asked, about = request(case, parsed.arguments), entities(case)
        result = self._engine(asked, parsed.policies, about, parsed.schema)
        determining = _determining(result, parsed)
        decision = _decision(result, determining)
        if decision == "ask":
            granted = self._engine(asked, parsed.granted, about, parsed.schema)
            if _decision(granted, _determining(granted, parsed)) != "allow":
                return "deny", _names(determining), f"{_reason(determining)} And no rule allows it."
        if time.monotonic() - began > MOST_SECONDS:
            return "deny", ("engine-too-slow",), f"The rules took longer than {MOST_SECONDS:g} s."
        return decision, _names(determining), _reason(determining)


def _determining(result: cedarpy.AuthzResult, parsed: Parsed) -> list[Rule]:
    """Return the rules that determined a result; raise EngineError where any of them could not be evaluated."""
    if result.diagnostics.errors:
        raise EngineError("; ".join(result.diagnostics.errors))
    return sorted((parsed.rules[key] for key in result.diagnostics.reasons), key=lambda rule: rule.name)


def _decision(result: cedarpy.AuthzResult, determining: Sequence[Rule]) -> Decision:
    if result.decision is cedarpy.Decision.Allow and determining and all(rule.permits for rule in determining):
        return "allow"
    return "ask" if determining and all(rule.asks for rule in determining) else "deny"


def _names(determining: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(rule.name for rule in determining)


def _reason(determining: Sequence[Rule]) -> str:
    if not determining:
        return "No rule allows it."
    return " ".join(rule.reason or f"The rule {rule.name} says so." for rule in determining)
