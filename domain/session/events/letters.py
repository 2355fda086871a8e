"""Facts: what people did about calls that were given up."""

from domain.session.events.shapes import Fact


class DeadLetterReplayed(Fact, frozen=True, kw_only=True, tag="session.dead-letter-replayed.v1"):
    """A human ordered that a call which was given up is sent again: the same request, under the same key.

    What became of its earlier attempts may be unknown: whoever gave this order took that upon themselves.
    """

    letter: str
    call: str
    by: str
    reason: str


class DeadLetterDiscarded(Fact, frozen=True, kw_only=True, tag="session.dead-letter-discarded.v1"):
    """A human closed a dead letter; its call is not sent again."""

    letter: str
    call: str
    by: str
    reason: str
