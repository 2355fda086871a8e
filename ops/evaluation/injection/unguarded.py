"""Judge nothing, to see that every attack gets through where no policy stands in its way."""

from collections.abc import Sequence

from commands.ports import Case, Ruling
from domain.catalog.policies import PolicySet

NOTHING = PolicySet(name="none", text="")


class Unguarded:
    """Implement the Judge port: everything is allowed."""

    @property
    def default(self) -> PolicySet:
        """Return a set without rules."""
        return NOTHING

    @property
    def shipped(self) -> Sequence[PolicySet]:
        """Return the only set."""
        return (NOTHING,)

    def check(self, policy_set: PolicySet) -> Sequence[str]:
        """Find no rules."""
        return ()

    def judge(self, policy_set: PolicySet, case: Case) -> Ruling:
        """Allow whatever is asked for."""
        return Ruling(decision="allow", rules=(), policy_set=policy_set.digest, reason="Nothing is judged.")

    def denied_always(self, policy_set: PolicySet, case: Case) -> str:
        """Deny nothing."""
        return ""
