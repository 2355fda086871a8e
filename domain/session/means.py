"""Say what a session has left of its limits and of what accounts handed over, and whether it can pay for a claim."""

from datetime import timedelta
from typing import TypeAlias

from msgspec.structs import replace

from domain.budget.amounts import Amounts, Kind, in_words, minus, plus, total
from domain.session.allowances import overdrawing
from domain.session.events import BudgetShort, CallAttempted, ModelCallAttempted
from domain.session.state import Meter, Reservation, Session, Waiting

OWN_KINDS: tuple[Kind, ...] = ("model_calls", "tool_calls", "tokens", "money")
WALL_SLICE_MS = 60_000
"""How much time a session asks its accounts for when what it had is over."""

Claim: TypeAlias = ModelCallAttempted | CallAttempted


def spent(state: Session) -> Amounts:
    """Return what a session has spent from its beginning, but for time."""
    return Amounts(
        steps=state.spent.steps,
        model_calls=state.spent.model_calls,
        tool_calls=state.spent.tool_calls,
        tokens=state.spent.tokens,
        money=state.spent.money,
    )


def reserved(state: Session) -> Amounts:
    """Return what is reserved for calls in flight."""
    return total(each.amounts for each in state.meter.reservations) if state.meter else Amounts()


def exceeded(state: Session, needed: Amounts) -> str:
    """Say which of a session's own limits leaves less than is needed; empty where none does."""
    kind = exceeded_kind(state, needed)
    return _exceeded(state, needed, kind) if kind else ""


def exceeded_kind(state: Session, needed: Amounts) -> Kind | None:
    """Name the first of a session's own limits that leaves less than is needed."""
    taken = plus(spent(state), reserved(state))
    for kind in OWN_KINDS:
        limit: int | None = getattr(state.limits, kind)
        if limit is not None and needed.of(kind) and taken.of(kind) + needed.of(kind) > limit:
            return kind
    return None


def _exceeded(state: Session, needed: Amounts, kind: Kind) -> str:
    limit: int = getattr(state.limits, kind)
    left = max(limit - spent(state).of(kind) - reserved(state).of(kind), 0)
    whole, rest, due = (in_words(kind, amount, state.charged.currency) for amount in (limit, left, needed.of(kind)))
    return f"the limit of {whole} leaves {rest}, but a call that may take {due} is due"


def missing(state: Session, needed: Amounts) -> Amounts:
    """Return what accounts must hand over before so much is spent; only of the kinds that they limit."""
    meter = state.meter or Meter()
    taken = plus(minus(spent(state), meter.settled), reserved(state))
    lacking = minus(plus(taken, needed), meter.allotted)
    over = elapsed_ms(state) - meter.settled.wall_ms - meter.allotted.wall_ms
    wall = 0 if state.ended or over < 0 else over + WALL_SLICE_MS
    lacking = replace(lacking, wall_ms=wall)
    return Amounts(**{kind: lacking.of(kind) for kind in state.charged.kinds})


def elapsed_ms(state: Session) -> int:
    """Return the time since a session began, but for its pauses."""
    halted = state.meter.halted_ms if state.meter else 0
    return max((state.updated_at - state.started_at) // timedelta(milliseconds=1) - halted, 0)


def uncounted_steps(state: Session) -> int:
    """Return how many steps have begun that were neither counted nor reserved yet."""
    begun = sum(not isinstance(step.stage, Waiting) for step in state.steps)
    return max(begun - state.spent.steps - reserved(state).steps, 0)


def settlement(state: Session) -> Amounts:
    """Return what is to be settled with the accounts: what was spent of what they handed over.

    Time counts as far as it was handed over: beyond that a session did nothing.
    """
    meter = state.meter or Meter()
    wall = min(elapsed_ms(state) - meter.settled.wall_ms, meter.allotted.wall_ms)
    return replace(minus(spent(state), meter.settled), wall_ms=wall)


def payable(state: Session, claim: Claim) -> Claim | BudgetShort:
    """Return a claim, or in its place what it lacks where the session cannot pay for it now."""
    needed = claim.reserved
    if needed is None:
        return claim
    if isinstance(claim, ModelCallAttempted):  # a step counts when its agent is asked for the first time
        needed = replace(needed, steps=uncounted_steps(state))
    short = BudgetShort(call=claim.call, attempt=claim.attempt, needed=needed)
    if exceeded(state, needed):
        return short
    if agent := overdrawing(state, claim.call, needed):
        return replace(short, agent=agent)
    return replace(claim, reserved=needed) if _handed_over(state, needed) else short


def _handed_over(state: Session, needed: Amounts) -> bool:
    """Tell whether the accounts have handed over so much, and were asked since others joined them."""
    return not (state.meter and state.meter.unasked) and missing(state, needed).nothing


def reservation(state: Session, call: str, attempt: int) -> Reservation | None:
    """Find the oldest reservation for an attempt."""
    held = state.meter.reservations if state.meter else ()
    return next((each for each in held if (each.call, each.attempt) == (call, attempt)), None)
