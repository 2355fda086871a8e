"""Make whole sessions by the product's own rules, with everything that goes wrong on the way, from random draws."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import assert_never, get_args
from uuid import UUID

import msgspec

from domain.catalog.events import Tool
from domain.content import content
from domain.encoding import foreign
from domain.envelope import Actor, Context, Event, fact_event
from domain.session.admit import open_approvals
from domain.session.decide import BEHAVIOUR
from domain.session.effects import (
    IMMEDIATE,
    AskModel,
    CheckArguments,
    CheckResult,
    DescribeTool,
    Effect,
    EndOverdue,
    ExpireApproval,
    FindTools,
    JudgeCall,
    LapseLease,
    RecallMemories,
    ReturnAllotment,
    SendCall,
    TakeAllotment,
)
from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ArgumentsChecked,
    CallAttempted,
    CallDeferred,
    CallFailed,
    CallSucceeded,
    CancelRequested,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    Failure,
    FoundFor,
    FoundTool,
    GoalSubmitted,
    LeaseLapsed,
    Limits,
    MemoriesRecalled,
    ModelFailed,
    ModelReplied,
    Outcome,
    OutcomeReported,
    PinnedAgent,
    ResultChecked,
    SessionEvent,
    SessionFact,
    SessionPaused,
    SessionResumed,
    ToolDescribed,
    ToolsFound,
    VerdictReached,
)
from domain.session.outstanding import outstanding
from domain.session.provenance import provenance
from domain.session.react import react
from domain.session.state import Calling, DeadLetter, InFlight, Open, Replaying, Session

BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)
AGENTS = tuple(PinnedAgent(id=role, role=role, revision="1") for role in ("planner", "executor", "reviewer"))
OUTCOMES = get_args(Outcome)
FAILURES = get_args(Failure)
TOOLS = {
    name: Tool(
        name=name,
        api="shop",
        operation=f"POST /{number}",
        document="d" * 64,
        description="Change an order.",
        effect_class="write",
        repeatable=False,
    )
    for number, name in enumerate(("shop/list-orders", "shop/refund", "shop/ship"))
}

Append = list[Event[SessionEvent]]


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Say how often, of a thousand times, something goes wrong or somebody interferes."""

    faults: int = 250
    asks: int = 250
    people: int = 60
    late: int = 40


SMOOTH = Trouble(faults=60, asks=100, people=2, late=2)


def history(
    draw: Random,
    session: UUID,
    *,
    steps: int = 3,
    trouble: Trouble | None = None,
    most: int = 400,
    catalog: str = "c" * 64,
) -> Iterator[Append]:
    """Yield the appends of one session, at most ``most``; it mostly comes to an end before."""
    teller = _Teller(draw, session, steps, trouble or Trouble(), catalog)
    yield teller.append(teller.goal())
    for _ in range(most):
        fact = teller.next_fact()
        if fact is None:
            return
        yield teller.append(fact)


class _Teller:
    """Know a session's state and draw what happens to it next."""

    def __init__(self, draw: Random, session: UUID, steps: int, trouble: Trouble, catalog: str):
        self._draw = draw
        self._session = session
        self._steps = steps
        self._trouble = trouble
        self._catalog = catalog
        self._at = BEGAN
        self._appends = 0
        self._state: Session | None = None

    def append(self, fact: SessionFact) -> Append:
        """Return a fact with all that follows from it at once."""
        self._at += timedelta(milliseconds=self._draw.randint(0, 400))
        self._appends += 1
        context = Context(
            command_id=f"{self._session}-{self._appends}",
            actor=Actor(kind="system", id="worker-1"),
            at=self._at,
            correlation=str(self._session),
        )
        events: Append = []
        index = 0
        following: SessionFact | None = fact
        while following is not None:
            group, self._state = react(self._state, fact_event(_event(following), context, index))
            events += group
            index += 1
            following = self._immediate()
        return events

    def goal(self) -> GoalSubmitted:
        return GoalSubmitted(
            session=str(self._session),
            goal="Refund the last order of ada@example.org and tell her when the money arrives",
            user="ada",
            model="scripted:shop",
            agents=AGENTS,
            catalog=self._catalog,
            policy_set="p" * 64,
            behaviour=BEHAVIOUR,
            limits=Limits(parallel_steps=2),
        )

    def next_fact(self) -> SessionFact | None:
        """Draw what happens next, None when nothing can."""
        state = self._state
        assert state is not None
        if state.ended:
            return self._after_the_end(state)
        if self._happens(self._trouble.people):
            return self._interfered(state)
        owed = outstanding(state)
        answers = self._answers(state)
        if answers and (not owed or self._happens(850)):
            return self._draw.choice(answers)
        return self._performed(self._draw.choice(owed)) if owed else self._interfered(state)

    def _happens(self, permille: int) -> bool:
        return self._draw.randrange(1000) < permille

    def _immediate(self) -> SessionFact | None:
        owed = [effect for effect in outstanding(self._state) if isinstance(effect, IMMEDIATE)]
        return self._performed(owed[0]) if owed else None

    def _interfered(self, state: Session) -> SessionFact:
        if state.paused:
            return SessionResumed(reason="go on")
        if self._happens(200):
            return CancelRequested(reason="no longer wanted")
        return SessionPaused(reason="a look first")

    def _after_the_end(self, state: Session) -> SessionFact | None:
        replayed = [letter for letter in state.letters if isinstance(letter.stage, Replaying)]
        if replayed:
            return self._on_replay(state, self._draw.choice(replayed))
        if not self._happens(self._trouble.late):
            return None
        waiting = [letter for letter in state.letters if isinstance(letter.stage, Open)]
        return self._decided(self._draw.choice(waiting)) if waiting and self._happens(700) else self._late(state)

    def _on_replay(self, state: Session, letter: DeadLetter) -> SessionFact:
        match letter.stage:
            case Replaying(phase=InFlight(attempt=attempt)) if self._happens(850):
                return self._answered(letter.choice.call, attempt)
            case _:
                effects = (SendCall, LapseLease)
                owed = [effect for effect in outstanding(state) if isinstance(effect, effects)]
                return self._performed(self._draw.choice(owed))

    def _decided(self, letter: DeadLetter) -> SessionFact:
        call = letter.choice.call
        if self._happens(200):
            return DeadLetterDiscarded(letter=letter.id, call=call, by="bob", reason="done by hand")
        return DeadLetterReplayed(letter=letter.id, call=call, by="bob", reason="the shop is back")

    def _late(self, state: Session) -> SessionFact | None:
        calls = [step.stage.choice.call for step in state.steps if isinstance(step.stage, Calling)]
        return self._success(self._draw.choice(calls), 1) if calls else None

    def _answers(self, state: Session) -> Sequence[SessionFact]:
        """Return what may happen without being owed now: humans answer, tools answer."""
        found: list[SessionFact] = []
        for approval, call in open_approvals(state):
            if approval.question == "outcome":
                outcome: Outcome = self._draw.choice(OUTCOMES)
                found.append(OutcomeReported(approval=approval.id, call=call, outcome=outcome, by="bob"))
            elif self._happens(100):
                found.append(ApprovalDenied(approval=approval.id, by="bob", reason="too much"))
            else:
                digest = approval.request_digest
                found.append(ApprovalGranted(approval=approval.id, request_digest=digest, by="bob", reason="fine"))
        for step in state.open_steps:
            match step.stage:
                case Calling(phase=InFlight(attempt=attempt), choice=choice):
                    found.append(self._answered(choice.call, attempt))
                case _:
                    pass
        return found

    def _answered(self, call: str, attempt: int) -> SessionFact:
        if not self._happens(self._trouble.faults):
            return self._success(call, attempt)
        failure: Failure = self._draw.choice(FAILURES)
        jitter = self._draw.randrange(1000)
        return CallFailed(
            call=call, attempt=attempt, failure=failure, reason="it failed", status=500, jitter_permille=jitter
        )

    def _success(self, call: str, attempt: int) -> CallSucceeded:
        order = {"order": self._draw.randrange(10_000), "state": "refunded", "amount": "12.50"}
        output = content(bytes(foreign(order)))
        return CallSucceeded(call=call, attempt=attempt, status=200, output=output, source="tool:shop", latency_ms=12)

    def _performed(self, effect: Effect) -> SessionFact:
        fault = self._happens(self._trouble.faults)
        match effect:
            case AskModel():
                return self._replied(effect, fault)
            case FindTools(call=call, agents=agents, text=text):
                found = tuple(FoundFor(agent=agent, tools=(FoundTool(name="refund", score=1000),)) for agent in agents)
                return ToolsFound(call=call, text=text, method="words.v1", found=found)
            case RecallMemories(call=call, text=text):
                return MemoriesRecalled(call=call, text=text)
            case CheckArguments(choice=choice):
                if fault:
                    return ArgumentsChecked(call=choice.call, problems=("order: expected a number",))
                return ArgumentsChecked(
                    call=choice.call,
                    operation="POST /refunds",
                    document="d" * 64,
                    effect_class=self._draw.choice(("read", "write")),
                    repeatable=self._happens(500),
                    request_digest="e" * 64,
                )
            case JudgeCall(choice=choice, request=request):
                assert self._state is not None, "a verdict is asked for by a session"
                asks, reads = self._happens(self._trouble.asks), request.effect_class == "read"
                return VerdictReached(
                    call=choice.call,
                    request_digest=request.digest,
                    decision="ask" if asks else "deny" if fault else "allow",
                    rules=("writes-ask",),
                    policy_set="p" * 64,
                    reason="writes need a human",
                    provenance=provenance(self._state, choice, TOOLS[choice.tool], reads=reads),
                )
            case CheckResult(step=step, call=call):
                return ResultChecked(step=step, call=call, problems=("no amount",) if fault else ())
            case DescribeTool():
                return ToolDescribed(step=effect.step, call=effect.call, tool=effect.tool, at=effect.at, text="{}")
            case SendCall():
                return self._sent(effect, fault)
            case LapseLease(call=call, attempt=attempt):
                return LeaseLapsed(call=call, attempt=attempt, jitter_permille=self._draw.randrange(1000))
            case ExpireApproval(approval=approval):
                return ApprovalExpired(approval=approval)
            case TakeAllotment() | ReturnAllotment() | EndOverdue():
                raise AssertionError("a session without a meter owes no account anything")
            case _:
                assert_never(effect)

    def _sent(self, effect: SendCall, fault: bool) -> SessionFact:
        if fault:
            until = self._at + timedelta(seconds=self._draw.choice((1, 5, 600)))
            return CallDeferred(call=effect.choice.call, reason="the breaker is open", until=until)
        lease = self._at + timedelta(seconds=15)
        return CallAttempted(call=effect.choice.call, attempt=effect.attempt, worker="worker-1", lease_until=lease)

    def _replied(self, effect: AskModel, fault: bool) -> SessionFact:
        call, attempt = effect.model.id, effect.model.attempt
        if fault and self._happens(500):
            return ModelFailed(
                call=call, attempt=attempt, reason="overloaded", retryable=self._happens(900), jitter_permille=500
            )
        reply = b"I am not sure" if fault else msgspec.json.encode(self._reply(effect))
        return ModelReplied(
            call=call,
            attempt=attempt,
            reply=content(reply),
            prompt_digest="f" * 64,
            tokens_in=420,
            tokens_out=60,
            latency_ms=900,
        )

    def _reply(self, effect: AskModel) -> dict[str, object]:
        match effect.model.purpose:
            case "plan" | "replan":
                steps = [{"goal": f"do part {number}", "criteria": "it is done"} for number in range(self._steps)]
                chained = [{**step, "after": [number] if number else []} for number, step in enumerate(steps)]
                return {"steps": chained if self._happens(500) else steps}
            case "choose":
                if self._happens(100):
                    return {"result": "nothing to be done"}
                arguments = {"body": {"order": self._draw.randrange(10_000), "reason": "damaged"}}
                return {"tool": self._draw.choice(tuple(TOOLS)), "arguments": arguments}
            case "repair":
                return {"result": "the order is missing"}
            case "review":
                rework = self._happens(self._trouble.faults // 2)
                return {"verdict": "rework" if rework else "accept", "reason": "the amount is missing"}
            case "answer":
                return {"answer": "The money arrives on Friday."}
            case _:
                assert_never(effect.model.purpose)


def _event(fact: SessionFact) -> SessionEvent:
    return fact
