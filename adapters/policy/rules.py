"""Judge by the first rule set: reads are allowed, writes ask, tools outside the agent's list are denied."""

import msgspec

from commands.ports import Case, Ruling
from domain.catalog.state import may_use
from domain.encoding import digest
from domain.session.events import Decision


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the rules as data; its digest names the set in every verdict."""

    name: str = "first-rules"
    unlisted: Decision = "deny"
    allowed_methods: tuple[str, ...] = ("GET", "HEAD")
    other_methods: Decision = "ask"


FIRST_RULES = RuleSet()


class FirstRules:
    """Implement the Judge port over a rule set."""

    def __init__(self, rules: RuleSet = FIRST_RULES) -> None:
        self._rules = rules
        self._digest = digest(rules)

    @property
    def policy_set(self) -> str:
        """Return the digest of the rule set in force."""
        return self._digest

    def judge(self, case: Case) -> Ruling:
        """Allow, deny or ask; whatever goes wrong inside is a denial."""
        try:
            return self._judge(case)
        except Exception as fault:
            return self._ruling(
                "deny", "engine-error", f"The rules could not be applied: {type(fault).__name__}: {fault}."
            )

    def _judge(self, case: Case) -> Ruling:
        method = case.tool.operation.partition(" ")[0]
        if not may_use(case.agent, case.tool):
            reason = f"The tool {case.tool.name} is not on the list of the agent {case.agent.id}."
            return self._ruling(self._rules.unlisted, "tool-not-listed", reason)
        if method in self._rules.allowed_methods:
            return self._ruling("allow", "reads-are-allowed", f"{method} only reads.")
        return self._ruling(self._rules.other_methods, "writes-ask", f"{method} may change something.")

    def _ruling(self, decision: Decision, rule: str, reason: str) -> Ruling:
        return Ruling(decision=decision, rules=(rule,), policy_set=self._digest, reason=reason)
