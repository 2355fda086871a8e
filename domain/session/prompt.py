"""Build what a model is asked, from the state and the pinned catalogue alone.

A prompt is never stored: the reply's event names its digest, and these bytes are derived again on demand. Results of
earlier steps come as excerpts, and only from the steps that a step waits for, so prompts stay small in long sessions.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

import msgspec

from domain.catalog.events import Agent, Tool
from domain.catalog.state import Snapshot, may_use
from domain.encoding import NULL, digest
from domain.session.searching import MOST_SHOWN
from domain.session.state import Accepted, ModelCall, Reviewing, Session, Step

MOST_TOOLS = MOST_SHOWN
MOST_RESULTS = 20
EXCERPT = 2_000


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
    template = agent.prompt_template if agent else ""
    step = state.steps[call.step - 1] if call.step else None
    parts = [f"GOAL\n{state.goal}", *_context(state), *_question(state, call, step, agent, catalog)]
    if call.fault:
        parts.append(f"YOUR LAST REPLY COULD NOT BE USED\n{call.fault}")
    parts.append(_task_line(call, step))
    user = Message(role="user", text="\n\n".join(parts))
    return Prompt(messages=(Message(role="system", text=template), user))


def _task_line(call: ModelCall, step: Step | None) -> str:
    round_ = step.round if step else 1
    return f"TASK purpose={call.purpose} step={call.step} round={round_} attempt={call.attempt}"


def _context(state: Session) -> list[str]:
    return [] if state.context == NULL else [f"CONTEXT\n{bytes(state.context).decode()}"]


def _question(state: Session, call: ModelCall, step: Step | None, agent: Agent | None, catalog: Snapshot) -> list[str]:
    match call.purpose:
        case "plan":
            return [_agents(catalog, call), PLAN_FORM]
        case "choose":
            assert step is not None and agent is not None, "a choice belongs to a step and an agent"
            return [_step(step), *_results(_before(state, step)), _tools(agent, step, call, catalog), CHOOSE_FORM]
        case "review":
            assert step is not None and isinstance(step.stage, Reviewing), "a review belongs to a result"
            result = f"RESULT of {step.stage.tool or 'the agent'}\n{_excerpt(step.stage.output.text)}"
            return [_step(step), result, REVIEW_FORM]
        case "answer":
            return [*_results(state.steps[-MOST_RESULTS:]), ANSWER_FORM]
        case _:
            assert_never(call.purpose)


def _agents(catalog: Snapshot, call: ModelCall) -> str:
    lines = []
    for agent in catalog.agents:
        tools = [tool for tool in _all_tools(catalog) if may_use(agent, tool)]
        shown = _found(agent, call, catalog) or tools[:MOST_TOOLS]
        known = "".join(f"\n    {tool.name}: {tool.description}" for tool in shown)
        more = f"\n    and {len(tools) - len(shown)} more" if len(tools) > len(shown) else ""
        lines.append(f"- {agent.id} ({agent.role}){known}{more}")
    return "AGENTS and what they may use\n" + "\n".join(lines)


def _step(step: Step) -> str:
    text = f"STEP {step.number}\n{step.plan.goal}"
    if step.plan.criteria:
        text += f"\nDone when: {step.plan.criteria}"
    if step.instructions:
        text += f"\nThe last round was not right: {step.instructions}"
    return text


def _before(state: Session, step: Step) -> list[Step]:
    return [state.steps[number - 1] for number in step.plan.after[-MOST_RESULTS:]]


def _results(steps: Iterable[Step]) -> list[str]:
    texts = [
        f"RESULT of step {step.number} ({step.plan.goal}), from {step.stage.source}\n{_excerpt(step.stage.output.text)}"
        for step in steps
        if isinstance(step.stage, Accepted)
    ]
    return ["\n\n".join(texts)] if texts else []


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else f"{text[:EXCERPT]}… ({len(text)} characters in all)"


def _tools(agent: Agent, step: Step, call: ModelCall, catalog: Snapshot) -> str:
    usable = [tool for tool in _all_tools(catalog) if may_use(agent, tool)]
    shown = _found(agent, call, catalog) or closest(usable, f"{step.plan.goal} {step.plan.criteria}")
    head = "TOOLS" if len(shown) == len(usable) else f"TOOLS (the {len(shown)} closest of {len(usable)})"
    return head + "".join(f"\n- {_tool(tool)}" for tool in shown)


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


def _all_tools(catalog: Snapshot) -> list[Tool]:
    return [tool for document in catalog.documents for tool in document.tools]


PLAN_FORM = """\
Decompose the goal into the fewest steps that reach it. Each step is one call of one tool or one conclusion.
Answer with one JSON object and nothing else:
{"steps": [{"goal": "what to reach", "agent": "an agent's id", "after": [numbers of earlier steps whose results it \
needs], "criteria": "how to see that it is done"}]}"""

CHOOSE_FORM = """Choose one tool and its arguments for this step, or state the result if it follows from what is known.
Answer with one JSON object and nothing else, either
{"tool": "its name", "arguments": {"path": {}, "query": {}, "body": {}}} or {"result": "the result in words"}"""

REVIEW_FORM = """Judge whether the result does what the step asks. Claim nothing that the result does not show.
Answer with one JSON object and nothing else:
{"verdict": "accept" or "rework" or "fail", "reason": "for rework: what to do differently"}"""

ANSWER_FORM = """Answer the goal from these results alone, briefly, with the figures that matter.
Answer with one JSON object and nothing else: {"answer": "…"}"""
