"""Facts: what became of calls."""

from datetime import datetime
from typing import Literal

import msgspec

from domain.budget.amounts import Amounts
from domain.content import Content
from domain.labels import Label
from domain.session.events.shapes import Fact
from domain.session.events.vocabulary import Failure, Permille


class CredentialUse(msgspec.Struct, frozen=True, kw_only=True):
    """Name a security scheme and the reference of the secret that satisfies it."""

    scheme: str
    reference: str


class CallAttempted(Fact, frozen=True, kw_only=True, tag="session.call-attempted.v1"):
    """A worker claimed one attempt of a call until its lease ends; it may send only after this is durable.

    ``credentials`` are those that it will carry, as they were bound at that moment; ``reserved`` is what the attempt
    costs, where the session is metered.
    """

    call: str
    attempt: int
    worker: str
    lease_until: datetime
    credentials: tuple[CredentialUse, ...] = ()
    reserved: Amounts | None = None
    cost: int = 0


PagesEnd = Literal["last-page", "enough", "loop", "astray", "size", "time", "rate"]
"""Why no further page was read: there is none, no more were asked for, it was read already, it is said to be where it
must not be asked for, or the answer's size, the attempt's time or a limit of calls a minute is used up."""


class Paging(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say how many pages of an answer were read, and why no more."""

    pages: int
    ended: PagesEnd
    reason: str = ""


class CallSucceeded(Fact, frozen=True, kw_only=True, tag="session.call-succeeded.v1"):
    """A tool answered with success; ``mismatches`` are where the answer is not what the tool's document says.

    With ``paging`` the output holds several pages, as ``{"pages": […], "ended": …}``.
    """

    call: str
    attempt: int
    status: int
    output: Content
    source: str
    latency_ms: int = 0
    mismatches: tuple[str, ...] = ()
    paging: Paging | None = None
    label: Label | None = None


class CallFailed(Fact, frozen=True, kw_only=True, tag="session.call-failed.v1"):
    """An attempt failed in one of the named ways; ``unanswered`` and ``server-error`` may have had their effect."""

    call: str
    attempt: int
    failure: Failure
    reason: str
    status: int = 0
    latency_ms: int = 0
    jitter_permille: Permille = 0
    retry_after_ms: int = 0


class CallDeferred(Fact, frozen=True, kw_only=True, tag="session.call-deferred.v1"):
    """A breaker or rate limit outside the session asked to wait; nothing was sent."""

    call: str
    reason: str
    until: datetime


class CallExpired(Fact, frozen=True, kw_only=True, tag="session.call-expired.v1"):
    """A call's deadline passed before its next attempt could be sent."""

    call: str
    attempt: int


class LeaseLapsed(Fact, frozen=True, kw_only=True, tag="session.lease-lapsed.v1"):
    """An attempt's lease ended without an answer: its worker is gone, or the answer was lost."""

    call: str
    attempt: int
    jitter_permille: Permille = 0
