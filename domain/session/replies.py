"""Read what models answer; a reply that cannot be used says why, so that the model can be asked again."""

from typing import Literal, TypeVar

import msgspec

from domain.content import Content
from domain.encoding import Json, parse_written
from domain.errors import Invalid
from domain.session.events import PlannedStep
from domain.session.state import Session


class Unreadable(Exception):
    """Say what was wrong with a reply, in words for the model that gave it."""


class ChooseReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold an agent's choice of a tool, or the result it states without one."""

    tool: str = ""
    arguments: Json = msgspec.Raw(b"{}")
    result: str = ""


class ReviewReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a reviewer's verdict on a result."""

    verdict: Literal["accept", "rework", "fail"]
    reason: str = ""


class AnswerReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the answer to the goal."""

    answer: str


class _PlanDraft(msgspec.Struct, frozen=True, kw_only=True):
    class Step(msgspec.Struct, frozen=True, kw_only=True):
        goal: str
        agent: str = ""
        after: tuple[int, ...] = ()
        criteria: str = ""

    steps: tuple[Step, ...]


Reply = TypeVar("Reply")


def read_plan(state: Session, reply: Content) -> tuple[PlannedStep, ...]:
    """Read a plan: at least one step, known agents, and each step only after earlier ones; raise Unreadable."""
    draft = _read(reply, _PlanDraft)
    if not 1 <= len(draft.steps) <= state.limits.steps:
        raise Unreadable(f"expected 1 to {state.limits.steps} steps, got {len(draft.steps)}")
    return tuple(_planned(state, number, step) for number, step in enumerate(draft.steps, 1))


def _planned(state: Session, number: int, step: _PlanDraft.Step) -> PlannedStep:
    agent = step.agent or state.agent_in_role("executor")
    known = [pinned.id for pinned in state.agents]
    if agent not in known:
        raise Unreadable(f"step {number}: expected an agent of {known}, got {agent!r}")
    wrong = [other for other in step.after if not 1 <= other < number]
    if wrong:
        raise Unreadable(f"step {number} may wait only for earlier steps, but waits for {wrong}")
    return PlannedStep(goal=step.goal, agent=agent, after=tuple(sorted(set(step.after))), criteria=step.criteria)


def read_choice(reply: Content) -> ChooseReply:
    """Read a choice: either a tool with an object of arguments, or a result; raise Unreadable."""
    choice = _read(reply, ChooseReply)
    if bool(choice.tool) == bool(choice.result):
        raise Unreadable("expected either a tool with arguments or a result, and not both")
    try:
        arguments = parse_written(bytes(choice.arguments))
    except Invalid as fault:  # what is well-formed may still say a key twice, or a number of thousands of digits
        raise Unreadable(f"the arguments cannot be used: {fault}") from fault
    if not isinstance(arguments, dict):
        raise Unreadable("expected arguments to be an object of path, query, header, cookie and body")
    return choice


def read_review(reply: Content) -> ReviewReply:
    """Read a review; raise Unreadable."""
    return _read(reply, ReviewReply)


def read_answer(reply: Content) -> str:
    """Read an answer; a model that wrote plain text instead of JSON is taken at its word."""
    try:
        return _read(reply, AnswerReply).answer
    except Unreadable:
        if reply.text.strip() and reply.whole and not reply.text.lstrip().startswith("{"):
            return reply.text.strip()
        raise


def _read(reply: Content, kind: type[Reply]) -> Reply:
    if not reply.whole:
        raise Unreadable(f"the reply is too long: {reply.size} bytes")
    if "\\u0000" in reply.text:
        raise Unreadable("expected no NUL characters (\\u0000): they cannot be stored")
    # Models like to wrap JSON in prose or code fences: what counts is from the first to the last brace.
    start, end = reply.text.find("{"), reply.text.rfind("}")
    if start < 0 or end < start:
        raise Unreadable("expected one JSON object, got none")
    try:
        return msgspec.json.decode(reply.text[start : end + 1].encode(), type=kind)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise Unreadable(f"expected one JSON object of the given form: {fault}") from fault
