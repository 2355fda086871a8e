"""Tell what an agent whose own use of a session is limited has used of it, and has left."""

from domain.budget.amounts import Amounts, Kind, plus, total
from domain.session.state import Meter, Session

KINDS: tuple[Kind, ...] = ("model_calls", "tool_calls", "tokens")


def used_by(state: Session, agent: str) -> Amounts:
    """Return what an agent whose use is limited has used, with what is reserved for its calls in flight."""
    return plus(settled_by(state, agent), reserved_by(state, agent))


def settled_by(state: Session, agent: str) -> Amounts:
    """Return what an agent whose use is limited has used of calls that were answered or given up."""
    meter = state.meter or Meter()
    return total(each.amounts for each in meter.used if each.agent == agent)


def reserved_by(state: Session, agent: str) -> Amounts:
    """Return what is reserved for the calls in flight of an agent whose use is limited."""
    meter = state.meter or Meter()
    return total(each.amounts for each in meter.reservations if each.agent == agent)


def left_of(state: Session, agent: str, kind: Kind) -> int | None:
    """Return how much of a kind an agent's own limit leaves it; None where it has no such limit."""
    pinned = state.pinned(agent)
    limit: int | None = getattr(pinned.limits, kind) if pinned and pinned.limits else None
    return None if limit is None else max(0, limit - used_by(state, agent).of(kind))
