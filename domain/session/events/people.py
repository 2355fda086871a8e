"""Facts: what people and the surroundings said."""

from domain.encoding import NULL, Json
from domain.memory.recalling import MemoryUse
from domain.session.events.shapes import Budget, Fact, Limits, PinnedAgent, Sourced
from domain.session.events.vocabulary import Outcome


class GoalSubmitted(Fact, frozen=True, kw_only=True, tag="session.goal-submitted.v1"):
    """A goal came in; everything the run depends on is pinned here by digest.

    A ``dry_run`` reads, but sends nothing that writes.
    """

    session: str
    goal: str
    user: str
    model: str
    agents: tuple[PinnedAgent, ...]
    catalog: str
    policy_set: str
    behaviour: int
    tenant: str = "local"
    lane: str = "standard"
    context: Json = NULL
    limits: Limits = Limits()
    roles: tuple[str, ...] = ()
    budget: Budget | None = None
    dry_run: bool = False
    memory: MemoryUse | None = None


class CancelRequested(Fact, frozen=True, kw_only=True, tag="session.cancel-requested.v1"):
    """Somebody asked to end the session now."""

    reason: str = ""


class SessionPaused(Fact, frozen=True, kw_only=True, tag="session.paused.v1"):
    """Somebody halted the session; what is in flight is still recorded."""

    reason: str = ""


class SessionResumed(Fact, frozen=True, kw_only=True, tag="session.resumed.v1"):
    """Somebody let a paused session go on."""

    reason: str = ""


class ApprovalGranted(Fact, frozen=True, kw_only=True, tag="session.approval-granted.v1"):
    """A human allowed exactly the request with this digest, or, with ``edited``, what other arguments make of it.

    ``proof`` is the digest of the terms that were agreed to. Where people had allowed it beforehand, ``standing`` names
    that approval.
    """

    approval: str
    request_digest: str
    by: str
    reason: str = ""
    proof: str = ""
    edited: Sourced | None = None
    standing: str = ""


class ApprovalDenied(Fact, frozen=True, kw_only=True, tag="session.approval-denied.v1"):
    """A human refused a request."""

    approval: str
    by: str
    reason: str = ""


class ApprovalExpired(Fact, frozen=True, kw_only=True, tag="session.approval-expired.v1"):
    """Nobody answered in time."""

    approval: str


class OutcomeReported(Fact, frozen=True, kw_only=True, tag="session.outcome-reported.v1"):
    """A human said whether a call with an unknown outcome had happened, and what to do."""

    approval: str
    call: str
    outcome: Outcome
    by: str
    reason: str = ""
