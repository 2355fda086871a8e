"""Hold a proposed plan against schemas, policies and limits before anything of it starts.

What is found is a fact of its own, recorded before the reply that holds the plan. Whoever planned is told all of it.
"""

import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from difflib import get_close_matches

import msgspec

from commands.ports import Case, ToolCall
from commands.shell import Shell
from domain.catalog.events import Agent, Tool
from domain.catalog.state import Snapshot
from domain.encoding import Json, foreign, parse
from domain.errors import NotPossible, Refused, Unavailable
from domain.planning.budget import budget_problems
from domain.planning.order import order_problems
from domain.planning.supply import unsupplied
from domain.pointers import put, tokens
from domain.session.allowances import allowance_problems
from domain.session.assigning import assigned, assignment
from domain.session.events import ModelReplied, PlanChecked, PlannedStep, Reassigned, SessionFact
from domain.session.planning import pending_model_call
from domain.session.replanning import pending, revision
from domain.session.replies import StepDraft, Unreadable, planned, read_drafts
from domain.session.slots import binds_slots
from domain.session.state import Session

MOST_PROBLEMS = 20
MOST_WORDS = 500

logger = logging.getLogger(__name__)


async def checked_plan(shell: Shell, state: Session | None, fact: SessionFact) -> Sequence[PlanChecked]:
    """Return what a reply's plan was checked to be; nothing of one that cannot be read or names no tool."""
    if state is None or state.ended or not isinstance(fact, ModelReplied) or not binds_slots(state):
        return ()
    model, _ = pending_model_call(state, fact.call)
    if model is None or model.attempt != fact.attempt or model.purpose not in ("plan", "replan"):
        return ()
    try:
        drafts = read_drafts(state, fact.reply)
    except Unreadable:
        return ()
    first = len(state.steps) + 1 if model.purpose == "replan" else 1
    found, reassigned = await _held_up(shell, state, drafts, first)
    if not found and not any(draft.tool for draft in drafts):
        return ()
    problems = [shell.redactor.blanked(each)[:MOST_WORDS] for each in found]
    more = [f"and {len(problems) - MOST_PROBLEMS} more"] if len(problems) > MOST_PROBLEMS else []
    said = (*problems[:MOST_PROBLEMS], *more)
    handed = () if said else reassigned
    return (PlanChecked(call=fact.call, attempt=fact.attempt, steps=len(drafts), problems=said, reassigned=handed),)


async def _held_up(
    shell: Shell, state: Session, drafts: Sequence[StepDraft], first: int
) -> tuple[list[str], tuple[Reassigned, ...]]:
    """Return what is wrong with a plan, and which of its steps go to other agents than it says."""
    if not 1 <= len(drafts) <= state.limits.steps:
        return [f"expected 1 to {state.limits.steps} steps, got {len(drafts)}"], ()
    disordered = order_problems([_waits(draft) for draft in drafts], first)
    if disordered:
        return list(disordered), ()
    steps: list[PlannedStep] = []
    problems: list[str] = []
    for number, draft in enumerate(drafts, first):
        try:
            steps.append(planned(state, number, draft))
        except Unreadable as fault:
            problems.append(str(fault))
    if not problems and pending(state):
        problems += _astray(state, drafts)
    if problems:
        return problems, ()
    catalog = await shell.snapshot(state.tenant, state.catalog)
    given = assignment(state, steps, catalog, first)
    handed = assigned(steps, given.reassigned, first)
    for number, step in enumerate(handed, first):
        problems += [f"step {number}: {each}" async for each in _step_problems(shell, state, catalog, step)]
    beyond = (*budget_problems(state, steps), *allowance_problems(state, handed))
    return [*given.problems, *problems, *beyond], given.reassigned


def _astray(state: Session, drafts: Sequence[StepDraft]) -> Iterator[str]:
    """Say why another way cannot follow upon what was done so far."""
    try:
        revision(state, drafts)
    except Unreadable as fault:
        yield str(fault)


def _waits(draft: StepDraft) -> list[int]:
    return sorted({*draft.after, *(slot.step for slot in draft.slots if slot.step)})


async def _step_problems(shell: Shell, state: Session, catalog: Snapshot, step: PlannedStep) -> AsyncIterator[str]:
    if not step.tool:
        return
    agent, tool = catalog.agent(step.agent), catalog.tool(step.tool)
    if tool is None:
        usable = [each.name for each in catalog.usable(agent)] if agent else []
        near = ", such as " + ", ".join(found) if (found := get_close_matches(step.tool, usable)) else ""
        said = f"there is no tool named {step.tool[:100]!r}: name one of those that are shown"
        yield f"{said}, as it is written there{near}"
        return
    if agent is None or not catalog.may_use(agent, tool):
        return  # said where steps are given to agents
    async for each in _denials(shell, state, catalog, agent, tool):
        yield each
    for each in _unsupplied(state, step, tool):
        yield each
    async for each in _slot_problems(shell, state, catalog, step, tool):
        yield each


async def _denials(shell: Shell, state: Session, catalog: Snapshot, agent: Agent, tool: Tool) -> AsyncIterator[str]:
    """Say which rules deny a call in any case, the session's or its agent's own; all else is heard when it is made."""
    pinned = state.pinned(agent.id)
    for whose, rules in (("the policy", state.policy_set), (f"{agent.id}'s own policy", pinned and pinned.policy_set)):
        if rules and (reason := await _denied(shell, state, catalog, agent, tool, rules)):
            yield f"{whose} denies {tool.name} whatever its arguments: {reason}"


async def _denied(shell: Shell, state: Session, catalog: Snapshot, agent: Agent, tool: Tool, policy_set: str) -> str:
    """Return why a policy set denies a call whatever its arguments are; empty where it may let one through."""
    document = catalog.document(tool.api)
    case = Case(
        agent=agent,
        tool=tool,
        listed=catalog.may_use(agent, tool),
        request_digest="",
        effect_class=tool.effect_class,
        at=state.updated_at,
        scopes=document.scopes if document else (),
        user=state.user,
        roles=state.roles,
        lane=state.lane,
        environment=shell.environment,
        limits=state.limits,
        spent=state.spent,
    )
    try:
        return shell.judge.denied_always(await shell.policy_set(state.tenant, policy_set), case)
    except Refused:
        return ""


def _unsupplied(state: Session, step: PlannedStep, tool: Tool) -> Iterator[str]:
    for where in unsupplied(step, tool, (state.goal, bytes(state.context).decode())):
        yield (
            f"{tool.name} needs {where}, but no slot binds it, the goal names none, and the step waits for no other "
            "whose result could hold it: plan a step before it that finds it, and bind a slot to its output"
        )


async def _slot_problems(
    shell: Shell, state: Session, catalog: Snapshot, step: PlannedStep, tool: Tool
) -> AsyncIterator[str]:
    """Say which slots bind what the tool does not take, and which values do not fit where they go."""
    astray = set()
    for slot in step.slots:
        try:
            await shell.tools.describe(state.tenant, tool, at=slot.argument, depth=1)
        except Unavailable:
            raise
        except Refused as fault:
            astray.add(slot.argument)
            yield str(fault)
    literals = {slot.argument: slot.value for slot in step.slots if not slot.step and slot.argument not in astray}
    if not literals:
        return
    for problem in await _held(shell, state, catalog, tool, literals):
        where = problem.partition(":")[0]
        if any(where == each or where.startswith(f"{each}/") for each in literals):
            yield problem


async def _held(
    shell: Shell, state: Session, catalog: Snapshot, tool: Tool, literals: dict[str, Json]
) -> tuple[str, ...]:
    """Hold values alone against a tool's schema; what else it lacks is among the problems too.

    No problem quotes a value that was hidden: these words do not pass where values are hidden again.
    """
    document = catalog.document(tool.api)
    if document is None:
        return ()
    try:
        arguments: object = {}
        for where, value in literals.items():
            arguments = put(arguments, tokens(where), parse(bytes(value)))
        restored, key = await shell.redactor.put_back(state, foreign(arguments))
        call = ToolCall(tenant=state.tenant, tool=tool, document=document, arguments=restored, digest_key=key)
        problems = (await shell.tools.check(call)).problems
        return _unquoted(problems, literals) if key else problems
    except Unavailable:
        raise
    except (Refused, NotPossible, msgspec.MsgspecError):
        return ()  # what cannot be held now is checked when the call is made
    except Exception as fault:
        # Its words may quote a value that was put back, so only its kind is told; the call is checked when it is made.
        logger.error("the plan's values for %s could not be checked: %s", tool.name, type(fault).__name__)
        return ()


def _unquoted(problems: Sequence[str], literals: Iterable[str]) -> tuple[str, ...]:
    """Return which places problems are about, and nothing of what stands there."""
    told = [each.partition(":")[0] for each in problems]
    wrong = [each for each in literals if any(where == each or where.startswith(f"{each}/") for where in told)]
    return tuple(f"{each}: a value that is hidden does not fit there" for each in wrong)
