"""Say what may be recorded of an effect by now: nothing of one that is not owed any more, or not yet again."""

from datetime import datetime

from domain.session.effects import Effect
from domain.session.events import SessionFact
from domain.session.means import Claim, payable, unreserved
from domain.session.outstanding import outstanding
from domain.session.state import Session


def owes(state: Session | None, effect: Effect, at: datetime) -> bool:
    """Tell whether an effect is still owed, and due: since it was looked at, it may have begun anew or been put off."""
    return any(other.id == effect.id and other.not_before <= at for other in outstanding(state))


def claim_of(state: Session | None, effect: Effect, claim: Claim, at: datetime) -> SessionFact | None:
    """Return what is recorded of a claim: nothing where it is not owed any more, or what it lacks to be paid for."""
    return payable(state, claim) if state and owes(state, effect, at) and not unreserved(state, claim) else None
