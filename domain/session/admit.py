"""Admit a command as a fact, or refuse it with what stands against it. Never replayed."""

from datetime import datetime
from typing import assert_never

import msgspec

from domain.errors import Invalid, NotFound, NotPossible
from domain.session.commands import (
    CancelSession,
    DenyApproval,
    DiscardDeadLetter,
    GrantApproval,
    LetterCommand,
    MigrateCatalog,
    PauseSession,
    ReplayDeadLetter,
    ReportOutcome,
    ResumeSession,
    SessionCommand,
    SubmitGoal,
)
from domain.session.decide import BEHAVIOUR
from domain.session.events import (
    ApprovalDenied,
    CancelRequested,
    DeadLetterDiscarded,
    DeadLetterReplayed,
    GoalSubmitted,
    Limits,
    OutcomeReported,
    SessionFact,
    SessionPaused,
    SessionResumed,
)
from domain.session.granting import admit_grant
from domain.session.migrating import admit_migration
from domain.session.state import (
    Approval,
    Asking,
    Calling,
    DeadLetter,
    Ended,
    Open,
    OutcomeUnknown,
    Replaying,
    Session,
)


def admit(state: Session | None, command: SessionCommand, at: datetime) -> SessionFact:
    """Return the fact that a command becomes at ``at``; raise a child of Refused."""
    if isinstance(command, SubmitGoal):
        return _admit_goal(state, command)
    if state is None:
        raise NotFound("Expected a session that exists, but nothing is recorded under this id.")
    if isinstance(command, ReplayDeadLetter | DiscardDeadLetter):
        return _admit_letter(state, command)  # also after the end: that is when letters are read
    if isinstance(state.stage, Ended):
        raise NotPossible(f"Expected a session that still runs, but this one is {state.stage.status}.")
    match command:
        case GrantApproval():
            approval, _ = _pending(state, command.approval, "call", at)
            return admit_grant(state, approval, command)
        case DenyApproval():
            approval, _ = _pending(state, command.approval, "call", at)
            return ApprovalDenied(approval=approval.id, by=command.by, reason=command.reason)
        case ReportOutcome():
            approval, call = _pending(state, command.approval, "outcome", at)
            return OutcomeReported(
                approval=approval.id,
                call=call,
                outcome=command.outcome,
                by=command.by,
                reason=command.reason,
            )
        case CancelSession():
            return CancelRequested(reason=command.reason)
        case PauseSession():
            if state.paused:
                raise NotPossible("Expected a running session, but this one is paused already.")
            return SessionPaused(reason=command.reason)
        case ResumeSession():
            if not state.paused:
                raise NotPossible("Expected a paused session, but this one is not paused.")
            return SessionResumed(reason=command.reason)
        case MigrateCatalog():
            return admit_migration(state, command)
        case _:
            assert_never(command)


def _admit_goal(state: Session | None, command: SubmitGoal) -> GoalSubmitted:
    if state is not None:
        raise NotPossible(f"Expected a new session, but {state.id} exists already: leave the id out.")
    _check_limits(command.limits)
    return GoalSubmitted(
        session=command.session,
        goal=command.goal,
        user=command.user,
        model=command.model,
        agents=command.agents,
        catalog=command.catalog,
        policy_set=command.policy_set,
        behaviour=BEHAVIOUR,
        tenant=command.tenant,
        lane=command.lane,
        context=command.context,
        limits=command.limits,
        roles=command.roles,
        budget=command.budget,
        dry_run=command.dry_run,
        memory=command.memory,
    )


def _admit_letter(state: Session, command: LetterCommand) -> DeadLetterReplayed | DeadLetterDiscarded:
    letter = next((letter for letter in state.letters if letter.id == command.letter), None)
    if letter is None:
        raise NotFound(f"Expected a dead letter that exists, but there is none with the id {command.letter[:100]!r}.")
    if not isinstance(letter.stage, Open):
        raise NotPossible(f"Expected an open dead letter, but {letter.id} {_is_over(letter)}.")
    if not command.reason.strip():
        raise Invalid("Expected a reason, but it is blank: say why, for it is kept with the decision.")
    call = letter.choice.call
    match command:
        case ReplayDeadLetter():
            return DeadLetterReplayed(letter=letter.id, call=call, by=command.by, reason=command.reason)
        case DiscardDeadLetter():
            return DeadLetterDiscarded(letter=letter.id, call=call, by=command.by, reason=command.reason)
        case _:
            assert_never(command)


def _is_over(letter: DeadLetter) -> str:
    if isinstance(letter.stage, Replaying):
        return "is being sent again: wait for what becomes of it"
    return "was closed: look at what became of it"


def _check_limits(limits: Limits) -> None:
    try:
        msgspec.convert(msgspec.to_builtins(limits), Limits)
    except msgspec.ValidationError as fault:
        raise Invalid(f"Expected limits within their bounds, but: {fault}.") from fault


def _pending(state: Session, approval_id: str, question: str, at: datetime) -> tuple[Approval, str]:
    for approval, call in open_approvals(state):
        if approval.id != approval_id:
            continue
        if approval.question != question:
            raise NotPossible(_wrong_question(approval))
        if approval.expires_at and approval.expires_at <= at:
            raise NotPossible(f"Expected an answer before {approval.expires_at:%Y-%m-%d %H:%M:%S} UTC: it expired.")
        return approval, call
    newer = next((each.id for each, _ in open_approvals(state) if each.supersedes == approval_id), "")
    if newer:
        raise NotPossible(f"Expected an open approval, but {approval_id} was superseded: decide on {newer} instead.")
    raise NotFound(f"Expected an open approval, but {approval_id} was answered, overtaken or never asked.")


def _wrong_question(approval: Approval) -> str:
    if approval.question == "outcome":
        return "Expected happened, send-again or give-up: this asks what became of a call that was already sent."
    return "Expected approve or deny: this asks whether a call may be sent."


def open_approvals(state: Session) -> list[tuple[Approval, str]]:
    """Return the questions that wait for a human, each with the call it is about."""
    found: list[tuple[Approval, str]] = []
    for step in () if state.ended else state.open_steps:
        match step.stage:
            case Asking(approval=approval, choice=choice):
                found.append((approval, choice.call))
            case Calling(phase=OutcomeUnknown(approval=Approval() as approval), choice=choice):
                found.append((approval, choice.call))
            case _:
                pass
    return found
