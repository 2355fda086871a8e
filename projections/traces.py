"""Turn a session's events into spans: session > step > call, with the questions to models and the commands of people.

A span closes with an event, and everything about it, its ids included, follows from the events up to there: whoever
reads the log finds the spans that were exported. No goal, argument, output or name of a person is in them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeAlias, assert_never, cast, get_args
from uuid import UUID

from domain.envelope import Event
from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    ArgumentsChecked,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallOutcomeUnknown,
    CallRetryScheduled,
    CallSucceeded,
    DeadLetterReplayed,
    GoalSubmitted,
    LeaseLapsed,
    ModelCallAttempted,
    ModelCallRequested,
    ModelFailed,
    ModelReplied,
    OutcomeReported,
    PlanProposed,
    RepairRequested,
    ResultChecked,
    ReworkRequested,
    SessionCancelled,
    SessionCompleted,
    SessionEvent,
    SessionFailed,
    StepAccepted,
    StepFailed,
    StepStarted,
    ToolChosen,
    VerdictReached,
)
from domain.tracing import SESSION, read_traceparent
from domain.upcasting import topic_of
from projections import conventions as named
from projections.names import purpose_of, step_of
from projections.spans import Span, Spans, Value

PLANNING = "planning"

Stage: TypeAlias = (
    ModelCallRequested
    | ModelCallAttempted
    | ModelReplied
    | ModelFailed
    | PlanProposed
    | StepStarted
    | ToolChosen
    | StepAccepted
    | StepFailed
    | RepairRequested
    | ReworkRequested
    | SessionCompleted
    | SessionFailed
    | SessionCancelled
)
Turn: TypeAlias = (
    ArgumentsChecked
    | VerdictReached
    | ApprovalRequested
    | ApprovalGranted
    | ApprovalDenied
    | ApprovalExpired
    | OutcomeReported
    | CallSucceeded
    | CallDeadLettered
    | DeadLetterReplayed
)
Try: TypeAlias = (
    CallAttempted
    | CallFailed
    | CallRetryScheduled
    | CallDeferred
    | CallExpired
    | CallOutcomeUnknown
    | LeaseLapsed
    | ResultChecked
)
# Looked up by type, for asking a Struct's class takes a third of a microsecond a time, and there are dozens.
STAGES, TURNS, TRIES = (frozenset(get_args(each)) for each in (Stage, Turn, Try))


class Trace:
    """Follow one session's events in order; ``version`` is that of the last one taken."""

    def __init__(self, session: UUID | str):
        self.version = 0
        self._spans = Spans(str(session))
        self._model: dict[str, str] = {}
        self._asked: dict[str, str] = {}
        self._chosen: dict[str, tuple[int, str]] = {}
        self._replays: Counter[str] = Counter()

    @property
    def open(self) -> dict[str, Span]:
        """Return the spans that have not closed yet, by name."""
        return self._spans.open

    def take(self, events: Iterable[Event[SessionEvent] | None]) -> list[Span]:
        """Take the next events, None for one of an unknown type, and return the spans that they closed."""
        closed = []
        for event in events:
            self.version += 1
            if event is not None:
                closed += self._take(event)
        return closed

    def _take(self, event: Event[SessionEvent]) -> list[Span]:
        if self.version == 1 and isinstance(event.data, GoalSubmitted):
            self._begin(event, event.data)
        # Only people send commands; what a service records it has observed.
        told = [self._command(event)] if event.kind == "fact" and event.actor.kind == "person" else []
        return told + self._happened(event.data, event.at)

    def _begin(self, event: Event[SessionEvent], goal: GoalSubmitted) -> None:
        self._model = named.model_attributes(goal.model)
        attributes = {named.LANE: goal.lane, named.TENANT: goal.tenant}
        span = self._spans.begin(SESSION, "", named.INVOKE_WORKFLOW, "", event.at, attributes)
        span.link = read_traceparent(event.traceparent)

    def _command(self, event: Event[SessionEvent]) -> Span:
        topic = topic_of(type(event.data))
        word = topic.removeprefix("session.").rpartition(".")[0]
        attributes: dict[str, Value] = {named.FACT: topic, named.VERSION: self.version}
        span = self._spans.make(event.id, SESSION, named.COMMAND, word, event.at, attributes)
        span.link = read_traceparent(event.traceparent)
        return span.ended(event.at)

    def _happened(self, data: SessionEvent, at: datetime) -> list[Span]:
        kind = type(data)
        if kind in STAGES:
            return self._on_stage(cast(Stage, data), at)
        if kind in TURNS:
            return self._on_turn(cast(Turn, data), at)
        if kind in TRIES:
            return self._on_try(cast(Try, data), at)
        return []  # bookkeeping, and what people did has its own span

    def _on_stage(self, data: Stage, at: datetime) -> list[Span]:
        match data:
            case ModelCallRequested(purpose="plan", agent=agent):
                self._spans.begin(PLANNING, SESSION, named.PLAN, agent, at, _agent(agent))
            case ModelCallAttempted(call=call, attempt=attempt, model=model):
                self._ask(call, attempt, model, at)
            case ModelReplied(call=call, attempt=attempt):
                used = {named.TOKENS_IN: data.tokens_in, named.TOKENS_OUT: data.tokens_out}
                return self._spans.close(_question(call, attempt), at, attributes=used)
            case ModelFailed(call=call, attempt=attempt):
                return self._spans.close(_question(call, attempt), at, error="model-failed")
            case PlanProposed():
                return self._spans.close(PLANNING, at)
            case StepStarted(step=step, agent=agent):
                attributes = {**_agent(agent), named.STEP: step}
                self._spans.begin(_step(step), SESSION, named.INVOKE_AGENT, agent, at, attributes)
            case ToolChosen():
                self._choose(data, at)
            case StepAccepted(step=step):
                return self._end_step(step, at)
            case StepFailed(step=step):
                return self._end_step(step, at, error="step-failed")
            case ReworkRequested(step=step, round=round_):
                self._spans.note(_step(step), "rework", at, {named.ROUND: round_})
                return self._end_calls(step, at)
            case RepairRequested(step=step, round=round_):
                self._spans.note(_step(step), "repair", at, {named.ROUND: round_})
                return self._end_calls(step, at)
            case SessionCompleted():
                return self._end("completed", (), at)
            case SessionFailed(in_flight=in_flight):
                return self._end("failed", in_flight, at)
            case SessionCancelled(in_flight=in_flight):
                return self._end("cancelled", in_flight, at)
            case ModelCallRequested(recipe="research.v1", step=step):
                return self._end_calls(step, at)  # one that was not made has no answer to close it
            case ModelCallRequested():
                pass
            case _:
                assert_never(data)
        return []

    def _on_turn(self, data: Turn, at: datetime) -> list[Span]:
        match data:
            case ArgumentsChecked(call=call, problems=problems) if problems:
                return self._spans.close(call, at, error="invalid-arguments")
            case ArgumentsChecked(call=call):
                self._spans.add(call, {named.EFFECT_CLASS: data.effect_class})
            case VerdictReached(call=call, decision=decision):
                reached: dict[str, Value] = {named.DECISION: decision, named.RULES: data.rules}
                self._spans.note(call, "verdict", at, reached)
                return self._spans.close(call, at, error="denied") if decision == "deny" else []
            case ApprovalRequested(call=call):
                self._asked[data.approval] = call
                self._spans.note(call, f"{data.question}-asked", at)
            case ApprovalGranted(approval=approval):
                self._spans.note(self._asked.pop(approval, ""), "approved", at)
            case ApprovalDenied(approval=approval):
                return self._spans.close(self._asked.pop(approval, ""), at, error="denied")
            case ApprovalExpired(approval=approval):
                return self._spans.close(self._asked.pop(approval, ""), at, error="expired")
            case OutcomeReported(call=call, outcome=outcome):
                self._asked.pop(data.approval, "")
                self._spans.note(call, f"outcome-{outcome}", at)
                return self._spans.close(call, at) if outcome == "happened" else []
            case CallSucceeded(call=call):
                answered = {named.HTTP_STATUS: data.status, named.LATENCY_MS: data.latency_ms}
                return self._spans.close(call, at, attributes=answered)
            case CallDeadLettered(call=call):
                return self._spans.close(call, at, error="dead-lettered")
            case DeadLetterReplayed(call=call):
                self._replay(call, at)
            case _:
                assert_never(data)
        return []

    def _on_try(self, data: Try, at: datetime) -> list[Span]:
        match data:
            case CallAttempted(call=call, attempt=attempt):
                self._spans.note(call, "attempt", at, {named.ATTEMPT: attempt})
            case CallFailed(call=call, attempt=attempt, failure=failure):
                self._spans.note(call, "failed", at, {named.ATTEMPT: attempt, named.FAILURE: failure, **_answer(data)})
                self._spans.suspect(call, failure)
            case CallRetryScheduled(call=call, attempt=attempt):
                self._spans.note(call, "retry", at, {named.ATTEMPT: attempt})
            case CallDeferred(call=call):
                self._spans.note(call, "deferred", at)
            case CallExpired(call=call, attempt=attempt):
                self._spans.note(call, "expired", at, {named.ATTEMPT: attempt})
            case CallOutcomeUnknown(call=call, attempt=attempt):
                self._spans.note(call, "outcome-unknown", at, {named.ATTEMPT: attempt})
            case LeaseLapsed(call=call, attempt=attempt):
                self._spans.note(call, "lease-lapsed", at, {named.ATTEMPT: attempt})
                return self._spans.close(_question(call, attempt), at, error="lease-lapsed")
            case ResultChecked(step=step, problems=problems):
                self._spans.note(_step(step), "result-refused" if problems else "result-checked", at)
            case _:
                assert_never(data)
        return []

    def _ask(self, call: str, attempt: int, own: str, at: datetime) -> None:
        asked = named.model_attributes(own) if own else self._model
        step, model = step_of(call), asked.get(named.MODEL, "")
        parent = _step(step) if step else PLANNING if PLANNING in self.open else SESSION
        attributes: dict[str, Value] = {**asked, named.PURPOSE: purpose_of(call), named.ATTEMPT: attempt}
        self._spans.begin(_question(call, attempt), parent, named.CHAT, model, at, attributes).kind = "client"

    def _choose(self, data: ToolChosen, at: datetime) -> None:
        self._chosen[data.call] = data.step, data.tool
        self._execute(data.call, data.call, at)

    def _replay(self, call: str, at: datetime) -> None:
        """Begin the execution of a call that was given up: a span of its own, for the first one is over."""
        if call not in self._chosen:
            return
        self._replays[call] += 1
        self._execute(call, f"{call}-r{self._replays[call]}", at)

    def _execute(self, call: str, effect: str, at: datetime) -> None:
        step, tool = self._chosen[call]
        attributes = {named.TOOL: tool, named.TOOL_CALL: call, named.TOOL_TYPE: "function"}
        span = self._spans.make(effect, _step(step), named.EXECUTE_TOOL, tool, at, attributes)
        self._spans.begin_as(call, span)

    def _end_step(self, step: int, at: datetime, error: str = "") -> list[Span]:
        return self._end_calls(step, at) + self._spans.close(_step(step), at, error=error)

    def _end_calls(self, step: int, at: datetime) -> list[Span]:
        """Close what a step leaves behind that no event of its own has closed: a call that the tool refused."""
        left = [key for key, span in self.open.items() if span.parent == _step(step)]
        return [span for key in left for span in self._spans.give_up(key, at)]

    def _end(self, status: str, in_flight: Sequence[str], at: datetime) -> list[Span]:
        """Close everything but calls that have an end of their own, in flight or sent again; the session last."""
        self._spans.add(SESSION, {named.STATUS: status})
        left = [key for key in self.open if key != SESSION and key not in in_flight and key not in self._replays]
        closed = [span for key in left for span in self._spans.close(key, at, error=f"session-{status}")]
        return closed + self._spans.close(SESSION, at, error="" if status == "completed" else status)


def _question(call: str, attempt: int) -> str:
    return f"{call}-m{attempt}"


def _step(number: int) -> str:
    return f"step-{number}"


def _agent(agent: str) -> dict[str, Value]:
    return {named.AGENT: agent, named.AGENT_NAME: agent}


def _answer(failed: CallFailed) -> dict[str, Value]:
    return {named.HTTP_STATUS: failed.status} if failed.status else {}
