"""Consequences: how a session ends."""

from domain.labels import Label
from domain.session.events.shapes import Consequence


class SessionCompleted(Consequence, frozen=True, kw_only=True, tag="session.completed.v1"):
    """The goal was reached; this is the answer, and the label of what it was written from.

    ``summary`` is what its model says is worth remembering, where the goal asked for that.
    """

    answer: str
    label: Label | None = None
    summary: str = ""


class SessionFailed(Consequence, frozen=True, kw_only=True, tag="session.failed.v1"):
    """The goal cannot be reached; calls still in flight are named, for their answers are still recorded.

    ``limit`` names what of the session's own budget was too little, empty where it failed otherwise.
    """

    reason: str
    in_flight: tuple[str, ...] = ()
    limit: str = ""


class SessionCancelled(Consequence, frozen=True, kw_only=True, tag="session.cancelled.v1"):
    """The session was ended on request; calls still in flight are named, for their answers are still recorded."""

    reason: str
    in_flight: tuple[str, ...] = ()
