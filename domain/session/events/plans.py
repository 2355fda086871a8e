"""Consequences: plans, their steps, and what agents chose for them."""

import msgspec

from domain.content import Content
from domain.labels import Label
from domain.session.events.shapes import Consequence, PlannedStep, Sourced
from domain.session.proof import Consent, Terms


class PlanProposed(Consequence, frozen=True, kw_only=True, tag="session.plan-proposed.v1"):
    """The planner decomposed the goal; a step's number is its place in this list, from 1."""

    steps: tuple[PlannedStep, ...]


class ReplanRequested(Consequence, frozen=True, kw_only=True, tag="session.replan-requested.v1"):
    """A step cannot be finished, and the planner is to find another way; it is told the kind of failure and a status.

    So nothing that a tool, an agent or a reviewer wrote reaches it.
    """

    step: int
    kind: str
    status: int = 0


class ChangedStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say by which new step a step is replaced that had not begun."""

    step: int
    by: int


class PlanRevised(Consequence, frozen=True, kw_only=True, tag="session.plan-revised.v1"):
    """The rest of a plan was planned anew: ``steps`` are new, numbered from ``first`` on.

    Of the steps that waited, ``changed`` are replaced by new ones and ``removed`` left out; all others stay.
    """

    steps: tuple[PlannedStep, ...]
    first: int
    changed: tuple[ChangedStep, ...] = ()
    removed: tuple[int, ...] = ()


class StepStarted(Consequence, frozen=True, kw_only=True, tag="session.step-started.v1"):
    """A step whose predecessors were all accepted began."""

    step: int
    agent: str


class DescriptionRequested(Consequence, frozen=True, kw_only=True, tag="session.description-requested.v1"):
    """An agent asked for more of a tool before it chooses: of what stands at a JSON pointer into the arguments."""

    step: int
    call: str
    tool: str
    at: str


class ToolChosen(Consequence, frozen=True, kw_only=True, tag="session.tool-chosen.v1"):
    """An agent chose a tool and its arguments for a step, or a human did, whose ``consent`` goes with them.

    Where it takes the place of a call that people were asked about, ``earlier`` are the terms of that question.
    """

    step: int
    call: str
    tool: str
    arguments: Sourced
    consent: Consent | None = None
    earlier: Terms | None = None


class ResultStated(Consequence, frozen=True, kw_only=True, tag="session.result-stated.v1"):
    """An agent stated a step's result from what was known, without a tool."""

    step: int
    call: str
    output: Content
    label: Label | None = None


class StepAccepted(Consequence, frozen=True, kw_only=True, tag="session.step-accepted.v1"):
    """A step's result passed its review."""

    step: int


class ReworkRequested(Consequence, frozen=True, kw_only=True, tag="session.rework-requested.v1"):
    """A step goes back to its agent with instructions; rounds are bounded.

    ``counted``: that its call was refused is something it found, and took one of the calls of a researcher's step.
    """

    step: int
    round: int
    instructions: str
    counted: bool = False


class RepairRequested(Consequence, frozen=True, kw_only=True, tag="session.repair-requested.v1"):
    """The toolsmith is to mend the arguments of a call that failed, in a round of its own, before its agent has to."""

    step: int
    round: int
    tool: str
    problem: str


class StepFailed(Consequence, frozen=True, kw_only=True, tag="session.step-failed.v1"):
    """A step cannot be finished."""

    step: int
    reason: str
