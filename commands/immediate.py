"""Do at once what needs no I/O: find tools, check arguments, ask the policy, review a result by code.

Their outcomes are facts of their own: recorded once, never redone by a replay. They travel in the same append as the
fact that made them due.
"""

import logging
from datetime import timedelta
from typing import assert_never, cast

from msgspec.structs import replace

from commands.judging import verdict
from commands.ports import Checked, ToolCall
from commands.shell import Shell
from commands.standing import standing
from domain.catalog.state import Snapshot, may_use
from domain.envelope import Actor, Context, Event, fact_event
from domain.errors import Unavailable
from domain.review import problems_of
from domain.session.events import (
    ArgumentsChecked,
    FoundFor,
    FoundTool,
    ModelCallAttempted,
    ResultChecked,
    SessionEvent,
    SessionFact,
    ToolsFound,
)
from domain.session.outstanding import (
    IMMEDIATE,
    AskModel,
    CheckArguments,
    CheckResult,
    FindTools,
    Immediate,
    JudgeCall,
    outstanding,
)
from domain.session.react import Group, react
from domain.session.state import Session

logger = logging.getLogger(__name__)


async def conclude(
    shell: Shell, state: Session | None, fact: SessionFact, context: Context, *, claim: bool = False
) -> tuple[Group, Session | None]:
    """Return everything that follows from a fact without waiting for anybody, as one append, and the state then.

    A worker that goes on with the session lets it ``claim`` the questions that are due, in the same append.
    """
    data: SessionFact | None = fact
    events: list[Event[SessionEvent]] = []
    index = 0
    while data is not None:
        group, state = react(state, fact_event(cast(SessionEvent, data), context, index))
        events += group
        index += 1
        data = await _next_fact(shell, state) or (_next_claim(shell, state) if claim else None)
        context = replace(context, actor=Actor(kind="system", id=shell.worker), causation=group[-1].id)
    return events, state


async def _next_fact(shell: Shell, state: Session | None) -> SessionFact | None:
    for effect in outstanding(state):
        if isinstance(effect, IMMEDIATE) and state is not None:
            return await perform_immediate(shell, state, effect)
    return None


def _next_claim(shell: Shell, state: Session | None) -> SessionFact | None:
    now = shell.clock.now()
    for effect in outstanding(state):
        if isinstance(effect, AskModel) and state is not None and effect.not_before <= now:
            return model_claim(shell, state, effect)
    return None


def model_claim(shell: Shell, state: Session, effect: AskModel) -> ModelCallAttempted:
    """Claim a question for as long as a model may take to answer it."""
    lease = timedelta(milliseconds=state.limits.model_timeout_ms + shell.lease_margin_ms)
    return ModelCallAttempted(
        call=effect.model.id,
        attempt=effect.model.attempt,
        worker=shell.worker,
        lease_until=shell.clock.now() + lease,
    )


async def perform_immediate(shell: Shell, state: Session, effect: Immediate) -> SessionFact:
    """Perform one immediate effect; what goes wrong is in the fact."""
    catalog = await shell.snapshot(state.tenant, state.catalog)
    match effect:
        case FindTools():
            return await _find(shell, catalog, effect)
        case CheckArguments(choice=choice):
            checked = await _check(shell, catalog, state.tenant, effect)
            return ArgumentsChecked(
                call=choice.call,
                operation=checked.operation,
                document=checked.document,
                effect_class=checked.effect_class,
                repeatable=checked.repeatable,
                request_digest=checked.request_digest,
                problems=checked.problems,
            )
        case JudgeCall():
            return await verdict(shell, state, catalog, effect)
        case CheckResult():
            problems = problems_of(effect.output, effect.tool)
            return ResultChecked(step=effect.step, call=effect.call, problems=problems)
        case _:
            assert_never(effect)


async def _find(shell: Shell, catalog: Snapshot, effect: FindTools) -> ToolsFound:
    every = [tool for document in catalog.documents for tool in document.tools]
    found, method = [], ""
    for agent_id in effect.agents:
        agent = catalog.agent(agent_id)
        usable = [tool for tool in every if agent and may_use(agent, tool)]
        findings = await shell.finder.find(usable, effect.text, effect.most, filled=True)
        tools = tuple(FoundTool(name=each.tool.name, score=each.score) for each in findings.found)
        found.append(FoundFor(agent=agent_id, tools=tools))
        method = findings.method
    return ToolsFound(call=effect.call, text=effect.text, method=method, found=tuple(found))


async def _check(shell: Shell, catalog: Snapshot, tenant: str, effect: CheckArguments) -> Checked:
    tool = catalog.tool(effect.choice.tool)
    document = catalog.document(tool.api) if tool else None
    if tool is None or document is None:
        return Checked(problems=(f"there is no tool named {effect.choice.tool!r}",))
    stopped = (await standing(shell, tenant, tool)).stopped
    if stopped:
        return Checked(operation=tool.operation, document=document.document, problems=(f"{tool.name}: {stopped}",))
    call = ToolCall(tenant=tenant, tool=tool, document=document, arguments=effect.choice.arguments.value)
    try:
        return await shell.tools.check(call)
    except Unavailable:
        raise
    except Exception as fault:
        # What an adapter did not foresee must not undo the fact that made the check due.
        logger.exception("the arguments of %s could not be checked", effect.choice.call)
        return Checked(problems=(f"the arguments could not be checked: {type(fault).__name__}",))
