"""Say in a line what happened: an event's title and detail in the timeline, and who spoke to whom."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, assert_never

import msgspec

from domain.budget.amounts import KINDS, Amounts, in_words
from domain.reviewing.claims import FINDINGS, claims_of
from domain.reviewing.findings import notes
from domain.session.asking import Asked
from domain.session.events import (
    AccountsJoined,
    AllotmentReceived,
    AllotmentRefused,
    AllotmentReturned,
    AnswerChecked,
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    ArgumentsChecked,
    BudgetReleased,
    BudgetReserved,
    BudgetShort,
    BudgetSpent,
    CallAttempted,
    CallDeadLettered,
    CallDeferred,
    CallExpired,
    CallFailed,
    CallOutcomeUnknown,
    CallRehearsed,
    CallRequested,
    CallRetryScheduled,
    CallSucceeded,
    CallWithdrawn,
    CancelRequested,
    CatalogMigrated,
    ContentFiltered,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    DeadLetterResolved,
    DescriptionRequested,
    GoalSubmitted,
    LeaseLapsed,
    MemoriesRecalled,
    ModelCallAttempted,
    ModelCallRequested,
    ModelFailed,
    ModelReplied,
    ModelRetryScheduled,
    OutcomeReported,
    PlanChecked,
    PlanProposed,
    PlanRevised,
    RepairRequested,
    ReplanRequested,
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
    TimeRanOut,
    ToolChosen,
    ToolDescribed,
    ToolsFound,
    VerdictReached,
)
from domain.session.replanning import KINDS as SETBACKS
from projections.explaining import SHORT, of_differences, of_verdict, title_of
from projections.names import tools_in

Role: TypeAlias = Literal["human", "system", "model", "agent", "tool", "policy", "reviewer"]


class Words(msgspec.Struct, frozen=True, gc=False):
    """Hold a title, its detail, and for a message who it is from; ``step`` 0 and ``call`` "" stand for none."""

    title: str
    detail: str = ""
    role: Role | None = None
    call: str = ""
    step: int = 0


BudgetEvent: TypeAlias = (
    BudgetReserved
    | BudgetReleased
    | BudgetShort
    | AccountsJoined
    | AllotmentReceived
    | AllotmentRefused
    | AllotmentReturned
    | TimeRanOut
)


def _who_replied(asked: Asked | None) -> str:
    if asked and asked.played:
        return "The tape replied" + (", to another prompt" if asked.played.endswith("another prompt") else "")
    return "The model replied" + (", asked more plainly than was set" if asked and asked.without else "")


def words(event: SessionEvent) -> Words:
    """Put an event into words."""
    match event:
        case ModelCallRequested(purpose=purpose, agent=agent, recipe=recipe, call=call, step=step):
            return Words(f"{agent} is asked to {purpose}", recipe, "agent", call, step)
        case ModelCallAttempted(call=call, attempt=attempt, strategy=strategy, prompt_tokens=tokens, model=model):
            own = f", the agent's own model {model}" if model else ""
            size = f", about {tokens:,} tokens" if tokens else ""
            shortened = f", with results by {strategy}" if strategy else ""
            return Words(f"The model is asked, attempt {attempt}", f"{event.worker}{own}{size}{shortened}", call=call)
        case ToolsFound(call=call, text=text, found=found):
            number = sum(len(each.tools) for each in found)
            return Words(f"{_count(number, 'tool')} were found", text, call=call)
        case MemoriesRecalled(call=call, text=text, memories=memories, problem=problem):
            recalled = "1 memory was" if len(memories) == 1 else f"{len(memories)} memories were"
            return Words(f"{recalled} recalled", problem or text, call=call)
        case ModelReplied(call=call, reply=reply, asked=asked):
            return Words(_who_replied(asked), reply.text, "model", call)
        case BudgetSpent(model_calls=models, tool_calls=tools, tokens=tokens):
            spent = (_count(models, "model call"), _count(tools, "tool call"), _count(tokens, "token"))
            return Words("Budget spent", ", ".join(spent))
        case DescriptionRequested(step=step, tool=tool, at=at, call=call):
            return Words(f"More of {tool} was asked for", at, "agent", call, step)
        case ToolDescribed(step=step, tool=tool, text=text, call=call):
            return Words(f"{tool} was described", text, call=call, step=step)
        case ToolChosen(step=step, call=call, tool=tool, arguments=arguments):
            return Words(f"{tool} was chosen", bytes(arguments.value).decode(), "agent", call, step)
        case ArgumentsChecked(call=call, problems=problems):
            return Words(
                "The arguments do not fit" if problems else "The arguments fit", "; ".join(problems), call=call
            )
        case VerdictReached(call=call):
            return Words(title_of(event), "\n".join(of_verdict(event)), "policy", call)
        case CallRehearsed(step=step, call=call, tool=tool, operation=operation, decision=decision):
            people = ", and a human would be asked" if decision == "ask" else ""
            return Words(f"{tool} is not sent: a dry run", f"{operation} would be{people}", call=call, step=step)
        case ContentFiltered(place=place, call=call, filter=by, decision=decision, labels=labels, reason=reason):
            return Words(f"The filter {by} says {decision} to the {place}", _told(labels, reason), "policy", call)
        case CallRequested(step=step, call=call, tool=tool, operation=operation):
            return Words(f"{tool} is to be called", operation, call=call, step=step)
        case CallAttempted(call=call, attempt=attempt, worker=worker):
            return Words(f"Attempt {attempt} began", worker, call=call)
        case CallSucceeded(call=call, status=status, output=output, mismatches=mismatches, paging=paging):
            otherwise = ", not as described" if mismatches else ""
            pages = f" in {_count(paging.pages, 'page')} ({paging.ended})" if paging else ""
            title, astray = f"The tool answered {status}{pages}{otherwise}", paging.reason if paging else ""
            detail = (*mismatches, *([astray] if astray else []), output.text)
            return Words(title, "\n".join(detail), "tool", call)
        case ResultChecked(step=step, call=call, problems=problems, findings=findings):
            sound = "The result is sound, but for what was noted" if findings else "The result is sound"
            title = "The result has problems" if problems else sound
            return Words(title, "\n".join((*problems, *notes(findings))), call=call, step=step)
        case AnswerChecked(call=call, problems=problems, findings=findings):
            title = "The answer has problems" if problems else "The answer says what nothing speaks for"
            return Words(title, "\n".join((*problems, *notes(findings))), "reviewer", call)
        case StepStarted(step=step, agent=agent):
            return Words(f"Step {step} began", agent, step=step)
        case StepAccepted(step=step):
            return Words(f"Step {step} was accepted", role="reviewer", step=step)
        case GoalSubmitted(goal=goal, user=user):
            return Words(f"{user} submitted a goal", goal, "human")
        case PlanChecked(call=call, steps=steps, problems=problems, reassigned=reassigned):
            fits = "cannot be begun" if problems else "can be begun"
            handed = (f"step {each.step} goes to {each.agent}, not to {each.named}" for each in reassigned)
            return Words(f"A plan of {_count(steps, 'step')} {fits}", "; ".join((*problems, *handed)), call=call)
        case PlanProposed(steps=steps):
            goals = (f"{number}. {step.agent}: {step.goal}" for number, step in enumerate(steps, 1))
            return Words(f"A plan of {_count(len(steps), 'step')}", "\n".join(goals), "agent")
        case PlanRevised():
            return Words("The rest of the plan was planned anew", revised_lines(event), "agent")
        case SessionCompleted(answer=answer, label=label):
            untrusted = ", ".join(tools_in(label)) if label and not label.trusted else ""
            drawn_on = f"\nIt draws on what others may have written; sources: {untrusted}" if untrusted else ""
            return Words("The goal was reached", answer + drawn_on, "agent")
        case _:
            return _trouble(event)


def revised_lines(event: PlanRevised) -> str:
    """Show what a revision does to a plan, a step a line: added, changed or removed."""
    instead = {each.by: each.step for each in event.changed}
    new = [
        f"~ {number}. {step.goal} (instead of {instead[number]})" if number in instead else f"+ {number}. {step.goal}"
        for number, step in enumerate(event.steps, event.first)
    ]
    return "\n".join([*new, *(f"- step {number}" for number in event.removed)])


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
    | RepairRequested
    | ReplanRequested
    | StepFailed
    | BudgetEvent
    | SessionFailed
    | SessionCancelled,
) -> Words:
    match event:
        case ModelFailed(call=call, reason=reason):
            return Words("The model did not answer", reason, call=call)
        case ModelRetryScheduled(call=call, attempt=attempt, fault=fault):
            return Words(f"The model is asked again, time {attempt}", fault, call=call)
        case ResultStated(step=step, call=call, output=output) if output.text.startswith(FINDINGS):
            claims = claims_of(output.text)
            said = " ".join(f"{each.claim} ({', '.join(each.calls) or 'no call'})" for each in claims)
            title = f"What was found: {_count(len(claims), 'finding')}"
            return Words(title, said, "agent", call, step)
        case ResultStated(step=step, call=call, output=output):
            return Words("A result was stated without a tool", output.text, "agent", call, step)
        case ApprovalRequested(step=step, call=call, question="call", reason=reason, differences=differences):
            again = f" again, for this changed: {', '.join(each.field for each in differences)}" if differences else ""
            detail = "\n".join((reason, *of_differences(differences), *_proof(event.proof)))
            return Words(f"A human is asked to allow the call{again}", detail, "system", call, step)
        case ApprovalRequested(step=step, call=call, reason=reason, differences=differences):
            detail = "\n".join((reason, *of_differences(differences)))
            return Words("A human is asked whether the call happened", detail, "system", call, step)
        case ApprovalGranted(by=by, reason=reason, standing=standing) if standing:
            return Words(f"{by} had approved it beforehand", reason, "human")
        case ApprovalGranted(by=by, reason=reason, edited=edited):
            detail = "\n".join((*([reason] if reason else []), *_proof(event.proof)))
            return Words(f"{by} approved{' with other arguments' if edited else ''}", detail, "human")
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
        case ReplanRequested(step=step, kind=kind, status=status):
            why = SETBACKS.get(kind, SETBACKS["other"])
            told = f"{why}, status {status}" if status else why
            where = "behind" if kind == "plan" else "without"
            return Words(f"Another way is looked for, {where} step {step}", told, step=step)
        case RepairRequested(step=step, round=round_, tool=tool, problem=problem):
            return Words(f"Arguments of {tool} are to be mended, round {round_}", problem, step=step)
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
            return _budget(event)


def _budget(event: BudgetEvent) -> Words:
    match event:
        case BudgetReserved(call=call, amounts=amounts):
            return Words("Budget reserved", _amounts(amounts), call=call)
        case BudgetReleased(call=call):
            return Words("Budget released", "nothing was spent", call=call)
        case BudgetShort(call=call, needed=needed, agent=agent):
            whose = f"{agent} has too little left of what it may use" if agent else "Too little budget is left"
            return Words(whose, f"{_amounts(needed)} may be needed", call=call)
        case AllotmentReceived(amounts=amounts):
            return Words("The accounts handed over budget", _amounts(amounts))
        case AllotmentRefused(account=account, reason=reason):
            return Words(f"The account {account} has too little left", reason, "policy")
        case AccountsJoined(budget=budget):
            return Words("Limits that were set meanwhile hold for the session", ", ".join(budget.accounts), "policy")
        case AllotmentReturned(spent=spent):
            return Words("The accounts took back the rest", f"{_amounts(spent)} were spent")
        case TimeRanOut():
            return Words("The time for the session is over")
        case _:
            assert_never(event)


def _amounts(amounts: Amounts) -> str:
    return ", ".join(in_words(kind, amounts.of(kind)) for kind in KINDS if amounts.of(kind)) or "nothing"


def _proof(proof: str) -> Sequence[str]:
    return [f"Proof: {proof[:SHORT]}."] if proof else []


def _told(labels: tuple[str, ...], reason: str) -> str:
    return ": ".join(filter(None, (", ".join(labels), reason)))
