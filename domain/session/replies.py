"""Read what models answer; a reply that cannot be used says why, so that the model can be asked again."""

import re
from typing import Literal, TypeVar, assert_never

import msgspec

from domain.content import Content
from domain.encoding import Json, parse_written
from domain.errors import Invalid
from domain.reviewing.claims import Claim
from domain.session.events import PlannedStep, Purpose
from domain.session.slots import SlotDraft, binds_slots, bound
from domain.session.state import Session, Step

RESEARCH = "research.v1"
"""Names the recipe by which a researcher is asked for a call, for more of a tool, or for what it found."""
CONCLUDE = "conclude.v1"
"""Names the recipe by which a researcher is asked for what it found, and for nothing else."""
REVIEW_OF_PLAN = "review.v2"
"""Names the recipe of a review that may find that the rest of the plan cannot work."""
MOST_FINDINGS = 50
LONGEST_CLAIM = 2_000
MOST_TOLD = 4
"""Bounds how often a step's agent may ask for more of a tool."""
_LONGEST_NAME = 128
_LONGEST_POINTER = 500

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""Finds an escaped NUL, and not the six characters that a text about escapes has behind a backslash of its own."""


class Unreadable(Exception):
    """Say what was wrong with a reply, in words for the model that gave it."""


class ChooseReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold an agent's choice of a tool, or the result it states without one."""

    tool: str = ""
    arguments: Json = msgspec.Raw(b"{}")
    result: str = ""


class ResearchReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a researcher's choice of a call, or what it found."""

    tool: str = ""
    arguments: Json = msgspec.Raw(b"{}")
    findings: tuple[Claim, ...] = ()


class DescribeReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold an agent's question about a tool, if it is one: ``at`` is a JSON pointer into the tool's arguments."""

    describe: str = ""
    at: str = ""


class ReviewReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a reviewer's verdict on a result."""

    verdict: Literal["accept", "rework", "fail"]
    reason: str = ""


class PlanReviewReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a reviewer's verdict on a result, which may also be that the rest of the plan cannot work with it."""

    verdict: Literal["accept", "rework", "replan", "fail"]
    reason: str = ""


class AnswerReply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the answer to the goal."""

    answer: str


class SummedReply(AnswerReply, frozen=True, kw_only=True):
    """Hold the answer to the goal, and what of the session is worth remembering."""

    summary: str = ""


class StepDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a step as a planner wrote it; in a revision it may stand ``instead`` of one that waits."""

    goal: str
    agent: str = ""
    after: tuple[int, ...] = ()
    criteria: str = ""
    tool: str = ""
    slots: tuple[SlotDraft, ...] = ()
    instead: int = 0


class _PlanDraft(msgspec.Struct, frozen=True, kw_only=True):
    steps: tuple[StepDraft, ...]


class _UnboundPlanDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Be a plan as it was read before plans bound slots: what else it says is not looked at."""

    class Step(msgspec.Struct, frozen=True, kw_only=True):
        goal: str
        agent: str = ""
        after: tuple[int, ...] = ()
        criteria: str = ""

    steps: tuple[Step, ...]


Reply = TypeVar("Reply")


def reply_types(purpose: Purpose, recipe: str) -> tuple[type[msgspec.Struct], ...]:
    """Return the structs by which the reply to a question is read, asked for by a recipe."""
    match purpose:
        case "plan":
            return (_UnboundPlanDraft if recipe == "plan.v1" else _PlanDraft,)
        case "replan":
            return (_PlanDraft,)
        case "choose" if recipe == CONCLUDE:
            return (ResearchReply,)
        case "choose":
            return (ResearchReply if recipe == RESEARCH else ChooseReply, DescribeReply)
        case "repair":
            return (ChooseReply,)
        case "review":
            return (PlanReviewReply if recipe == REVIEW_OF_PLAN else ReviewReply,)
        case "answer":
            return (AnswerReply if recipe == "answer.v1" else SummedReply,)
        case _:
            assert_never(purpose)


def read_plan(state: Session, reply: Content) -> tuple[PlannedStep, ...]:
    """Read a plan: at least one step, known agents, and each step only after earlier ones; raise Unreadable."""
    drafts = read_drafts(state, reply)
    if not 1 <= len(drafts) <= state.limits.steps:
        raise Unreadable(f"expected 1 to {state.limits.steps} steps, got {len(drafts)}")
    return tuple(planned(state, number, step) for number, step in enumerate(drafts, 1))


def read_drafts(state: Session, reply: Content) -> tuple[StepDraft, ...]:
    """Read the steps of a plan as they are written; raise Unreadable."""
    if binds_slots(state):
        return _read(reply, _PlanDraft).steps
    steps = _read(reply, _UnboundPlanDraft).steps
    return tuple(StepDraft(goal=s.goal, agent=s.agent, after=s.after, criteria=s.criteria) for s in steps)


def planned(state: Session, number: int, step: StepDraft) -> PlannedStep:
    """Read one step of a plan; raise Unreadable where its agent, its order or its slots are wrong."""
    agent = step.agent or state.agent_in_role("executor")
    known = [pinned.id for pinned in state.agents]
    if agent not in known:
        raise Unreadable(f"step {number}: expected an agent of {known}, got {agent!r}")
    wrong = [other for other in step.after if not 1 <= other < number]
    if wrong:
        raise Unreadable(f"step {number} may wait only for earlier steps, but waits for {wrong}")
    plan = PlannedStep(goal=step.goal, agent=agent, after=tuple(sorted(set(step.after))), criteria=step.criteria)
    try:
        return bound(plan, number, step.tool, step.slots)
    except Invalid as fault:
        raise Unreadable(f"step {number}: {fault}") from fault


def read_question(step: Step, reply: Content) -> DescribeReply | None:
    """Read what an agent asks about a tool, or None where it asks nothing; raise Unreadable."""
    question = _read(reply, DescribeReply)
    if not question.describe:
        return None
    if len(step.told) >= MOST_TOLD:
        raise Unreadable(f"you were told of tools {MOST_TOLD} times in this step: choose now, or state the result")
    if len(question.describe) > _LONGEST_NAME or len(question.at) > _LONGEST_POINTER:
        raise Unreadable("expected `describe` to be a tool's name, and `at` a JSON pointer into its arguments")
    return question


def read_choice(reply: Content) -> ChooseReply:
    """Read a choice: either a tool with an object of arguments, or a result; raise Unreadable."""
    choice = _read(reply, ChooseReply)
    if bool(choice.tool) == bool(choice.result):
        raise Unreadable("expected either a tool with arguments or a result, and not both")
    _check_arguments(choice.arguments)
    return choice


def _check_arguments(arguments: Json) -> None:
    try:
        value = parse_written(bytes(arguments))
    except Invalid as fault:  # what is well-formed may still say a key twice, or a number of thousands of digits
        raise Unreadable(f"the arguments cannot be used: {fault}") from fault
    if not isinstance(value, dict):
        raise Unreadable("expected arguments to be an object of path, query, header, cookie and body")


def read_research(reply: Content) -> ResearchReply:
    """Read what a researcher says: either a tool with an object of arguments, or findings; raise Unreadable."""
    said = _read(reply, ResearchReply)
    if bool(said.tool) == bool(said.findings):
        raise Unreadable("expected either a tool with arguments or findings, and not both")
    if len(said.findings) > MOST_FINDINGS:
        raise Unreadable(f"expected at most {MOST_FINDINGS} findings, got {len(said.findings)}")
    for number, claim in enumerate(said.findings, 1):
        _check_claim(number, claim)
    _check_arguments(said.arguments)
    return said


def _check_claim(number: int, claim: Claim) -> None:
    if not claim.claim.strip() or len(claim.claim) > LONGEST_CLAIM:
        raise Unreadable(f"finding {number}: expected a claim of at most {LONGEST_CLAIM} characters")
    try:
        known = parse_written(bytes(claim.value)) is not None if claim.has_value else True
    except Invalid as fault:
        raise Unreadable(f"finding {number}: its value cannot be used: {fault}") from fault
    if not known:
        raise Unreadable(f"finding {number}: expected a value, got null: leave it out")


def read_review(reply: Content, recipe: str = "review.v1") -> ReviewReply | PlanReviewReply:
    """Read a review that was asked for by a recipe; raise Unreadable."""
    return _read(reply, PlanReviewReply) if recipe == REVIEW_OF_PLAN else _read(reply, ReviewReply)


def read_answer(reply: Content) -> str:
    """Read an answer; a model that wrote plain text instead of JSON is taken at its word."""
    try:
        return _read(reply, AnswerReply).answer
    except Unreadable:
        if reply.text.strip() and reply.whole and not reply.text.lstrip().startswith("{"):
            return reply.text.strip()
        raise


def read_summary(reply: Content) -> str:
    """Read what a model says is worth remembering; nothing where it answered without saying so."""
    try:
        return _read(reply, SummedReply).summary.strip()
    except Unreadable:
        return ""


def said_at_once(reply: Content) -> str:
    """Say so where a model said several things at once, a line each, such as calls of several tools; else nothing."""
    count = sum(map(_is_object, reply.text.splitlines())) if reply.whole else 0
    return f"expected one JSON object, got {count}: say one thing, or call one tool, at a time" if count > 1 else ""


def _is_object(line: str) -> bool:
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _read(reply: Content, kind: type[Reply]) -> Reply:
    if not reply.whole:
        raise Unreadable(f"the reply is too long: {reply.size} bytes")
    if _NUL.search(reply.text):
        raise Unreadable("expected no NUL characters (\\u0000): they cannot be stored")
    # Models like to wrap JSON in prose or code fences: what counts is from the first to the last brace.
    start, end = reply.text.find("{"), reply.text.rfind("}")
    if start < 0 or end < start:
        raise Unreadable("expected one JSON object, got none")
    try:
        return msgspec.json.decode(reply.text[start : end + 1].encode(), type=kind)
    except (msgspec.DecodeError, RecursionError) as fault:
        raise Unreadable(f"expected one JSON object of the given form: {fault}") from fault
