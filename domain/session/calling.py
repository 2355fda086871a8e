"""Decide about tool calls: whether one may be sent, and what its failure means."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.retry import backoff
from domain.session import researching
from domain.session.approving import asked_anew, on_ask, renewed, request_call, stopped
from domain.session.events import (
    ApprovalRequested,
    ArgumentsChecked,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallOutcomeUnknown,
    CallRetryScheduled,
    LeaseLapsed,
    Limits,
    OutcomeReported,
    SessionConsequence,
    VerdictReached,
)
from domain.session.mending import is_mendable, mend_or_send_back
from domain.session.proof import Terms
from domain.session.rehearsing import is_rehearsed, on_rehearsal
from domain.session.state import (
    Calling,
    Checking,
    Due,
    InFlight,
    Judging,
    OutcomeUnknown,
    Session,
    Step,
)
from domain.session.steps import fail_step, send_back


def on_arguments(state: Session, fact: ArgumentsChecked) -> Sequence[SessionConsequence]:
    """Have arguments that make no request mended, or send them back to the agent that chose them."""
    step = state.step_awaiting(fact.call)
    if step is None or not isinstance(step.stage, Checking):
        return researching.spared(state, step) if step else ()
    problem = "the arguments do not fit: " + "; ".join(fact.problems)
    return mend_or_send_back(state, step, problem) if fact.operation else send_back(state, step, problem)


def on_verdict(state: Session, fact: VerdictReached, at: datetime) -> Sequence[SessionConsequence]:
    """Let a request through only where the policy allowed this very request, or ask a human."""
    step = state.step_awaiting(fact.call)
    match step.stage if step else None:
        case Judging(choice=choice, request=request) if step:
            pass
        case Calling(phase=Due(), approved=Terms() as approved) as calling if step:
            stop = stopped(state, step, calling, approved, fact, at)
            return _on_stop(state, step, calling, approved, stop) if stop else ()
        case _:
            return ()
    if fact.decision == "deny" or fact.request_digest != request.digest:
        return send_back(state, step, f"the policy denied {choice.tool}: {fact.reason}")
    if fact.policy_set != state.policy_set:
        return send_back(state, step, f"{choice.tool} was judged by other rules than this session pinned")
    if is_rehearsed(state, request, fact):
        return on_rehearsal(state, step, choice, request, fact)
    if fact.decision == "ask":
        return (on_ask(state, step, choice, request, fact, at),)
    return (request_call(state, step, choice, request, at),)


def _on_stop(
    state: Session, step: Step, calling: Calling, approved: Terms, stop: str | ApprovalRequested
) -> Sequence[SessionConsequence]:
    """Ask again, or have the agent choose again; but where the call may have happened, ask about that first."""
    if isinstance(stop, str) and not (calling.doubtful or approved.rules):
        return _dead_letter(step, stop)  # the rules of the session allow it, so its agent would choose it again
    if not calling.doubtful:
        return send_back(state, step, stop) if isinstance(stop, str) else (stop,)
    why = stop if isinstance(stop, str) else f"it would have to be allowed again: {stop.reason}"
    doubt = CallFailed(
        call=calling.choice.call,
        attempt=calling.phase.attempt - 1,
        failure="unanswered",
        reason=f"an earlier attempt got no answer, and {why}",
    )
    return _ask_what_happened(state, step, calling, doubt, None if isinstance(stop, str) else (stop, approved))


def on_failure(state: Session, fact: CallFailed, at: datetime) -> Sequence[SessionConsequence]:
    """Retry what is safe to repeat, rework what the tool rejected, and ask a human about the rest."""
    step = _in_flight(state, fact.call, fact.attempt)
    if step is None or not isinstance(step.stage, Calling):
        return ()
    match fact.failure:
        case "rejected" if step.stage.doubtful:  # it may have been refused because it had happened
            return _ask_what_happened(state, step, step.stage, fact)
        case "rejected":
            problem = f"{step.stage.choice.tool} refused: {fact.reason}"
            return mend_or_send_back(state, step, problem) if is_mendable(fact) else send_back(state, step, problem)
        case "bad-answer":  # it answered, so it happened: repeating could do it twice
            return _dead_letter(step, fact.reason)
        case "not-sent" | "rate-limited":
            return _retry(step, state.limits_of(step.plan.agent), step.stage, fact, at, doubtful=step.stage.doubtful)
        case "unanswered" | "server-error":
            return _repeat_if_safe(state, step, step.stage, fact, at)


def on_lapse(state: Session, fact: LeaseLapsed, at: datetime) -> Sequence[SessionConsequence]:
    """Treat an attempt whose worker vanished as one that may have had its effect."""
    step = _in_flight(state, fact.call, fact.attempt)
    if step is None or not isinstance(step.stage, Calling):
        return ()
    return _repeat_if_safe(state, step, step.stage, lost(fact), at)


def lost(fact: LeaseLapsed) -> CallFailed:
    """Return the failure that a lapsed lease stands for."""
    return CallFailed(
        call=fact.call,
        attempt=fact.attempt,
        failure="unanswered",
        reason="the worker's lease lapsed without an answer",
        jitter_permille=fact.jitter_permille,
    )


def _repeat_if_safe(
    state: Session, step: Step, calling: Calling, fact: CallFailed, at: datetime
) -> Sequence[SessionConsequence]:
    if calling.request.repeatable:
        return _retry(
            step, state.limits_of(step.plan.agent), calling, fact, at, doubtful=calling.request.effect_class != "read"
        )
    return _ask_what_happened(state, step, calling, fact)


def _ask_what_happened(
    state: Session,
    step: Step,
    calling: Calling,
    fact: CallFailed,
    anew: tuple[ApprovalRequested, Terms] | None = None,
) -> Sequence[SessionConsequence]:
    """Ask a human; whoever then has it sent again does so ``anew``, under terms that are not those of the approval."""
    question = ApprovalRequested(
        approval=f"{state.id}-outcome-{step.number}-{step.round}-{fact.attempt}",
        question="outcome",
        step=step.number,
        call=fact.call,
        request_digest=calling.request.digest,
        reason=f"{calling.choice.tool} may have happened: {fact.reason}",
    )
    if anew:
        question = asked_anew(question, *anew)
    return (CallOutcomeUnknown(call=fact.call, attempt=fact.attempt, reason=fact.reason), question)


def _retry(
    step: Step, limits: Limits, calling: Calling, fact: CallFailed, at: datetime, *, doubtful: bool
) -> Sequence[SessionConsequence]:
    due = next_try(limits, fact, at, calling.deadline, tries=fact.attempt)
    if isinstance(due, str):
        return _dead_letter(step, due)
    again = CallRetryScheduled(
        call=fact.call, attempt=fact.attempt + 1, not_before=due, reason=fact.reason, doubtful=doubtful
    )
    return (again,)


def next_try(limits: Limits, fact: CallFailed, at: datetime, deadline: datetime, *, tries: int) -> datetime | str:
    """Return when a call that failed so many times in a row may be sent again, or why it may not."""
    wait = backoff(
        tries,
        base_ms=limits.retry_base_ms,
        cap_ms=limits.retry_cap_ms,
        jitter_permille=fact.jitter_permille,
        at_least_ms=fact.retry_after_ms,
    )
    if tries >= limits.call_attempts:
        return f"failed {tries} times, at last: {fact.reason}"
    if at + wait > deadline:
        return f"no time left for another attempt after: {fact.reason}"
    return at + wait


def on_expiry(state: Session, fact: CallExpired) -> Sequence[SessionConsequence]:
    """Give up a call that could not be sent before its deadline."""
    step = state.step_awaiting(fact.call)
    match step.stage if step else None:
        case Calling(phase=Due(attempt=attempt), doubtful=doubtful) if step and attempt == fact.attempt:
            earlier = "; an earlier attempt may have happened" if doubtful else ""
            return _dead_letter(step, f"its deadline passed before it could be sent{earlier}")
        case _:
            return ()


def on_deferral(state: Session, fact: CallDeferred) -> Sequence[SessionConsequence]:
    """Give up a call that is deferred beyond its deadline."""
    step = state.step_awaiting(fact.call)
    match step.stage if step else None:
        case Calling(phase=Due(), deadline=deadline) if step and fact.until > deadline:
            return _dead_letter(step, f"deferred beyond its deadline: {fact.reason}")
        case _:
            return ()


def on_outcome(state: Session, fact: OutcomeReported, at: datetime) -> Sequence[SessionConsequence]:
    """Follow the human who said what became of an unanswered call."""
    step = state.step_awaiting(fact.call)
    match step.stage if step else None:
        case Calling(phase=OutcomeUnknown(attempt=attempt)) as calling if step:
            if fact.outcome == "give-up":
                return _dead_letter(step, f"{fact.by} gave it up: {fact.reason}")
            again = CallRetryScheduled(
                call=fact.call,
                attempt=attempt + 1,
                not_before=at,
                reason=f"{fact.by} asked to send it again: {fact.reason}",
                deadline=at + timedelta(milliseconds=state.limits_of(step.plan.agent).call_timeout_ms),
                approved=renewed(state, step, calling, at),
            )
            return (again,)
        case _:
            return researching.on_answer(state, fact.call)  # it happened: the state has moved on


def _in_flight(state: Session, call: str, attempt: int) -> Step | None:
    step = state.step_awaiting(call)
    match step.stage if step else None:
        case Calling(phase=InFlight(attempt=current)) if current == attempt:
            return step
        case _:
            return None


def _dead_letter(step: Step, reason: str) -> Sequence[SessionConsequence]:
    return (CallDeadLettered(call=step.stage.awaits, reason=reason), *fail_step(step.number, reason))
