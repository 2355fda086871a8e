"""Say everything that can be asked of a session, in the imperative; times and actors come with the context."""

from typing import TypeAlias

import msgspec

from domain.encoding import NULL, Json
from domain.memory.recalling import MemoryUse
from domain.session.events import Budget, Limits, Outcome, PinnedAgent


class SubmitGoal(msgspec.Struct, frozen=True, kw_only=True):
    """Start a session for a goal, with everything it will depend on pinned by digest."""

    session: str
    goal: str
    user: str
    model: str
    agents: tuple[PinnedAgent, ...]
    catalog: str
    policy_set: str
    tenant: str = "local"
    lane: str = "standard"
    context: Json = NULL
    limits: Limits = Limits()
    roles: tuple[str, ...] = ()
    budget: Budget | None = None
    dry_run: bool = False
    memory: MemoryUse | None = None


class GrantApproval(msgspec.Struct, frozen=True, kw_only=True):
    """Allow one request; ``request_digest`` and ``proof`` are what the human saw, empty to accept what is on record.

    ``arguments`` stand in the place of those that were asked about. ``standing`` names the approval that was given
    beforehand.
    """

    approval: str
    by: str
    reason: str = ""
    request_digest: str = ""
    proof: str = ""
    arguments: Json | None = None
    standing: str = ""


class DenyApproval(msgspec.Struct, frozen=True, kw_only=True):
    """Refuse one request."""

    approval: str
    by: str
    reason: str = ""


class ReportOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """Say what became of a call with an unknown outcome, and what to do."""

    approval: str
    by: str
    outcome: Outcome
    reason: str = ""


class CancelSession(msgspec.Struct, frozen=True, kw_only=True):
    """End a session now."""

    reason: str = ""


class PauseSession(msgspec.Struct, frozen=True, kw_only=True):
    """Halt a session; what is in flight is still recorded."""

    reason: str = ""


class ResumeSession(msgspec.Struct, frozen=True, kw_only=True):
    """Let a paused session go on."""

    reason: str = ""


class ReplayDeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Send a call that was given up again, also after its session has ended; the reason is kept."""

    letter: str
    by: str
    reason: str


class DiscardDeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Close a dead letter without sending its call again; the reason is kept."""

    letter: str
    by: str
    reason: str


class MigrateCatalog(msgspec.Struct, frozen=True, kw_only=True):
    """Let a session go on with another revision of one API, unless it has left the snapshot ``before`` already."""

    api: str
    document: str
    catalog: str
    before: str
    by: str
    reason: str = ""


LetterCommand: TypeAlias = ReplayDeadLetter | DiscardDeadLetter
SessionCommand: TypeAlias = (
    SubmitGoal
    | GrantApproval
    | DenyApproval
    | ReportOutcome
    | CancelSession
    | PauseSession
    | ResumeSession
    | MigrateCatalog
    | LetterCommand
)
