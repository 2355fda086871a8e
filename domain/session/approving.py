"""Decide what humans allow: when one is asked, what the answer lets through, and whether it counts when it is used.

Sessions of the first behaviour ask without terms: what is allowed there is bound to the request's digest alone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from domain.encoding import digest
from domain.ids import derive
from domain.session.events import (
    ApprovalGranted,
    ApprovalRequested,
    CallRequested,
    SessionConsequence,
    VerdictReached,
)
from domain.session.proof import Consent, Difference, Terms, drift, edits, unmet
from domain.session.state import Asking, Calling, Choice, OutcomeUnknown, Request, Session, Step
from domain.session.steps import choose_again, fail_step, send_back

BOUND_SINCE = 2
"""The behaviour from which on an approval is bound to terms, and judged again when its call is sent."""


def on_ask(
    state: Session, step: Step, choice: Choice, request: Request, fact: VerdictReached, at: datetime
) -> SessionConsequence:
    """Ask a human, unless one chose these very arguments and meets what the rules demand of who allows them."""
    approval = f"{state.id}-call-{step.number}-{step.round}"
    if state.behaviour < BOUND_SINCE:
        return _ask(state, step, approval, fact, at)
    terms = _terms(state, approval, choice, request, fact, at)
    consent = choice.consent
    if consent and not unmet(terms.demands, by=consent.by, requester=state.user, reason=consent.reason):
        return request_call(state, step, choice, request, at, terms)
    return _bound(_ask(state, step, approval, fact, at), terms, choice.earlier, _since(choice, terms, at))


def _ask(state: Session, step: Step, approval: str, fact: VerdictReached, at: datetime) -> ApprovalRequested:
    return ApprovalRequested(
        approval=approval,
        question="call",
        step=step.number,
        call=fact.call,
        request_digest=fact.request_digest,
        reason=fact.reason,
        expires_at=at + timedelta(milliseconds=state.limits.approval_ttl_ms),
    )


def _bound(
    asked: ApprovalRequested, terms: Terms, earlier: Terms | None, differences: tuple[Difference, ...]
) -> ApprovalRequested:
    supersedes = earlier.approval if earlier else ""
    return replace(asked, terms=terms, proof=terms.proof, supersedes=supersedes, differences=differences)


def _terms(
    state: Session, approval: str, choice: Choice, request: Request, fact: VerdictReached, at: datetime
) -> Terms:
    return Terms(
        session=state.id,
        approval=approval,
        requester=state.user,
        operation=request.operation,
        document=request.document,
        arguments=digest(choice.arguments.value),
        request_digest=fact.request_digest,
        policy_set=fact.policy_set,
        rules=fact.rules,
        expires_at=at + timedelta(milliseconds=state.limits.approval_ttl_ms),
        demands=fact.demands,
    )


def _since(choice: Choice, terms: Terms, at: datetime) -> tuple[Difference, ...]:
    """Return what is not as it was when a human was asked about the call whose place this one takes."""
    changed = choice.consent.changed if choice.consent else ()
    return (*drift(choice.earlier, terms, at), *changed) if choice.earlier else ()


def request_call(
    state: Session, step: Step, choice: Choice, request: Request, at: datetime, approved: Terms | None = None
) -> CallRequested:
    """Return the order to send a request, under the terms of its approval where it needed one."""
    return CallRequested(
        step=step.number,
        call=choice.call,
        tool=choice.tool,
        operation=request.operation,
        document=request.document,
        request_digest=request.digest,
        idempotency_key=derive(state.id, choice.call),
        deadline=at + timedelta(milliseconds=state.limits_of(step.plan.agent).call_timeout_ms),
        approved=approved,
    )


def on_approval(state: Session, fact: ApprovalGranted, at: datetime) -> Sequence[SessionConsequence]:
    """Request the call that a human allowed, if it is still the same request; or choose what the human made of it."""
    step = _asking(state, fact.approval)
    if step is None or not isinstance(step.stage, Asking):
        return ()
    choice, request, terms = step.stage.choice, step.stage.request, step.stage.approval.terms
    if fact.request_digest != request.digest or (terms and fact.proof != terms.proof):
        return send_back(state, step, "the approval was for another request")
    if fact.edited:
        consent = Consent(by=fact.by, reason=fact.reason, changed=edits(choice.arguments.value, fact.edited.value))
        edited = replace(choice, arguments=fact.edited, consent=consent, earlier=terms)
        return choose_again(step, edited, f"{fact.by} changed its arguments")
    return (replace(request_call(state, step, choice, request, at, terms), standing=fact.standing),)


def on_denial(state: Session, approval: str, reason: str) -> Sequence[SessionConsequence]:
    """Give up the step whose call was not allowed."""
    step = _asking(state, approval)
    return fail_step(step.number, reason) if step else ()


def _asking(state: Session, approval: str) -> Step | None:
    for step in state.open_steps:
        if isinstance(step.stage, Asking) and step.stage.approval.id == approval:
            return step
    return None


def choice_asked_about(state: Session, approval: str) -> Choice | None:
    """Return the choice that an open question is about, None where it is not open."""
    step = None if state.ended else _asking(state, approval)
    return step.stage.choice if step and isinstance(step.stage, Asking) else None


def stopped(
    state: Session, step: Step, calling: Calling, approved: Terms, fact: VerdictReached, at: datetime
) -> str | ApprovalRequested | None:
    """Return why an approved call is not sent as it is: a denial in words, or the question that has to be asked again.

    Rules that allow it by now need no approval, but only of the very same request.
    """
    if fact.decision == "deny":
        return f"the policy denied {calling.choice.tool} after all: {fact.reason}"
    if fact.decision == "allow" and fact.request_digest == approved.request_digest:
        return None
    terms = _terms(state, _next(approved.approval, step), calling.choice, calling.request, fact, at)
    differences = drift(approved, terms, at)
    if fact.withdrawn:
        differences += (Difference(field="standing", before="in force", now=fact.withdrawn),)
    if not differences:
        return None
    return _bound(_ask(state, step, terms.approval, fact, at), terms, approved, differences)


def asked_anew(question: ApprovalRequested, again: ApprovalRequested, approved: Terms) -> ApprovalRequested:
    """Return a question for what became of a call, that whoever has it sent again also answers another question by."""
    assert again.terms is not None, "what is asked again is bound to terms"
    terms = replace(again.terms, approval=approved.approval)
    return replace(
        question,
        request_digest=again.request_digest,
        terms=terms,
        proof=terms.proof,
        differences=again.differences,
    )


def renewed(state: Session, step: Step, calling: Calling, at: datetime) -> Terms | None:
    """Return the terms of a call that a human, who was asked what became of it, orders sent again.

    One that no human had to allow goes by what the rules said of it, which is held against what they say by then.
    """
    asked = calling.phase.approval if isinstance(calling.phase, OutcomeUnknown) else None
    terms = (asked.terms if asked else None) or calling.approved
    if terms is None and state.behaviour >= BOUND_SINCE:
        terms = _allowed(state, step, calling, at)
    return replace(terms, expires_at=at + timedelta(milliseconds=state.limits.approval_ttl_ms)) if terms else None


def _allowed(state: Session, step: Step, calling: Calling, at: datetime) -> Terms:
    return Terms(
        session=state.id,
        approval=f"{state.id}-{calling.choice.call}",
        requester=state.user,
        operation=calling.request.operation,
        document=calling.request.document,
        arguments=digest(calling.choice.arguments.value),
        request_digest=calling.request.digest,
        policy_set=state.policy_set,
        rules=(),
        expires_at=at,
    )


def _next(approval: str, step: Step) -> str:
    """Return the name of the question that supersedes another about the same call: a number behind the call's."""
    call, _, count = approval.partition(f"-{step.stage.awaits}")
    return f"{call}-{step.stage.awaits}-{int(count[1:] or 1) + 1}"
