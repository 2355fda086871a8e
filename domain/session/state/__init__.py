"""Hold what is known of a session, one type per stage, so that an impossible combination cannot be built.

``None`` is the state of a session that does not exist yet.
"""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from domain.encoding import Json
from domain.labels import Label
from domain.memory.recalling import MemoryUse
from domain.redaction.recorded import HiddenValue
from domain.session.events import Budget, BudgetSpent, Limits, PinnedAgent
from domain.session.state.calls import Approval, Choice, Due, InFlight, ModelCall, OutcomeUnknown, Request
from domain.session.state.letters import DeadLetter, Discarded, Open, Order, Replaying, Resolved
from domain.session.state.meter import AgentUse, Meter, Reservation, Wanted
from domain.session.state.steps import (
    Accepted,
    Asking,
    Calling,
    Checking,
    Choosing,
    Describing,
    Dropped,
    Failed,
    Gathered,
    Inspecting,
    Judging,
    Reviewing,
    Stage,
    Step,
    StepStage,
    Told,
    Waiting,
)
from domain.session.tightening import tightened


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

    @property
    def open_steps(self) -> list[Step]:
        """Return the steps that were started and have not ended."""
        return [self.steps[number - 1] for number in self.open]

    def step(self, number: int) -> Step | None:
        """Find a step by its number."""
        return self.steps[number - 1] if 1 <= number <= len(self.steps) else None

    def step_awaiting(self, call: str) -> Step | None:
        """Find the open step that waits for the answer to a model call or tool call."""
        for number in self.open:
            step = self.steps[number - 1]
            if step.stage.awaits == call:
                return step
        return None

    def with_step(self, step: Step) -> "Session":
        """Return the session with a step in the place of the one that has its number."""
        return replace(self, steps=(*self.steps[: step.number - 1], step, *self.steps[step.number :]))

    def with_stage(self, step: Step, stage: StepStage) -> "Session":
        """Return the session with a step in another stage."""
        return self.with_step(replace(step, stage=stage))

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

    def catalog_of(self, model: ModelCall) -> str:
        """Return the digest of the snapshot that a question is asked on: the one that was pinned when it became due."""
        return model.catalog or self.catalog

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

__all__ = [
    "NO_BUDGET",
    "SCHEMA",
    "Accepted",
    "AgentUse",
    "Answering",
    "Approval",
    "Asking",
    "Calling",
    "Checking",
    "Choice",
    "Choosing",
    "DeadLetter",
    "Denial",
    "Describing",
    "Discarded",
    "Dropped",
    "Due",
    "Ended",
    "Executing",
    "Failed",
    "Gathered",
    "InFlight",
    "Inspecting",
    "Judging",
    "Meter",
    "ModelCall",
    "Open",
    "Order",
    "OutcomeUnknown",
    "Planning",
    "Replaying",
    "Request",
    "Reservation",
    "Resolved",
    "Reviewing",
    "Session",
    "SessionStage",
    "Setback",
    "Stage",
    "Step",
    "StepStage",
    "Told",
    "Waiting",
    "Wanted",
]
