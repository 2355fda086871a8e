"""Say in a line what happened: an event's title and detail in the timeline, and who spoke to whom."""

from typing import Literal, TypeAlias, assert_never

import msgspec

from domain.session.events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    ArgumentsChecked,
    BudgetSpent,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallOutcomeUnknown,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    CallWithdrawn,
    CancelRequested,
    CatalogMigrated,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    DeadLetterResolved,
    GoalSubmitted,
    LeaseLapsed,
    ModelCallAttempted,
    ModelCallRequested,
    ModelFailed,
    ModelReplied,
    ModelRetryScheduled,
    OutcomeReported,
    PlanProposed,
    ResultChecked,
    ResultStated,
    ReworkRequested,
    SessionCancelled,
    SessionCompleted,
    SessionEvent,
    SessionFailed,
    SessionPaused,
    SessionResumed,
    StepAccepted,
    StepFailed,
    StepStarted,
    ToolChosen,
    ToolsFound,
    VerdictReached,
)

Role: TypeAlias = Literal["human", "system", "model", "agent", "tool", "policy", "reviewer"]


class Words(msgspec.Struct, frozen=True, gc=False):
    """Hold a title, its detail, and for a message who it is from; ``step`` 0 and ``call`` "" stand for none."""

    title: str
    detail: str = ""
    role: Role | None = None
    call: str = ""
    step: int = 0


def words(event: SessionEvent) -> Words:
    """Put an event into words."""
    match event:
        case ModelCallRequested(purpose=purpose, agent=agent, recipe=recipe, call=call, step=step):
            return Words(f"{agent} is asked to {purpose}", recipe, "agent", call, step)
        case ModelCallAttempted(call=call, attempt=attempt, worker=worker):
            return Words(f"The model is asked, attempt {attempt}", worker, call=call)
        case ToolsFound(call=call, text=text, found=found):
            number = sum(len(each.tools) for each in found)
            return Words(f"{_count(number, 'tool')} were found", text, call=call)
        case ModelReplied(call=call, reply=reply):
            return Words("The model replied", reply.text, "model", call)
        case BudgetSpent(model_calls=models, tool_calls=tools, tokens=tokens):
            spent = (_count(models, "model call"), _count(tools, "tool call"), _count(tokens, "token"))
            return Words("Budget spent", ", ".join(spent))
        case ToolChosen(step=step, call=call, tool=tool, arguments=arguments):
            return Words(f"{tool} was chosen", bytes(arguments.value).decode(), "agent", call, step)
        case ArgumentsChecked(call=call, problems=problems):
            return Words(
                "The arguments do not fit" if problems else "The arguments fit", "; ".join(problems), call=call
            )
        case VerdictReached(call=call, decision=decision, reason=reason):
            return Words(f"The policy says {decision}", reason, "policy", call)
        case CallRequested(step=step, call=call, tool=tool, operation=operation):
            return Words(f"{tool} is to be called", operation, call=call, step=step)
        case CallAttempted(call=call, attempt=attempt, worker=worker):
            return Words(f"Attempt {attempt} began", worker, call=call)
        case CallSucceeded(call=call, status=status, output=output, mismatches=mismatches):
            otherwise = ", not as described" if mismatches else ""
            return Words(f"The tool answered {status}{otherwise}", "\n".join((*mismatches, output.text)), "tool", call)
        case ResultChecked(step=step, call=call, problems=problems):
            title = "The result has problems" if problems else "The result is sound"
            return Words(title, "; ".join(problems), call=call, step=step)
        case StepStarted(step=step, agent=agent):
            return Words(f"Step {step} began", agent, step=step)
        case StepAccepted(step=step):
            return Words(f"Step {step} was accepted", role="reviewer", step=step)
        case GoalSubmitted(goal=goal, user=user):
            return Words(f"{user} submitted a goal", goal, "human")
        case PlanProposed(steps=steps):
            goals = (f"{number}. {step.goal}" for number, step in enumerate(steps, 1))
            return Words(f"A plan of {_count(len(steps), 'step')}", "\n".join(goals), "agent")
        case SessionCompleted(answer=answer):
            return Words("The goal was reached", answer, "agent")
        case _:
            return _trouble(event)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _trouble(
    event: CancelRequested
    | CallWithdrawn
    | CatalogMigrated
    | SessionPaused
    | SessionResumed
    | ApprovalGranted
    | ApprovalDenied
    | ApprovalExpired
    | OutcomeReported
    | ModelFailed
    | CallFailed
    | CallDeferred
    | CallExpired
    | LeaseLapsed
    | ModelRetryScheduled
    | ResultStated
    | ApprovalRequested
    | CallRetryScheduled
    | CallOutcomeUnknown
    | CallDeadLettered
    | DeadLetterReplayed
    | DeadLetterDiscarded
    | DeadLetterResolved
    | ReworkRequested
    | StepFailed
    | SessionFailed
    | SessionCancelled,
) -> Words:
    match event:
        case ModelFailed(call=call, reason=reason):
            return Words("The model did not answer", reason, call=call)
        case ModelRetryScheduled(call=call, attempt=attempt, fault=fault):
            return Words(f"The model is asked again, time {attempt}", fault, call=call)
        case ResultStated(step=step, call=call, output=output):
            return Words("A result was stated without a tool", output.text, "agent", call, step)
        case ApprovalRequested(step=step, call=call, question="call", reason=reason):
            return Words("A human is asked to allow the call", reason, "system", call, step)
        case ApprovalRequested(step=step, call=call, reason=reason):
            return Words("A human is asked whether the call happened", reason, "system", call, step)
        case ApprovalGranted(by=by, reason=reason):
            return Words(f"{by} approved", reason, "human")
        case ApprovalDenied(by=by, reason=reason):
            return Words(f"{by} said no", reason, "human")
        case ApprovalExpired(approval=approval):
            return Words("Nobody answered in time", approval)
        case OutcomeReported(call=call, outcome=outcome, by=by, reason=reason):
            return Words(f"{by} reported: {outcome}", reason, "human", call)
        case CallFailed(call=call, attempt=attempt, failure=failure, reason=reason):
            return Words(f"Attempt {attempt} failed: {failure}", reason, call=call)
        case CallDeferred(call=call, reason=reason, until=until):
            return Words(f"The call waits until {until:%H:%M:%S}", reason, call=call)
        case CallExpired(call=call, attempt=attempt):
            return Words("The deadline passed", f"attempt {attempt} could not be sent", call=call)
        case LeaseLapsed(call=call, attempt=attempt):
            return Words(f"Attempt {attempt} was never answered", "its lease lapsed", call=call)
        case CallRetryScheduled(call=call, attempt=attempt, reason=reason):
            return Words(f"Attempt {attempt} is scheduled", reason, call=call)
        case CallOutcomeUnknown(call=call, reason=reason):
            return Words("Nobody knows whether the call happened", reason, call=call)
        case CallDeadLettered(call=call, reason=reason):
            return Words("The call was given up", reason, call=call)
        case DeadLetterReplayed(call=call, by=by, reason=reason):
            return Words(f"{by} asked to send it again", reason, "human", call)
        case DeadLetterDiscarded(call=call, by=by, reason=reason):
            return Words(f"{by} discarded the dead letter", reason, "human", call)
        case DeadLetterResolved(call=call):
            return Words("The dead letter is resolved", call=call)
        case ReworkRequested(step=step, round=round_, instructions=instructions):
            return Words(f"Step {step} goes back, round {round_}", instructions, "reviewer", step=step)
        case StepFailed(step=step, reason=reason):
            return Words(f"Step {step} failed", reason, step=step)
        case CallWithdrawn(call=call, reason=reason):
            return Words("The call is taken back", reason, call=call)
        case CatalogMigrated(api=api, document=document, by=by, reason=reason):
            return Words(f"{by} moved the session to {api}'s document {document[:12]}", reason, "human")
        case CancelRequested(reason=reason):
            return Words("Somebody asked to cancel", reason, "human")
        case SessionPaused(reason=reason):
            return Words("The session was paused", reason, "human")
        case SessionResumed(reason=reason):
            return Words("The session was resumed", reason, "human")
        case SessionFailed(reason=reason):
            return Words("The session failed", reason)
        case SessionCancelled(reason=reason):
            return Words("The session was cancelled", reason)
        case _:
            assert_never(event)
