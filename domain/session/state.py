"""Hold what is known of a session, one type per stage, so that an impossible combination cannot be built.

``None`` is the state of a session that does not exist yet.
"""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from domain.content import Content
from domain.encoding import Json
from domain.session.events import BudgetSpent, EffectClass, FoundFor, Limits, PinnedAgent, PlannedStep, Purpose, Sourced


class ModelCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a question that waits for a model's answer; ``fault`` says what was wrong with the last one.

    While ``lease_until`` is set, ``worker`` is asking. ``found`` are the tools that were looked for beforehand.
    """

    id: str
    purpose: Purpose
    agent: str
    recipe: str
    step: int = 0
    attempt: int = 1
    not_before: datetime | None = None
    fault: str = ""
    worker: str = ""
    lease_until: datetime | None = None
    found: tuple[FoundFor, ...] = ()


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be the tool and the arguments that an agent chose."""

    call: str
    tool: str
    arguments: Sourced


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be the request that checked arguments make."""

    operation: str
    document: str
    effect_class: EffectClass
    repeatable: bool
    digest: str


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a question that waits for a human."""

    id: str
    question: Literal["call", "outcome"]
    request_digest: str
    expires_at: datetime | None = None


# What an owed call is doing


class Due(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="phase", tag="due"):
    """The attempt may be sent from ``not_before`` on."""

    attempt: int
    not_before: datetime


class InFlight(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="phase", tag="in-flight"):
    """A worker holds the lease and may be sending."""

    attempt: int
    worker: str
    lease_until: datetime


class OutcomeUnknown(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="phase", tag="outcome-unknown"
):
    """Nobody knows whether the attempt happened; a human is asked."""

    attempt: int
    approval: Approval | None = None


# What a step is doing


class Stage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage"):
    """Be the parent of a step's stages."""

    @property
    def awaits(self) -> str:
        """Name the model call or tool call whose answer this stage waits for."""
        return ""


class Waiting(Stage, frozen=True, kw_only=True, tag="waiting"):
    """Not all predecessors are accepted yet."""


class Choosing(Stage, frozen=True, kw_only=True, tag="choosing"):
    """The step's agent is asked for a tool and its arguments."""

    model: ModelCall | None = None

    @property
    def awaits(self) -> str:
        """Name the model call."""
        return self.model.id if self.model else ""


class Checking(Stage, frozen=True, kw_only=True, tag="checking"):
    """The arguments are held against the operation."""

    choice: Choice

    @property
    def awaits(self) -> str:
        """Name the tool call."""
        return self.choice.call


class Judging(Stage, frozen=True, kw_only=True, tag="judging"):
    """The policy judges the request."""

    choice: Choice
    request: Request

    @property
    def awaits(self) -> str:
        """Name the tool call."""
        return self.choice.call


class Asking(Stage, frozen=True, kw_only=True, tag="asking"):
    """A human is asked to allow the request."""

    choice: Choice
    request: Request
    approval: Approval

    @property
    def awaits(self) -> str:
        """Name the tool call."""
        return self.choice.call


class Calling(Stage, frozen=True, kw_only=True, tag="calling"):
    """The call is owed, in flight or unanswered; ``doubtful``: an earlier attempt may have had its effect."""

    choice: Choice
    request: Request
    idempotency_key: str
    deadline: datetime
    phase: Due | InFlight | OutcomeUnknown
    doubtful: bool = False

    @property
    def awaits(self) -> str:
        """Name the tool call."""
        return self.choice.call


class Inspecting(Stage, frozen=True, kw_only=True, tag="inspecting"):
    """The result is reviewed by code."""

    call: str
    tool: str
    output: Content
    source: str

    @property
    def awaits(self) -> str:
        """Name the tool call."""
        return self.call


class Reviewing(Stage, frozen=True, kw_only=True, tag="reviewing"):
    """The result is reviewed by a model."""

    call: str
    tool: str
    output: Content
    source: str
    model: ModelCall

    @property
    def awaits(self) -> str:
        """Name the model call."""
        return self.model.id


class Accepted(Stage, frozen=True, kw_only=True, tag="accepted"):
    """The result stands."""

    call: str
    tool: str
    output: Content
    source: str


class Failed(Stage, frozen=True, kw_only=True, tag="failed"):
    """The step cannot be finished."""

    reason: str


StepStage: TypeAlias = (
    Waiting | Choosing | Checking | Judging | Asking | Calling | Inspecting | Reviewing | Accepted | Failed
)


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be one step of the plan; ``round`` counts from 1 and grows with each rework."""

    number: int
    plan: PlannedStep
    stage: StepStage
    round: int = 1
    instructions: str = ""


# What became of a call that was given up


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


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a call that was given up, with all that is needed to send the very same request again.

    ``attempts`` counts those that were made before the present replay; the next has the number behind it.
    """

    id: str
    step: int
    choice: Choice
    request: Request
    idempotency_key: str
    attempts: int
    reason: str
    stage: Open | Replaying | Resolved | Discarded = Open()

    @property
    def status(self) -> str:
        """Name the stage."""
        return str(self.stage.__struct_config__.tag)


# What the session is doing


class Planning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage", tag="planning"):
    """The planner is asked for a plan."""

    model: ModelCall | None = None


class Executing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage", tag="executing"):
    """Steps are being done."""


class Answering(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage", tag="answering"):
    """All steps are accepted and the answer is being written."""

    model: ModelCall


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage", tag="ended"):
    """The session is over; ``text`` is the answer or the reason."""

    status: Literal["completed", "failed", "cancelled"]
    text: str


SessionStage: TypeAlias = Planning | Executing | Answering | Ended


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be one run of one goal. ``open`` holds the numbers of the steps that were started and have not ended."""

    id: str
    goal: str
    user: str
    model: str
    agents: tuple[PinnedAgent, ...]
    catalog: str
    policy_set: str
    behaviour: int
    tenant: str
    lane: str
    context: Json
    limits: Limits
    stage: SessionStage
    started_at: datetime
    updated_at: datetime
    steps: tuple[Step, ...] = ()
    open: tuple[int, ...] = ()
    paused_at: datetime | None = None
    spent: BudgetSpent = BudgetSpent()
    late_answers: int = 0
    letters: tuple[DeadLetter, ...] = ()
    roles: tuple[str, ...] = ()

    @property
    def paused(self) -> bool:
        """Tell whether the session is halted."""
        return self.paused_at is not None

    @property
    def ended(self) -> bool:
        """Tell whether nothing more can be decided."""
        return isinstance(self.stage, Ended)

    def step_awaiting(self, call: str) -> Step | None:
        """Find the open step that waits for the answer to a model call or tool call."""
        for number in self.open:
            step = self.steps[number - 1]
            if step.stage.awaits == call:
                return step
        return None

    def letter_of(self, call: str) -> DeadLetter | None:
        """Find the dead letter that a call became."""
        return next((letter for letter in self.letters if letter.choice.call == call), None)

    def agent_in_role(self, role: str) -> str:
        """Return the id of the first agent in a role, or an empty string."""
        return next((agent.id for agent in self.agents if agent.role == role), "")


SCHEMA = "session-state.v2"
"""Names the layout that a state digest covers; the second one has dead letters."""
