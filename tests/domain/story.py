"""Tell a session's story in facts, and say what is decided: ``given(...).when(...).then(...)``.

``given`` takes facts; what follows from each is decided on the way, so a story needs no consequences spelled out.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from domain.content import content
from domain.encoding import NULL, digest, foreign
from domain.errors import Refused
from domain.ids import derive
from domain.session import events as said
from domain.session.admit import admit
from domain.session.commands import SessionCommand
from domain.session.decide import BEHAVIOUR, decide
from domain.session.effects import Effect
from domain.session.evolve import evolve
from domain.session.outstanding import outstanding
from domain.session.proof import Terms
from domain.session.state import Session

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LEASE = NOW + timedelta(seconds=15)
SESSION = "s-1"
TEAM = (
    said.PinnedAgent(id="planner", role="planner", revision="p1"),
    said.PinnedAgent(id="executor", role="executor", revision="e1"),
    said.PinnedAgent(id="reviewer", role="reviewer", revision="r1"),
)
UNREVIEWED = TEAM[:2]
TOOLSMITH = said.PinnedAgent(id="toolsmith", role="toolsmith", revision="t1")
RESEARCHER = said.PinnedAgent(id="researcher", role="researcher", revision="s1")
UNLIMITED = said.Limits()


class Story(msgspec.Struct, frozen=True):
    """Hold a session's state so far, and what the last fact led to."""

    state: Session | None = None
    consequences: tuple[said.SessionConsequence, ...] = ()

    def when(self, fact: said.SessionFact, at: datetime = NOW) -> "Story":
        """Let a fact happen."""
        state = evolve(self.state, fact, at)
        assert state is not None, "a story begins with a goal"
        consequences = tuple(decide(state, fact, at))
        for consequence in consequences:
            state = evolve(state, consequence, at)
        return Story(state, consequences)

    def ordered(self, command: SessionCommand, at: datetime = NOW) -> "Story":
        """Let a command be admitted."""
        return self.when(admit(self.state, command, at), at)

    def refuses(self, command: SessionCommand, error: type[Refused], match: str, at: datetime = NOW) -> None:
        """Expect a command to be refused."""
        with pytest.raises(error, match=match):
            admit(self.state, command, at)

    def then(self, *expected: said.SessionConsequence) -> "Story":
        """Expect exactly these consequences of the last fact."""
        assert self.consequences == expected
        return self

    def then_only(self, *types: type[said.SessionConsequence]) -> "Story":
        """Expect consequences of exactly these types."""
        assert tuple(type(consequence) for consequence in self.consequences) == types
        return self

    def owes(self, *ids: str) -> "Story":
        """Expect exactly these effects to be outstanding."""
        assert tuple(effect.id for effect in outstanding(self.state)) == ids
        return self

    def owed(self) -> Effect:
        """Return the only effect that is outstanding."""
        (effect,) = outstanding(self.state)
        return effect

    @property
    def session(self) -> Session:
        """Return the state of the session that exists."""
        assert self.state is not None
        return self.state

    @property
    def last(self) -> Any:
        """Return the last consequence."""
        return self.consequences[-1]


def given(*facts: said.SessionFact) -> Story:
    """Begin a story with facts that all happened at NOW."""
    story = Story()
    for fact in facts:
        story = story.when(fact)
    return story


def goal(
    *, agents: Sequence[said.PinnedAgent] = TEAM, limits: said.Limits = UNLIMITED, behaviour: int = BEHAVIOUR
) -> said.GoalSubmitted:
    """Submit a goal."""
    return said.GoalSubmitted(
        session=SESSION,
        goal="Order what runs low",
        user="ada",
        model="scripted:test",
        agents=tuple(agents),
        catalog="c" * 64,
        policy_set="p" * 64,
        behaviour=behaviour,
        context=NULL,
        limits=limits,
    )


def replied(call: str, text: str, *, attempt: int = 1, tokens: int = 0) -> said.ModelReplied:
    """Let a model answer with a text."""
    return said.ModelReplied(
        call=call, attempt=attempt, reply=content(text.encode()), prompt_digest="d", tokens_out=tokens
    )


def plan(*after: Sequence[int], tokens: int = 0) -> said.ModelReplied:
    """Let the planner propose steps; each argument lists which earlier steps that step waits for."""
    steps = [{"goal": f"do {number}", "after": list(earlier)} for number, earlier in enumerate(after, 1)]
    return replied("plan", bytes(foreign({"steps": steps})).decode(), tokens=tokens)


def chooses(tool: str = "create_order", *, step: int = 1, round: int = 1, tokens: int = 0) -> said.ModelReplied:
    """Let a step's agent choose a tool."""
    return replied(f"choose-{step}-{round}", f'{{"tool": "{tool}", "arguments": {{"body": {{}}}}}}', tokens=tokens)


def states(result: str, *, step: int = 1, round: int = 1) -> said.ModelReplied:
    """Let a step's agent state its result without a tool."""
    return replied(f"choose-{step}-{round}", f'{{"result": "{result}"}}')


def fits(*, step: int = 1, round: int = 1, repeatable: bool = False) -> said.ArgumentsChecked:
    """Let the chosen arguments make a request."""
    return said.ArgumentsChecked(
        call=f"call-{step}-{round}",
        operation="POST /orders",
        document="doc",
        repeatable=repeatable,
        request_digest=request_digest(step, round),
    )


def request_digest(step: int = 1, round: int = 1) -> str:
    """Name the request that a step's arguments make."""
    return derive("request", step, round)


def key_of(step: int = 1, round: int = 1) -> str:
    """Name the idempotency key of a step's call."""
    return derive(SESSION, f"call-{step}-{round}")


def verdict(
    decision: said.Decision = "allow", *, step: int = 1, round: int = 1, digest: str = "", reason: str = "the rules"
) -> said.VerdictReached:
    """Let the policy judge a step's request, or another one by its ``digest``."""
    return said.VerdictReached(
        call=f"call-{step}-{round}",
        request_digest=digest or request_digest(step, round),
        decision=decision,
        rules=("rule",),
        policy_set="p" * 64,
        reason=reason,
    )


def terms(*, step: int = 1, round: int = 1, **changed: Any) -> Terms:
    """Say what a human is asked to allow of a step."""
    usual: dict[str, Any] = {
        "session": SESSION,
        "approval": f"{SESSION}-call-{step}-{round}",
        "requester": "ada",
        "operation": "POST /orders",
        "document": "doc",
        "arguments": digest({"body": {}}),
        "request_digest": request_digest(step, round),
        "policy_set": "p" * 64,
        "rules": ("rule",),
        "expires_at": NOW + timedelta(days=1),
    }
    return Terms(**{**usual, **changed})


def granted(
    *, step: int = 1, round: int = 1, digest: str = "", agreed: Terms | None = None, **given: Any
) -> said.ApprovalGranted:
    """Let a human allow a step's request, under the usual terms or others."""
    agreed = agreed or terms(step=step, round=round)
    return said.ApprovalGranted(
        approval=agreed.approval,
        request_digest=digest or agreed.request_digest,
        proof=agreed.proof,
        **{"by": "ada", **given},
    )


def attempted(attempt: int = 1, *, step: int = 1, round: int = 1) -> said.CallAttempted:
    """Let a worker claim an attempt."""
    return said.CallAttempted(call=f"call-{step}-{round}", attempt=attempt, worker="w", lease_until=LEASE)


def succeeded(attempt: int = 1, *, step: int = 1, round: int = 1, text: str = '{"ok":true}') -> said.CallSucceeded:
    """Let a tool answer."""
    return said.CallSucceeded(
        call=f"call-{step}-{round}",
        attempt=attempt,
        status=201,
        output=content(text.encode()),
        source="tool:create_order",
    )


def failed(
    failure: said.Failure, attempt: int = 1, *, step: int = 1, round: int = 1, jitter: int = 0, retry_after_ms: int = 0
) -> said.CallFailed:
    """Let an attempt fail."""
    return said.CallFailed(
        call=f"call-{step}-{round}",
        attempt=attempt,
        failure=failure,
        reason="trouble",
        jitter_permille=jitter,
        retry_after_ms=retry_after_ms,
    )


def lapsed(attempt: int = 1, *, step: int = 1, round: int = 1) -> said.LeaseLapsed:
    """Let an attempt's lease end without an answer."""
    return said.LeaseLapsed(call=f"call-{step}-{round}", attempt=attempt)


def looked(*problems: str, step: int = 1, round: int = 1) -> said.ResultChecked:
    """Let code review a step's result."""
    return said.ResultChecked(step=step, call=f"call-{step}-{round}", problems=problems)


def reviewed(verdict: str = "accept", reason: str = "", *, step: int = 1, round: int = 1) -> said.ModelReplied:
    """Let the reviewer judge a step's result."""
    return replied(f"review-{step}-{round}", f'{{"verdict": "{verdict}", "reason": "{reason}"}}')


def answers(text: str = "done") -> said.ModelReplied:
    """Let the planner answer the goal."""
    return replied("answer", f'{{"answer": "{text}"}}')


CHOSEN = (goal(), plan(()), chooses())
JUDGING = (*CHOSEN, fits())
REQUESTED = (*JUDGING, verdict())
IN_FLIGHT = (*REQUESTED, attempted())
REPEATABLE = (*CHOSEN, fits(repeatable=True), verdict(), attempted())
ASKING = (*JUDGING, verdict("ask"))
UNKNOWN = (*IN_FLIGHT, failed("unanswered"))
INSPECTING = (*IN_FLIGHT, succeeded())
REVIEWING = (*INSPECTING, looked())
