"""Keep a session's meter: what is reserved for calls in flight, and what accounts handed over to be spent.

A session has a meter where money or time is limited, where accounts pay for it, or where an agent may use only so much
of it. Whatever it asks for is reserved with the claim, before anything is sent, at the most that it may cost; it is
settled with what came back, and released where nothing was sent. What nobody knows the cost of counts in full.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from domain.budget.amounts import Amounts, plus
from domain.session.allowances import are_limited, limited_agent, with_use
from domain.session.effects import BudgetEffect, EndOverdue, ReturnAllotment, TakeAllotment
from domain.session.events import (
    AccountsJoined,
    AllotmentReceived,
    AllotmentRefused,
    AllotmentReturned,
    BudgetReleased,
    BudgetReserved,
    BudgetShort,
    BudgetSpent,
    CallAttempted,
    CallDeadLettered,
    CallFailed,
    CallSucceeded,
    GoalSubmitted,
    LeaseLapsed,
    ModelCallAttempted,
    ModelFailed,
    ModelReplied,
    SessionCancelled,
    SessionCompleted,
    SessionConsequence,
    SessionEvent,
    SessionFact,
    SessionFailed,
    SessionResumed,
    StepFailed,
)
from domain.session.means import exceeded, exceeded_kind, missing, reservation, spent
from domain.session.state import Calling, Meter, Replaying, Reservation, Session, Wanted


def begin(event: GoalSubmitted) -> Meter | None:
    """Return the meter that a session begins with, None where nothing is to be metered."""
    limited = event.limits.money is not None or event.limits.wall_ms is not None
    paid = event.budget is not None and bool(event.budget.accounts)
    return Meter() if limited or paid or are_limited(event.agents) else None


# What happens to the meter


def after(before: Session, state: Session, event: SessionEvent) -> Session:
    """Return a session with a meter after an event that was applied to all the rest of it."""
    meter = before.meter
    if meter is None:
        return state
    changed = _after(meter, before, state, event)
    if changed is meter:
        return state
    state = replace(state, meter=changed)
    match event:
        case AllotmentRefused(retry_at=None) if not state.ended and not state.paused:
            return replace(state, paused_at=state.updated_at)
        case _:
            return state


def _after(meter: Meter, before: Session, state: Session, event: SessionEvent) -> Meter:
    match event:
        case BudgetReserved():
            held = Reservation(
                call=event.call,
                attempt=event.attempt,
                amounts=event.amounts,
                until=event.until,
                agent=limited_agent(before, event.call),
            )
            return replace(meter, reservations=(*meter.reservations, held))
        case BudgetSpent():
            return _without(with_use(meter, reservation(before, event.call, event.attempt), event), event)
        case BudgetReleased():
            return _without(meter, event)
        case BudgetShort(agent=""):
            wanted = Wanted(call=event.call, attempt=event.attempt, needed=event.needed, not_before=state.updated_at)
            return replace(meter, wanted=wanted)
        case AllotmentReceived():
            return replace(
                meter,
                allotted=plus(meter.allotted, event.amounts),
                allotments=meter.allotments + 1,
                wanted=None,
                joining=(),
                unasked=False,
            )
        case AllotmentRefused() if meter.wanted:
            return replace(meter, wanted=_refused(meter.wanted, state, event))
        case AllotmentReturned():
            wall = 0 if state.ended else meter.settled.wall_ms + event.spent.wall_ms
            return replace(meter, allotted=Amounts(), settled=replace(spent(state), wall_ms=wall))
        case SessionResumed() if before.paused_at:
            halted = (state.updated_at - before.paused_at) // timedelta(milliseconds=1)
            meter = replace(meter, halted_ms=meter.halted_ms + halted)
            if meter.wanted is None:
                return meter
            again = replace(meter.wanted, not_before=state.updated_at, refused=False, reopens_at=None)
            return replace(meter, wanted=again)
        case CallDeadLettered() if meter.wanted and meter.wanted.call == event.call:
            return replace(meter, wanted=None)
        case SessionCompleted() | SessionFailed() | SessionCancelled() if meter.wanted:
            return replace(meter, wanted=None)
        case _:
            return meter


def _refused(wanted: Wanted, state: Session, event: AllotmentRefused) -> Wanted:
    due = event.retry_at or event.reopens_at or state.updated_at
    refused, reopens_at = event.retry_at is None, event.reopens_at
    return replace(wanted, not_before=due, tries=wanted.tries + 1, refused=refused, reopens_at=reopens_at)


def joined(state: Session, event: AccountsJoined) -> Session:
    """Return a session that others pay for from now on; of what a session spent before it ended, they pay nothing."""
    meter = state.meter or Meter(settled=spent(state) if state.ended else Amounts())
    new = tuple(each for each in event.budget.accounts if each not in state.charged.accounts)
    meter = replace(meter, joining=(*meter.joining, *new), unasked=True)
    return replace(state, budget=event.budget, meter=meter)


def may_settle(state: Session) -> bool:
    """Tell whether a session that goes on later can give back what it holds meanwhile: nothing is under way."""
    meter = state.meter
    return bool(meter and not (state.ended or meter.reservations or meter.joining or meter.allotted.nothing))


def waits_for_people(state: Session | None) -> bool:
    """Tell whether a session is paused because an account has too little left."""
    meter = state.meter if state and state.paused and not state.ended else None
    return bool(meter and meter.wanted and meter.wanted.refused)


def _without(meter: Meter, event: BudgetSpent | BudgetReleased) -> Meter:
    """Return a meter without the oldest reservation for an attempt; unchanged where there is none."""
    for index, each in enumerate(meter.reservations):
        if (each.call, each.attempt) == (event.call, event.attempt):
            return replace(meter, reservations=(*meter.reservations[:index], *meter.reservations[index + 1 :]))
    return meter


# What follows from facts


def payments(state: Session, fact: SessionFact) -> Sequence[SessionConsequence]:
    """Say what a fact makes of the money: it is reserved, spent or released; a second answer changes nothing."""
    match fact:
        case ModelCallAttempted(reserved=Amounts() as amounts) | CallAttempted(reserved=Amounts() as amounts):
            return (BudgetReserved(call=fact.call, attempt=fact.attempt, amounts=amounts, until=fact.lease_until),)
        case AccountsJoined(under_way=under_way):
            return [
                BudgetReserved(call=each.call, attempt=each.attempt, amounts=each.amounts, until=each.until)
                for each in under_way
            ]
        case ModelReplied() | ModelFailed() | CallSucceeded() | CallFailed() | LeaseLapsed():
            held = reservation(state, fact.call, fact.attempt)
            return (_settled(held, fact),) if held else ()
        case _:
            return ()


def _settled(held: Reservation, fact: SessionFact) -> SessionConsequence:
    match fact:
        case ModelReplied(tokens_in=tokens_in, tokens_out=tokens_out, cost=cost):
            return _spent(held, replace(held.amounts, tokens=tokens_in + tokens_out, money=cost))
        case ModelFailed(uncertain=False) | CallFailed(failure="not-sent" | "rate-limited"):
            return BudgetReleased(call=held.call, attempt=held.attempt)
        case _:  # it was sent: what nobody can say counts in full
            return _spent(held, held.amounts)


def _spent(held: Reservation, amounts: Amounts) -> BudgetSpent:
    return BudgetSpent(
        call=held.call,
        attempt=held.attempt,
        model_calls=amounts.model_calls,
        tool_calls=amounts.tool_calls,
        tokens=amounts.tokens,
        steps=amounts.steps,
        money=amounts.money,
    )


def on_short(state: Session, fact: BudgetShort) -> Sequence[SessionConsequence]:
    """Fail a session whose own limits do not pay for what is due; what accounts can pay is asked of them."""
    reason = exceeded(state, fact.needed)
    if not reason or state.ended:
        return ()
    failed = SessionFailed(reason=reason, limit=exceeded_kind(state, fact.needed) or "")
    step = state.step_awaiting(fact.call)
    if step and isinstance(step.stage, Calling) and fact.attempt > 1:
        letter = CallDeadLettered(call=fact.call, reason=f"it could not be sent again: {reason}")
        return (letter, StepFailed(step=step.number, reason=reason), failed)
    return (failed,)


# What is owed


def budget_effects(state: Session) -> list[BudgetEffect]:
    """Return what a session owes its accounts, and the end of its time."""
    meter = state.meter
    if meter is None:
        return []
    owed: list[BudgetEffect] = []
    if meter.wanted and (state.ended or not state.paused or meter.wanted.reopens_at):
        owed.append(_take(state, meter, meter.wanted))
    if state.ended and not meter.allotted.nothing and _is_quiet(state, meter):
        owed.append(ReturnAllotment(id=f"return-{meter.allotments}", not_before=state.updated_at))
    if not state.ended and state.limits.wall_ms is not None:
        owed.append(EndOverdue(id="overdue", not_before=ends_at(state, state.limits.wall_ms)))
    return owed


def _is_quiet(state: Session, meter: Meter) -> bool:
    """Tell whether nothing more will be spent, as far as anybody has asked."""
    replaying = any(isinstance(letter.stage, Replaying) for letter in state.letters)
    return not (meter.reservations or meter.wanted or replaying)


def _take(state: Session, meter: Meter, wanted: Wanted) -> TakeAllotment:
    return TakeAllotment(
        id=f"allot-{meter.allotments + 1}-{wanted.tries}",
        call=wanted.call,
        attempt=wanted.attempt,
        needed=missing(state, wanted.needed),
        not_before=wanted.not_before,
    )


def ends_at(state: Session, wall_ms: int) -> datetime:
    """Return when a session's own time is over."""
    halted = state.meter.halted_ms if state.meter else 0
    return state.started_at + timedelta(milliseconds=wall_ms + halted)
