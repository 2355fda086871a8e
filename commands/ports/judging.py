"""Name what judges calls by rules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from domain.catalog.events import Agent, Tool
from domain.catalog.policies import PolicySet
from domain.encoding import Json
from domain.labels import Provenance
from domain.session.events import BudgetSpent, Decision, EffectClass, Limits
from domain.session.proof import Demand


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Put one request before the judge, with all that rules may read: nothing in it but what the log can say again.

    ``listed``: the tool is on the agent's list. ``scopes`` were granted to the API; ``at`` is when it became due.
    """

    agent: Agent
    tool: Tool
    listed: bool
    request_digest: str
    effect_class: EffectClass
    at: datetime
    arguments: Json = msgspec.Raw(b"{}")
    scopes: tuple[str, ...] = ()
    user: str = ""
    roles: tuple[str, ...] = ()
    lane: str = "standard"
    environment: str = ""
    limits: Limits = Limits()
    spent: BudgetSpent = BudgetSpent()
    provenance: Provenance = Provenance()


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a verdict with every rule that determined it, and what they demand of the human who allows the call.

    ``observed`` are the rules that would have forbidden it, were they enforced.
    """

    decision: Decision
    rules: tuple[str, ...]
    policy_set: str
    reason: str
    demands: tuple[Demand, ...] = ()
    observed: tuple[str, ...] = ()


class Judge(Protocol):
    """Judge requests by sets of rules."""

    @property
    def default(self) -> PolicySet:
        """Return the set that is in force where no other was activated."""
        ...

    @property
    def shipped(self) -> Sequence[PolicySet]:
        """Return the sets that come with the product, the default first."""
        ...

    def check(self, policy_set: PolicySet) -> Sequence[str]:
        """Return the names of a set's rules; raise Invalid where it cannot be used."""
        ...

    def judge(self, policy_set: PolicySet, case: Case) -> Ruling:
        """Allow, deny or ask; whatever goes wrong inside is a denial, never an exception."""
        ...

    def denied_always(self, policy_set: PolicySet, case: Case) -> str:
        """Say why a call is denied whatever its arguments, its time and what was read; empty where that may differ.

        Of the case only that is looked at which holds for the whole session; it never raises.
        """
        ...
