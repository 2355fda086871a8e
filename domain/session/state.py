"""Hold what is known of a session, one type per stage, so that an impossible combination cannot be built.

``None`` is the state of a session that does not exist yet.
"""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from domain.budget.amounts import Amounts
from domain.content import Content
from domain.encoding import Json
from domain.labels import FilledSlot, Label
from domain.memory.recalling import MemoryUse, RecalledMemory
from domain.redaction.recorded import HiddenValue
from domain.reviewing.findings import Finding
from domain.session.events import (
    Budget,
    BudgetSpent,
    Described,
    EffectClass,
    FoundFor,
    Limits,
    PinnedAgent,
    PlannedStep,
    Purpose,
    Reassigned,
    Sourced,
    Strategy,
)
from domain.session.proof import Consent, Terms
from domain.session.tightening import tightened


class ModelCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a question that waits for a model's answer; ``fault`` says what was wrong with the last one.

    While ``lease_until`` is set, ``worker`` is asking, and shows earlier results by ``strategy``. ``found`` are the
    tools that were looked for beforehand, ``reassigned`` the steps of a plan just checked that go to others.
    ``recalled`` are memories, None where nobody asked for any yet.
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
    reassigned: tuple[Reassigned, ...] = ()
    recalled: tuple[RecalledMemory, ...] | None = None
    strategy: Strategy = ""


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be the tool and the arguments that an agent chose, and which of them its plan had bound.

    A human may have chosen others, and gave ``consent`` with them. ``earlier`` are the terms of the question whose
    place the choice takes. ``described`` is what is wanted where its arguments did not fit.
    """

    call: str
    tool: str
    arguments: Sourced
    filled: tuple[FilledSlot, ...] = ()
    consent: Consent | None = None
    earlier: Terms | None = None
    described: tuple[Described, ...] = ()


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be the request that checked arguments make."""

    operation: str
    document: str
    effect_class: EffectClass
    repeatable: bool
    digest: str


class Approval(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a question that waits for a human; ``terms`` are what the answer is bound to."""

    id: str
    question: Literal["call", "outcome"]
    request_digest: str
    expires_at: datetime | None = None
    terms: Terms | None = None
    supersedes: str = ""


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


class Describing(Stage, frozen=True, kw_only=True, tag="describing"):
    """More of a tool is looked up for the step's agent, who asked in the model call ``call``."""

    call: str
    tool: str
    at: str


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


class Asking(Stage, frozen=True, kw_only=True, omit_defaults=True, tag="asking"):
    """A human is asked to allow the request; ``attempts`` were made before he was asked again.

    ``repeats``: another call of the step had been sent before this one.
    """

    choice: Choice
    request: Request
    approval: Approval
    attempts: int = 0
    repeats: bool = False

    @property
    def awaits(self) -> str:
        """Name the tool call."""
        return self.choice.call


class Calling(Stage, frozen=True, kw_only=True, tag="calling"):
    """The call is owed, in flight or unanswered; ``doubtful``: an earlier attempt may have had its effect.

    ``approved`` are the terms under which a human allowed it, ``standing`` the approval that was given beforehand.
    ``repeats``: another call of the step had been sent before this one.
    """

    choice: Choice
    request: Request
    idempotency_key: str
    deadline: datetime
    phase: Due | InFlight | OutcomeUnknown
    doubtful: bool = False
    approved: Terms | None = None
    standing: str = ""
    repeats: bool = False

    @property
    def awaits(self) -> str:
        """Name the tool call."""
        return self.choice.call


class Inspecting(Stage, frozen=True, kw_only=True, tag="inspecting"):
    """The result is reviewed by code; ``mismatches`` are where a tool's answer is not as described."""

    call: str
    tool: str
    output: Content
    source: str
    label: Label | None = None
    mismatches: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def awaits(self) -> str:
        """Name the tool call."""
        return self.call


class Reviewing(Stage, frozen=True, kw_only=True, tag="reviewing"):
    """The result is reviewed by a model, which is told what code found."""

    call: str
    tool: str
    output: Content
    source: str
    model: ModelCall
    label: Label | None = None
    findings: tuple[Finding, ...] = ()

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
    label: Label | None = None


class Failed(Stage, frozen=True, kw_only=True, tag="failed"):
    """The step cannot be finished."""

    reason: str


class Dropped(Stage, frozen=True, kw_only=True, tag="dropped"):
    """The step was left out of the plan before it had begun."""


StepStage: TypeAlias = (
    Waiting
    | Choosing
    | Describing
    | Checking
    | Judging
    | Asking
    | Calling
    | Inspecting
    | Reviewing
    | Accepted
    | Failed
    | Dropped
)


class Told(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be what an agent was told about a tool, on request."""

    tool: str
    at: str
    text: str


class Gathered(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be what a call of a researcher's step found.

    One that would have been the same as an earlier call was not made: ``repeats`` names that one, and nothing was said.
    """

    call: str
    tool: str
    arguments: Json
    request_digest: str
    output: Content = Content(text="", size=0)
    source: str = ""
    label: Label | None = None
    mismatches: tuple[str, ...] = ()
    repeats: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be one step of the plan; ``round`` counts from 1 and grows with each rework.

    ``sent``: a call of this step was owed already, so that another one is not the one that was planned; where plans
    may be revised, ``wrote`` tells that one was no read. ``recalled`` labels the memories that its agent was shown.
    ``mended`` counts the rounds that the toolsmith had, and ``broken`` is the choice that it was last asked to mend.
    ``gathered`` is what the calls of a researcher found so far; each of them took a round.
    """

    number: int
    plan: PlannedStep
    stage: StepStage
    round: int = 1
    instructions: str = ""
    sent: bool = False
    told: tuple[Told, ...] = ()
    recalled: Label | None = None
    mended: int = 0
    wrote: bool = False
    broken: Choice | None = None
    gathered: tuple[Gathered, ...] = ()

    @property
    def tries(self) -> int:
        """Count the rounds that were its agent's to end it: not the toolsmith's, nor those of calls that gathered."""
        return self.round - self.mended - len(self.gathered)


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


# What the session may still spend


class Reservation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be what is kept for an attempt until it is answered, or until its lease lapses.

    ``agent`` is whose attempt it is, where that agent's own use is limited.
    """

    call: str
    attempt: int
    amounts: Amounts
    until: datetime
    agent: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be an attempt that waits for its accounts to pay for it, asked ``tries`` times in vain.

    Where one ``refused`` it, the session is paused, until ``reopens_at`` at the latest if that is known.
    """

    call: str
    attempt: int
    needed: Amounts
    not_before: datetime
    tries: int = 0
    refused: bool = False
    reopens_at: datetime | None = None


class AgentUse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be what one agent has used so far."""

    agent: str
    amounts: Amounts = Amounts()


class Meter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Count what is reserved and what accounts handed over; ``settled`` is what they were told of already.

    ``used`` counts what agents have used that are limited themselves. Accounts that are ``joining`` have handed over
    nothing yet of what others did. While the accounts are ``unasked``, since others pay now or for other things,
    nothing is reserved.
    """

    allotted: Amounts = Amounts()
    allotments: int = 0
    settled: Amounts = Amounts()
    reservations: tuple[Reservation, ...] = ()
    wanted: Wanted | None = None
    halted_ms: int = 0
    used: tuple[AgentUse, ...] = ()
    joining: tuple[str, ...] = ()
    unasked: bool = False


# What the session is doing


class Planning(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage", tag="planning"):
    """The planner is asked for a plan."""

    model: ModelCall | None = None


class Executing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage", tag="executing"):
    """Steps are being done; the planner may be asked for another way to go on."""

    replan: ModelCall | None = None


class Answering(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage", tag="answering"):
    """All steps are accepted and the answer is being written."""

    model: ModelCall


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="stage", tag="ended"):
    """The session is over; ``text`` is the answer or the reason."""

    status: Literal["completed", "failed", "cancelled"]
    text: str


SessionStage: TypeAlias = Planning | Executing | Answering | Ended


NO_BUDGET = Budget()


class Denial(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be why the answer to an attempt of a call is not used: a content filter denied it, or it is plainly wrong."""

    call: str
    attempt: int
    reason: str


class Setback(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be why a step could not be finished, as the planner is told."""

    step: int
    kind: str
    status: int = 0


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be one run of one goal. ``open`` holds the numbers of the steps that were started and have not ended.

    ``seen`` labels all that tools have said to it so far, ``recalled`` the memories that its planner was shown.
    """

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
    dry_run: bool = False
    seen: Label | None = None
    hidden: tuple[HiddenValue, ...] = ()
    denied: tuple[Denial, ...] = ()
    setbacks: tuple[Setback, ...] = ()
    budget: Budget | None = None
    meter: Meter | None = None
    memory: MemoryUse | None = None
    recalled: Label | None = None

    @property
    def charged(self) -> Budget:
        """Return by what the session is charged and who pays; an empty budget where nothing was pinned."""
        return self.budget or NO_BUDGET

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

    def denial_of(self, call: str, attempt: int) -> str:
        """Return why the answer to an attempt may not be used, an empty string where it may."""
        return next((each.reason for each in self.denied if (each.call, each.attempt) == (call, attempt)), "")

    def letter_of(self, call: str) -> DeadLetter | None:
        """Find the dead letter that a call became."""
        return next((letter for letter in self.letters if letter.choice.call == call), None)

    def tool_of(self, call: str) -> str:
        """Return the tool that a call is of, "" where none is known; of one that was given up, the letter knows it."""
        step, letter = self.step_awaiting(call), self.letter_of(call)
        choice = letter.choice if letter else getattr(step.stage, "choice", None) if step else None
        return choice.tool if choice else ""

    def pinned(self, agent: str) -> PinnedAgent | None:
        """Find an agent by its id."""
        return next((each for each in self.agents if each.id == agent), None)

    def model_of(self, agent: str) -> str:
        """Return the model that an agent's questions go to: its own, or the session's."""
        pinned = self.pinned(agent)
        return (pinned.model if pinned else "") or self.model

    def researches(self, agent: str) -> bool:
        """Tell whether an agent takes several calls in a step, which only read, before it states what it found."""
        pinned = self.pinned(agent)
        return self.behaviour >= 2 and pinned is not None and pinned.role == "researcher"

    def limits_of(self, agent: str) -> Limits:
        """Return the limits that hold for what an agent does: the session's, or tighter ones."""
        pinned = self.pinned(agent)
        return tightened(self.limits, pinned.limits) if pinned and pinned.limits else self.limits

    def agent_in_role(self, role: str) -> str:
        """Return the id of the first agent in a role, or an empty string."""
        return next((agent.id for agent in self.agents if agent.role == role), "")


SCHEMA = "session-state.v2"
"""Names the layout that a state digest covers; the second one has dead letters."""
