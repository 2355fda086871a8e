"""Build what a model is asked, from the state and the pinned catalogue alone.

A prompt is never stored: the reply's event names its digest, and these bytes are derived again on demand. Results of
earlier steps come only from the steps that a step waits for, and shortened as the claim of the question says, so
prompts stay small in long sessions.
"""

from collections.abc import Sequence
from typing import assert_never

import msgspec

from domain.catalog.arguments import arguments_of
from domain.catalog.events import Agent, Tool
from domain.catalog.state import Snapshot
from domain.encoding import NULL, digest
from domain.memory.recalling import shown
from domain.prompting.results import SHORT, excerpt, in_window, shown_by, words_of
from domain.reviewing.findings import notes
from domain.session.events import Slot
from domain.session.question_forms import (
    ANSWER_AND_SUM_FORM,
    ANSWER_FORM,
    ASK_FORM,
    BOUND_PLAN_FORM,
    CHOOSE_FORM,
    CONCLUDE_FORM,
    IN_PLANS,
    PLAN_FORM,
    REPAIR_FORM,
    REVIEW_FORM,
    REVIEW_OF_PLAN_FORM,
    replan_form,
    research_form,
)
from domain.session.replies import CONCLUDE, MOST_TOLD, RESEARCH, REVIEW_OF_PLAN
from domain.session.researching import concludes, room
from domain.session.searching import MOST_SHOWN
from domain.session.shown_plan import shown_plan
from domain.session.state import Accepted, Gathered, ModelCall, Reviewing, Session, Step, Told
from domain.session.steps import ANSWER_AND_SUM, CHOOSE_OR_ASK
from domain.session.templates import filled

MOST_TOOLS = MOST_SHOWN
MOST_RESULTS = 20


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one message of a prompt; ``role`` is system or user."""

    role: str
    text: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what is sent to a model."""

    messages: tuple[Message, ...]

    def digest(self) -> str:
        """Return the SHA-256 of the prompt's canonical bytes."""
        return digest(self)


def prompt(state: Session, call: ModelCall, catalog: Snapshot) -> Prompt:
    """Derive the prompt of a pending model call; the last line names the task for scripted models."""
    agent = catalog.agent(call.agent)
    told = filled(state, call, agent, catalog) if agent else ""
    step = state.steps[call.step - 1] if call.step else None
    known = [f"GOAL\n{state.goal}", *_context(state), *shown(call.recalled or ())]
    parts = [*known, *_question(state, call, step, agent, catalog)]
    if call.fault:
        parts.append(f"YOUR LAST REPLY COULD NOT BE USED\n{call.fault}")
    parts.append(_task_line(call, step))
    user = Message(role="user", text="\n\n".join(parts))
    return Prompt(messages=(Message(role="system", text=told), user))


def _task_line(call: ModelCall, step: Step | None) -> str:
    round_ = step.round if step else 1
    return f"TASK purpose={call.purpose} step={call.step} round={round_} attempt={call.attempt}"


def _context(state: Session) -> list[str]:
    return [] if state.context == NULL else [f"CONTEXT\n{bytes(state.context).decode()}"]


def _question(state: Session, call: ModelCall, step: Step | None, agent: Agent | None, catalog: Snapshot) -> list[str]:
    match call.purpose:
        case "plan":
            binds = call.recipe != "plan.v1"
            return [_agents(catalog, call, binds=binds), *_researchers(state), BOUND_PLAN_FORM if binds else PLAN_FORM]
        case "replan":
            first = len(state.steps) + 1
            known = [_agents(catalog, call, binds=True), *_researchers(state), *_plan(state, call)]
            return [*known, replan_form(first)]
        case "choose":
            assert step is not None and agent is not None, "a choice belongs to a step and an agent"
            before = [_step(step), *_results(state, call, _before(state, step)), *_gathered(state, call, step)]
            before += _plan(state, call)
            if concludes(state, step, call.recipe):
                return [*before, CONCLUDE_FORM]
            known = [*before, _tools(agent, step, call, catalog)]
            return [*known, *map(_told, step.told), _choose_form(state, call, step)]
        case "repair":
            assert step is not None, "a repair belongs to a step"
            known = [_step(step), *_results(state, call, _before(state, step)), *_gathered(state, call, step)]
            return [*known, *_broken(step, catalog), REPAIR_FORM]
        case "review":
            assert step is not None and isinstance(step.stage, Reviewing), "a review belongs to a result"
            result = f"RESULT of {step.stage.tool or 'the agent'}\n{_shown(state, call, step)}"
            form = REVIEW_OF_PLAN_FORM if call.recipe == REVIEW_OF_PLAN else REVIEW_FORM
            return [_step(step), *_gathered(state, call, step), result, *_noted(step.stage), form]
        case "answer":
            return [*_results(state, call, state.steps[-MOST_RESULTS:]), _answer_form(call)]
        case _:
            assert_never(call.purpose)


def _broken(step: Step, catalog: Snapshot) -> list[str]:
    """Show a call that failed: the tool with its short schema, the whole of what did not fit, and the arguments.

    The step says what was wrong.
    """
    if step.broken is None:
        return []
    tool, arguments = catalog.tool(step.broken.tool), bytes(step.broken.arguments.value).decode()
    described = f"TOOL\n- {_tool(tool)}" if tool else f"TOOL\n- {step.broken.tool}"
    wanted = [f"WANTED AT {each.at or 'the top'}\n{each.schema}" for each in step.broken.described]
    return [described, *wanted, f"ITS ARGUMENTS\n{excerpt(arguments)}"]


def _told(told: Told) -> str:
    head = " ".join(f"MORE OF {told.tool} {told.at}".split())
    return f"{head}\n{told.text}"


def _choose_form(state: Session, call: ModelCall, step: Step) -> str:
    form = research_form(room(state, step)) if call.recipe == RESEARCH else CHOOSE_FORM
    may_ask = call.recipe in (CHOOSE_OR_ASK, RESEARCH) and len(step.told) < MOST_TOLD
    return f"{form}\n{ASK_FORM}" if may_ask else form


def _answer_form(call: ModelCall) -> str:
    return ANSWER_AND_SUM_FORM if call.recipe == ANSWER_AND_SUM else ANSWER_FORM


def _agents(catalog: Snapshot, call: ModelCall, *, binds: bool) -> str:
    lines, described = [], set[str]()
    for agent in catalog.agents:
        tools = catalog.usable(agent)
        shown = _found(agent, call, catalog) or tools[:MOST_TOOLS]
        again = [tool.name for tool in shown if tool.name in described]
        fresh = [tool for tool in shown if tool.name not in described]
        known = "".join(f"\n    {tool.name}: {tool.description}{_taken(tool) if binds else ''}" for tool in fresh)
        known += f"\n    as above: {', '.join(again)}" if again else ""
        described.update(tool.name for tool in fresh)
        more = f"\n    and {len(tools) - len(shown)} more" if len(tools) > len(shown) else ""
        lines.append(f"- {agent.id} ({agent.role}){known}{more}")
    return "AGENTS and what they may use\n" + "\n".join(lines)


def _taken(tool: Tool) -> str:
    """Name the arguments that a plan can bind: the pointers to them, those that must be there with a mark."""
    pointers = arguments_of(tool.parameters)
    return f"\n      takes {', '.join(pointers)}" if pointers else ""


def _step(step: Step) -> str:
    text = f"STEP {step.number}\n{step.plan.goal}"
    if step.plan.tool:
        text += f"\nThe plan calls {step.plan.tool} here{_bound(step.plan.slots)}"
    if step.plan.criteria:
        text += f"\nDone when: {step.plan.criteria}"
    if step.instructions:
        text += f"\nThe last round was not right: {step.instructions}"
    return text


def _bound(slots: Sequence[Slot]) -> str:
    """Say which arguments the plan binds: their agent leaves them out."""
    if not slots:
        return "."
    from_where = (f"from step {slot.step}" if slot.step else bytes(slot.value).decode() for slot in slots)
    lines = [f"\n- {slot.argument}: {said}" for slot, said in zip(slots, from_where, strict=True)]
    return f" and fills these arguments; leave them out, what you say otherwise may have to be allowed:{''.join(lines)}"


def _before(state: Session, step: Step) -> list[Step]:
    return [state.steps[number - 1] for number in step.plan.after[-MOST_RESULTS:]]


def results_shown(state: Session, call: ModelCall) -> list[str]:
    """Return the texts of the results that a question shows."""
    match call.purpose:
        case "choose" | "repair":
            steps = _before(state, state.steps[call.step - 1])
        case "review":
            steps = [state.steps[call.step - 1]]
        case "answer":
            steps = list(state.steps[-MOST_RESULTS:])
        case _:
            steps = []
    found = [step.stage.output.text for step in steps if isinstance(step.stage, Accepted | Reviewing)]
    own = state.steps[call.step - 1].gathered if call.purpose in ("choose", "repair", "review") else ()
    return [*found, *(each.output.text for each in own)]


def _results(state: Session, call: ModelCall, steps: Sequence[Step]) -> list[str]:
    found = [step for step in steps if isinstance(step.stage, Accepted)]
    last = in_window([step.number for step in found])
    texts = [
        f"RESULT of step {step.number} ({step.plan.goal}), from {step.stage.source}{_named(call, step.stage)}\n"
        f"{_shown(state, call, step, last=step.number in last)}"
        for step in found
        if isinstance(step.stage, Accepted)
    ]
    return ["\n\n".join(texts)] if texts else []


def _named(call: ModelCall, stage: Accepted) -> str:
    """Say by which name a researcher's findings may refer to a result."""
    return f", {stage.call}" if call.recipe in (RESEARCH, CONCLUDE) else ""


def _shown(state: Session, call: ModelCall, step: Step, *, last: bool = True) -> str:
    assert isinstance(step.stage, Accepted | Reviewing), "only a result is shown"
    return _shortened(state, call, step, step.stage.output.text, last=last)


def _shortened(state: Session, call: ModelCall, step: Step, text: str, *, last: bool) -> str:
    """Return what a step found as the question's strategy shows it, by what the step that asks is about."""
    asking = state.steps[call.step - 1] if call.step else step
    pointers = (slot.pointer for slot in asking.plan.slots if slot.step == step.number)
    texts = (asking.plan.goal, asking.plan.criteria, *pointers, *(() if call.step else (state.goal,)))
    wanted = words_of(*texts) if call.strategy in ("fields", "window") else frozenset[str]()
    return shown_by(text, call.strategy, wanted, last=last)


def _researchers(state: Session) -> list[str]:
    """Tell a planner what comes of a researcher's step, where there is a researcher."""
    return [IN_PLANS] if state.researches(state.agent_in_role("researcher")) else []


def _plan(state: Session, call: ModelCall) -> list[str]:
    shown = shown_plan(state, call)
    return [shown] if shown else []


def _gathered(state: Session, call: ModelCall, step: Step) -> list[str]:
    """Show what the calls of a step answered so far, the ones that were not made too."""
    last = in_window(range(len(step.gathered)))
    return [_answer(state, call, step, each, last=at in last) for at, each in enumerate(step.gathered)]


def _answer(state: Session, call: ModelCall, step: Step, found: Gathered, *, last: bool) -> str:
    asked = f"{found.tool} {excerpt(bytes(found.arguments).decode(), SHORT)}"
    if found.repeats:
        return f"NO ANSWER of {found.call}, {asked}\nIt was not made: it is the same as {found.repeats}."
    if found.refused:
        return f"NO ANSWER of {found.call}, {asked}\nIt was refused: {excerpt(found.output.text)}"
    return f"ANSWER of {found.call}, {asked}\n{_shortened(state, call, step, found.output.text, last=last)}"


def _noted(stage: Reviewing) -> list[str]:
    """Tell the reviewer what code noted; what contradicts its evidence it hears of in the last round only."""
    said = [*notes(stage.findings), *(each.in_words() for each in stage.findings if each.contradicts)]
    return ["CODE FOUND, AND MAY BE WRONG\n" + "\n".join(f"- {each}" for each in said)] if said else []


def _tools(agent: Agent, step: Step, call: ModelCall, catalog: Snapshot) -> str:
    usable, shown = catalog.usable(agent), shown_tools(agent, step, call, catalog)
    head = "TOOLS" if len(shown) == len(usable) else f"TOOLS (the {len(shown)} closest of {len(usable)})"
    return head + "".join(f"\n- {_tool(tool)}" for tool in shown)


def shown_tools(agent: Agent, step: Step, call: ModelCall, catalog: Snapshot) -> Sequence[Tool]:
    """Return the tools that an agent is shown before it chooses one for a step."""
    return _found(agent, call, catalog) or closest(catalog.usable(agent), f"{step.plan.goal} {step.plan.criteria}")


def _found(agent: Agent, call: ModelCall, catalog: Snapshot) -> Sequence[Tool]:
    """Return the tools that were found for an agent before this question, the best first; none if nobody looked."""
    names = [each.name for found in call.found if found.agent == agent.id for each in found.tools]
    tools = (catalog.tool(name) for name in names)
    return [tool for tool in tools if tool]


def _tool(tool: Tool) -> str:
    return f"{tool.name} ({tool.operation}): {tool.description}\n  {bytes(tool.parameters).decode()}"


def closest(tools: Sequence[Tool], text: str) -> Sequence[Tool]:
    """Return the tools that share most words with a text, in their given order, when there are too many to show.

    Only sessions that began before tools were looked for are asked so: their prompts must stay what they were.
    """
    if len(tools) <= MOST_TOOLS:
        return tools
    words = set(text.lower().split())
    ranked = sorted(tools, key=lambda tool: (-len(words & _words(tool)), tool.name))
    chosen = {tool.name for tool in ranked[:MOST_TOOLS]}
    return [tool for tool in tools if tool.name in chosen]


def _words(tool: Tool) -> set[str]:
    return set(f"{tool.name.replace('_', ' ')} {tool.description}".lower().split())
