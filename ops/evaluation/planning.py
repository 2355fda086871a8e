"""Measure plans against the operations that solve a task: a model is asked as a session's planner is.

The prompt is the product's own, with the tools that were found for the goal; nothing is called, so that only the plan
is measured.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby

import msgspec
from msgspec.structs import replace

from commands.finding import Finder
from commands.ports import ModelFault, Models, Question
from domain.catalog.defaults import EXECUTOR, PLANNER
from domain.catalog.events import Tool
from domain.catalog.state import Document, Snapshot
from domain.content import content
from domain.session.decide import BEHAVIOUR
from domain.session.events import (
    FoundFor,
    FoundTool,
    GoalSubmitted,
    ModelCallRequested,
    PinnedAgent,
    ToolsFound,
)
from domain.session.evolve import evolve
from domain.session.prompt import prompt
from domain.session.replies import Unreadable, read_drafts
from domain.session.searching import most_shown
from domain.session.state import Planning, Session
from ops.evaluation.retrieval import Case
from ops.evaluation.suite import Figures, Progress

_AT = datetime(2026, 1, 1, tzinfo=UTC)


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a case and the operations that were planned for it, or why there is no plan."""

    case: Case
    operations: tuple[str, ...] = ()
    fault: str = ""

    @property
    def exact(self) -> bool:
        """Tell whether exactly the operations that solve the task are planned, in their order."""
        return self.operations == self.case.gold

    @property
    def correct_path(self) -> bool:
        """Tell whether the operations that solve the task are among those that are planned, in their order."""
        planned = iter(self.operations)
        return all(any(wanted == each for each in planned) for wanted in self.case.gold)


async def run(
    models: Models, model: str, finder: Finder, tools: Sequence[Tool], cases: Sequence[Case], progress: Progress
) -> list[Planned]:
    """Let a model plan each case, with the tools that are found for it."""
    tools = _apart(tools)
    catalog = _catalog(tools)
    planned = []
    for number, case in enumerate(cases):
        progress(number, len(cases))
        findings = await finder.find(tools, case.text, most_shown(1), patient=True, filled=True)
        found = tuple(FoundTool(name=each.tool.name, score=each.score) for each in findings.found)
        state = _session(case.text, model, found)
        planned.append(await _plan(models, state, catalog, case))
    progress(len(cases), len(cases))
    return planned


def figures(planned: Sequence[Planned], prefix: str = "") -> Figures:
    """Return the shares of plans that are exact and whose path is correct."""
    return {
        f"{prefix}correct_path": round(sum(each.correct_path for each in planned) / len(planned), 4),
        f"{prefix}exact": round(sum(each.exact for each in planned) / len(planned), 4),
    }


async def _plan(models: Models, state: Session, catalog: Snapshot, case: Case) -> Planned:
    assert isinstance(state.stage, Planning) and state.stage.model is not None
    asked = prompt(state, state.stage.model, catalog)
    question = Question(model=state.model, prompt=asked, timeout_ms=state.limits.model_timeout_ms)
    try:
        reply = await models.ask(question)
        steps = read_drafts(state, content(reply.text.encode()))
    except (ModelFault, Unreadable) as fault:
        return Planned(case=case, fault=str(fault))
    named = (catalog.tool(step.tool) for step in steps if step.tool)
    return Planned(case=case, operations=tuple(_operation(tool, case) for tool in named))


def _operation(tool: Tool | None, case: Case) -> str:
    """Return an operation as the case names it; one of another API is none of these."""
    if tool is None:
        return "unknown"
    return tool.operation if tool.api == case.api else f"{tool.api} {tool.operation}"


def _session(goal: str, model: str, found: tuple[FoundTool, ...]) -> Session:
    """Return a session whose planner is about to be asked."""
    agents = tuple(
        PinnedAgent(id=agent.id, role=agent.role, revision="", narrowed=bool(agent.tools))
        for agent in (PLANNER, EXECUTOR)
    )
    begun = GoalSubmitted(
        session="evaluation",
        goal=goal,
        user="evaluation",
        model=model,
        agents=agents,
        catalog="",
        policy_set="",
        behaviour=BEHAVIOUR,
    )
    requested = ModelCallRequested(call="plan", purpose="plan", agent=PLANNER.id, recipe="plan.v2")
    shown = ToolsFound(call="plan", text=goal, method="", found=(FoundFor(agent=EXECUTOR.id, tools=found),))
    state: Session | None = None
    for event in (begun, requested, shown):
        state = evolve(state, event, _AT)
    assert state is not None
    return state


def _apart(tools: Sequence[Tool]) -> list[Tool]:
    """Give tools of several APIs names apart, as they get when they are registered beside each other."""
    taken: set[str] = set()
    apart = []
    for tool in tools:
        name = tool.name if tool.name not in taken else f"{tool.name[:40]}_{len(taken)}"
        taken.add(name)
        apart.append(replace(tool, name=name))
    return apart


def _catalog(tools: Sequence[Tool]) -> Snapshot:
    """Return what a session would pin of these tools."""
    ordered = sorted(tools, key=lambda tool: tool.api)
    documents = tuple(
        Document(api=api, document=held[0].document, base_url="http://127.0.0.1", tools=held)
        for api, held in ((api, tuple(each)) for api, each in groupby(ordered, key=lambda tool: tool.api))
    )
    return Snapshot(agents=(PLANNER, replace(EXECUTOR, tools=("*",))), documents=documents)
