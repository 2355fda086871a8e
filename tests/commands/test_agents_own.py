"""An agent's own rules and limits hold beside those of its session, and of both the stricter decides."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.postgres.store import PostgresEventStore
from commands.backtest import backtest
from commands.catalogue import Catalogue
from commands.judging import stricter
from commands.ports import Question, Reply, Ruling
from domain.agents import AgentLimits
from domain.session.events import Decision, Limits
from domain.session.state import Ended
from domain.session.tightening import tightened
from tests.commands.mail_world import Office, Puppet, Run, run
from tests.commands.parts import Time, context, shell_of

GOAL = "Tell bob@example.com that the file is there"
MAIL = {"tool": "send_mail", "arguments": {"body": {"to": "bob@example.com", "subject": "File", "text": "It is there"}}}
TOLD = {"goal": "Tell Bob", "tool": "send_mail", "slots": [{"argument": "/body/to", "value": "bob@example.com"}]}


class Strict(Puppet):
    """Be satisfied with no result."""

    def _says(self, purpose: str, step: int, round_: int) -> Any:
        strict = {"verdict": "rework", "reason": "look again"}
        return strict if purpose == "review" else super()._says(purpose, step, round_)


@dataclass
class Listening(Puppet):
    """Note how long each reply may be, and how long it may take."""

    bounds: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def ask(self, question: Question) -> Reply:
        """Note, then answer."""
        self.bounds[question.call] = (question.most_tokens, question.timeout_ms)
        return await super().ask(question)


async def of(store: PostgresEventStore, says: Any, **executor: Any) -> tuple[Run, Listening]:
    """Run a goal with an executor of its own."""
    if executor:
        shell = shell_of(store, Office(), Puppet([]), Time())  # type: ignore[arg-type]
        await Catalogue(shell).patch_agent("executor", executor, context())
    puppet = Listening([TOLD], {1: [says]})
    return await run(store, GOAL, puppet, {}), puppet


@pytest.mark.parametrize(("policy", "decision"), [("", "allow"), ("strict", "ask")])
async def test_what_the_session_allows_an_agents_own_rules_may_stop(
    store: PostgresEventStore, policy: str, decision: str
) -> None:
    found, _ = await of(store, MAIL, policy=policy)
    assert await found.decisions() == [decision] and bool(found.office.sent) == (not policy)
    (verdict,) = await found.recorded("verdict-reached")
    assert verdict["policy_set"] == found.state.policy_set and bool(verdict.get("agent_policy_set")) == bool(policy)
    again = await backtest(found.shell, "local", found.shell.judge.default)
    assert (again.decisions, again.flipped) == (1, 0), "what an agent's own rules decided is decided by them again"


async def test_an_agents_own_limits_hold_for_its_replies_and_its_tries(store: PostgresEventStore) -> None:
    own = AgentLimits(reply_tokens=70, model_attempts=1, model_timeout_ms=900)
    hasty, asked = await of(store, {"nonsense": 1}, limits=own)
    assert isinstance(hasty.state.stage, Ended) and "could not be used" in hasty.state.stage.text
    tries = [each["attempt"] for each in await hasty.recorded("model-call-attempted") if each["call"] == "choose-1-1"]
    assert tries == [1]
    assert asked.bounds["choose-1-1"] == (70, 900)
    assert asked.bounds["plan"] == (0, Limits().model_timeout_ms), "the planner has no limits of its own"


async def test_what_an_agent_may_not_use_is_neither_planned_for_it_nor_sent(store: PostgresEventStore) -> None:
    shell = shell_of(store, Office(), Puppet([]), Time())  # type: ignore[arg-type]
    await Catalogue(shell).patch_agent("executor", {"limits": AgentLimits(tool_calls=1)}, context())
    look = {"goal": "Which day is it", "tool": "get_current_day"}
    found = await run(store, GOAL, Strict([look]), {})
    assert len(found.office.sent) == 1
    assert [each["agent"] for each in await found.recorded("budget-short")] == ["executor"]
    (failed,) = await found.recorded("step-failed")
    assert failed["step"] == 1 and "executor's own limit of 1 tool calls leaves 0" in failed["reason"]
    planned = await run(store, GOAL, Puppet([look, look]), {})
    problems = (await planned.recorded("plan-checked"))[0]["problems"]
    assert any("its own limit of 1 tool calls leaves 1" in each for each in problems) and planned.office.sent == []


def test_of_two_limits_the_tighter_holds() -> None:
    limits = tightened(Limits(rework_rounds=2, reply_tokens=100), AgentLimits(rework_rounds=0, reply_tokens=1_000))
    assert limits == Limits(rework_rounds=0, reply_tokens=100)


DECISIONS: tuple[Decision, ...] = ("allow", "ask", "deny")


@pytest.mark.parametrize("own", DECISIONS)
@pytest.mark.parametrize("session", DECISIONS)
def test_of_two_rulings_the_stricter_decides(session: Decision, own: Decision) -> None:
    one = Ruling(decision=session, rules=("a",), policy_set="s", reason="A.", demands=("reason",))
    two = Ruling(decision=own, rules=("b",), policy_set="o", reason="B.", demands=("four-eyes",))
    both = stricter(one, two)
    assert both.decision == max(session, own, key=DECISIONS.index) and both.policy_set == "s"
    if session == own:
        assert (both.rules, set(both.demands)) == (("a", "b"), {"reason", "four-eyes"})
    else:
        assert both.rules == (("a",) if both.decision == session else ("b",))
