"""Make a group of events from a fact: the fact, what was decided from it, and the state afterwards.

The shell uses it to write and replay uses it to check: both run the very same rules.
"""

from collections.abc import Iterable
from typing import TypeAlias, cast

from domain.envelope import Event, consequence_events
from domain.errors import Unavailable
from domain.session.decide import BEHAVIOUR, decide
from domain.session.events import SessionEvent, SessionFact
from domain.session.evolve import evolve
from domain.session.state import Session

Group: TypeAlias = list[Event[SessionEvent]]


def react(state: Session | None, fact: Event[SessionEvent]) -> tuple[Group, Session | None]:
    """Return the fact's group and the state after it."""
    after = evolve(state, fact.data, fact.at)
    if after is None:
        return [fact], None
    if after.behaviour > BEHAVIOUR:
        raise Unavailable(
            f"Expected rules of version {BEHAVIOUR} or older, but this session began under {after.behaviour}: "
            "use the newer release that wrote it."
        )
    consequences = decide(after, cast(SessionFact, fact.data), fact.at)
    for consequence in consequences:
        after = evolve(after, consequence, fact.at)
    return [fact, *consequence_events(fact, consequences)], after


def fold(events: Iterable[Event[SessionEvent]], state: Session | None = None) -> Session | None:
    """Apply recorded events to a state, one after the other."""
    for event in events:
        state = evolve(state, event.data, event.at)
    return state
