"""Give each step of a plan to an agent that may use its tool, or say why nobody can do it."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from domain.catalog.events import Agent, Tool
from domain.catalog.state import Snapshot
from domain.session.events import PlannedStep, Reassigned
from domain.session.state import Session


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """Hold which steps go to others than their plan says, and what nobody can do, in words for the planner."""

    reassigned: tuple[Reassigned, ...] = ()
    problems: tuple[str, ...] = ()


def assignment(state: Session, steps: Sequence[PlannedStep], catalog: Snapshot, first: int = 1) -> Assignment:
    """Hold a plan's agents against what they may use and how many steps they may be given.

    A step whose agent may not use its tool goes to the one agent that is there for it. Where several could do it, the
    planner must say which; a step without a tool, or with one that is not there, is left as it is.
    """
    reassigned, problems = [], []
    for number, step in enumerate(steps, first):
        tool = catalog.tool(step.tool) if step.tool else None
        if tool is None:
            continue
        able = [agent for agent in catalog.agents if catalog.may_use(agent, tool)]
        if any(agent.id == step.agent for agent in able):
            continue
        if agent := meant(able, tool):
            reassigned.append(Reassigned(step=number, agent=agent.id, named=step.agent))
        else:
            problems.append(f"step {number}: {_nobody(step, tool, able)}")
    given = assigned(steps, reassigned, first)
    return Assignment(reassigned=tuple(reassigned), problems=(*problems, *_overburdened(state, given)))


def meant(able: Sequence[Agent], tool: Tool) -> Agent | None:
    """Return the one agent that is there for a tool: who names it or its API, or else the executor."""
    naming = [agent for agent in able if {tool.name, f"{tool.api}/*"}.intersection(agent.tools)]
    executors = [agent for agent in able if agent.role == "executor"]
    closest = naming or executors or able
    return closest[0] if len(closest) == 1 else None


def assigned(steps: Sequence[PlannedStep], reassigned: Sequence[Reassigned], first: int = 1) -> tuple[PlannedStep, ...]:
    """Return a plan's steps, numbered from ``first`` on, with the agents that they go to."""
    agents = {each.step: each.agent for each in reassigned}
    return tuple(
        replace(step, agent=agents[number]) if number in agents else step for number, step in enumerate(steps, first)
    )


def _nobody(step: PlannedStep, tool: Tool, able: Sequence[Agent]) -> str:
    if not able:
        return f"no agent may use {tool.name}, so leave it out, or reach the goal with tools that are shown"
    return f"{step.agent} may not use {tool.name}: name one of those that may, {', '.join(each.id for each in able)}"


def _overburdened(state: Session, steps: Sequence[PlannedStep]) -> list[str]:
    """Say which agents are given more steps than their own limits allow."""
    problems = []
    for agent in dict.fromkeys(step.agent for step in steps):
        most, given = state.limits_of(agent).steps, sum(step.agent == agent for step in steps)
        if given > most and most < state.limits.steps:
            problems.append(f"{agent} may be given at most {most} of a plan's steps, but is given {given}")
    return problems
