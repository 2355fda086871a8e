"""Hold dead letters: calls that were given up, and what became of them."""

from datetime import datetime

import msgspec

from domain.session.state.calls import Choice, Due, InFlight, Request


class Open(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="status", tag="open"):
    """It waits for people."""


class Replaying(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="status", tag="replaying"):
    """It is sent again until ``deadline``; ``doubtful``: an attempt of this replay may have had its effect."""

    deadline: datetime
    phase: Due | InFlight
    doubtful: bool = False


class Resolved(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="status", tag="resolved"):
    """It succeeded in the end."""


class Discarded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="status", tag="discarded"):
    """A human closed it."""


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say who ordered that a call is sent again, and why."""

    by: str
    reason: str


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a call that was given up, with all that is needed to send the very same request again.

    ``attempts`` counts those that were made before the present replay; the next has the number behind it. ``order`` is
    the last one to send it again.
    """

    id: str
    step: int
    choice: Choice
    request: Request
    idempotency_key: str
    attempts: int
    reason: str
    stage: Open | Replaying | Resolved | Discarded = Open()
    order: Order | None = None

    @property
    def status(self) -> str:
        """Name the stage."""
        return str(self.stage.__struct_config__.tag)
