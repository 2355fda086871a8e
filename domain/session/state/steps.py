"""Hold a step of the plan: one type per stage, each with what that stage needs and nothing else."""

from datetime import datetime
from typing import TypeAlias

import msgspec

from domain.content import Content
from domain.encoding import Json
from domain.labels import Label
from domain.reviewing.findings import Finding
from domain.session.events import PlannedStep
from domain.session.proof import Terms
from domain.session.state.calls import Approval, Choice, Due, InFlight, ModelCall, OutcomeUnknown, Request


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
    Of one that was ``refused``, the ``output`` says why.
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
    refused: bool = False


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
