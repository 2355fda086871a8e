"""Consequences: requests of tools, and what people are asked about them."""

from datetime import datetime
from typing import Literal

from domain.content import Content
from domain.session.events.shapes import Consequence
from domain.session.events.vocabulary import Decision
from domain.session.proof import Difference, Terms


class CallWithdrawn(Consequence, frozen=True, kw_only=True, tag="session.call-withdrawn.v1"):
    """A chosen call will not be sent as it was chosen, and nobody is asked about it any more."""

    call: str
    reason: str


class ApprovalRequested(Consequence, frozen=True, kw_only=True, tag="session.approval-requested.v1"):
    """A human is asked to allow one request, or to say whether an unanswered one happened.

    What is allowed is bound to ``terms``, whose digest is ``proof``. Where an earlier question counts no longer,
    ``supersedes`` names it, and ``differences`` say why.
    """

    approval: str
    question: Literal["call", "outcome"]
    step: int
    call: str
    request_digest: str
    reason: str
    expires_at: datetime | None = None
    terms: Terms | None = None
    proof: str = ""
    supersedes: str = ""
    differences: tuple[Difference, ...] = ()


class CallRequested(Consequence, frozen=True, kw_only=True, tag="session.call-requested.v1"):
    """A call is owed: exactly this request, under this idempotency key, until this deadline.

    ``approved`` are the terms under which a human allowed it, where one had to; ``standing`` names the approval that
    was given beforehand.
    """

    step: int
    call: str
    tool: str
    operation: str
    document: str
    request_digest: str
    idempotency_key: str
    deadline: datetime
    approved: Terms | None = None
    standing: str = ""


class CallRetryScheduled(Consequence, frozen=True, kw_only=True, tag="session.call-retry-scheduled.v1"):
    """The same request will be sent again under the same key.

    ``doubtful``: an earlier attempt may have had its effect. A human who asks for another attempt sets a new
    ``deadline``, and renews the terms of a call that had to be ``approved``. ``letter`` names the dead letter that is
    being replayed, empty for a step that still waits.
    """

    call: str
    attempt: int
    not_before: datetime
    reason: str
    doubtful: bool = False
    deadline: datetime | None = None
    letter: str = ""
    approved: Terms | None = None


class CallOutcomeUnknown(Consequence, frozen=True, kw_only=True, tag="session.call-outcome-unknown.v1"):
    """Nobody knows whether an attempt had its effect, and repeating it is not safe."""

    call: str
    attempt: int
    reason: str


class CallDeadLettered(Consequence, frozen=True, kw_only=True, tag="session.call-dead-lettered.v1"):
    """A call was given up and waits for people: for the first time, or again after a replay."""

    call: str
    reason: str


class DeadLetterResolved(Consequence, frozen=True, kw_only=True, tag="session.dead-letter-resolved.v1"):
    """The call of a dead letter succeeded at last; the session's status and its steps stay what they were."""

    letter: str
    call: str


class CallRehearsed(Consequence, frozen=True, kw_only=True, tag="session.call-rehearsed.v1"):
    """In a dry run, a call got as far as its verdict, ``decision``, and is not sent.

    ``output`` stands in for its answer. ``ask``: outside of a dry run a human would be asked.
    """

    step: int
    call: str
    tool: str
    operation: str
    document: str
    request_digest: str
    decision: Decision
    output: Content
