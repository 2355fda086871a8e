"""Say what of an effect may be recorded by now: nothing of one that is not owed any more, or not yet again."""

from datetime import datetime
from typing import TypeVar

from domain.session.effects import Effect
from domain.session.outstanding import outstanding
from domain.session.state import Session

SomeEffect = TypeVar("SomeEffect", bound=Effect)


def owed(state: Session | None, effect: SomeEffect, at: datetime) -> SomeEffect | None:
    """Return an effect as it is owed and due by now: since it was looked at, it may have begun anew or been put off."""
    found = (other for other in outstanding(state) if other.id == effect.id and other.not_before <= at)
    return next((other for other in found if isinstance(other, type(effect))), None)
