"""Do at once what needs no I/O: find tools, check arguments, ask the policy, review a result by code.

Their outcomes are facts of their own: recorded once, never redone by a replay. They travel in the same append as the
fact that made them due.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeAlias, assert_never, cast

from msgspec.structs import replace

from commands.costs import model_bound
from commands.crossing import cross
from commands.describing import described
from commands.filling import Filled, filled
from commands.joining import joined
from commands.judging import verdict
from commands.memory.recalling import recalled
from commands.misfits import wanted
from commands.ports import Checked, ToolCall
from commands.reviewing import result_checked
from commands.shell import Shell
from commands.tool_standing import standing
from domain.catalog.events import Tool
from domain.catalog.state import Snapshot
from domain.encoding import NULL
from domain.envelope import Actor, Context, Event, fact_event
from domain.errors import NotPossible, Unavailable
from domain.prompting.fitting import fitted
from domain.session.effects import (
    IMMEDIATE,
    AskModel,
    CheckArguments,
    CheckResult,
    DescribeTool,
    Effect,
    FindTools,
    Immediate,
    JudgeCall,
    RecallMemories,
)
from domain.session.events import (
    ArgumentsChecked,
    FoundFor,
    FoundTool,
    ModelCallAttempted,
    SessionEvent,
    SessionFact,
    ToolDescribed,
    ToolsFound,
)
from domain.session.means import payable
from domain.session.outstanding import outstanding
from domain.session.prompt import prompt
from domain.session.react import Group, react
from domain.session.state import Session

FactOf: TypeAlias = Callable[[Session | None], SessionFact | None]

logger = logging.getLogger(__name__)


async def conclude(
    shell: Shell,
    state: Session | None,
    fact: SessionFact,
    context: Context,
    *,
    claim: bool = False,
    follow: FactOf | None = None,
) -> tuple[Group, Session | None]:
    """Return everything that follows from a fact without waiting for anybody, as one append, and the state then.

    A worker that goes on with the session lets it ``claim`` the questions that are due, in the same append. So is the
    fact that is to ``follow``, if the state then still wants it.
    """
    data: SessionFact | None = fact
    events: list[Event[SessionEvent]] = []
    index = 0
    while data is not None:
        for crossed in await cross(shell, state, data):
            group, state = react(state, fact_event(cast(SessionEvent, crossed), context, index))
            events += group
            index += 1
        owed = outstanding(state)
        data = await _next_fact(shell, state, owed)
        if data is None and follow:
            data, follow = follow(state), None
        if data is None and claim:
            data = await _next_claim(shell, state, owed)
        context = replace(context, actor=Actor(kind="system", id=shell.worker), causation=events[-1].id)
    return events, state


async def _next_fact(shell: Shell, state: Session | None, owed: Sequence[Effect]) -> SessionFact | None:
    for effect in owed:
        if isinstance(effect, IMMEDIATE) and state is not None:
            return await perform_immediate(shell, state, effect)
    return None


async def _next_claim(shell: Shell, state: Session | None, owed: Sequence[Effect]) -> SessionFact | None:
    now = shell.clock.now()
    for effect in owed:
        if isinstance(effect, AskModel) and state is not None and effect.not_before <= now:
            return await joined(shell, state) or payable(state, await model_claim(shell, state, effect))
    return None


async def model_claim(shell: Shell, state: Session, effect: AskModel) -> ModelCallAttempted:
    """Claim a question for as long as a model may take to answer it; make it fit, and reserve what the answer costs."""
    agent, reserved = effect.model.agent, None
    catalog = await shell.snapshot(state.tenant, state.catalog_of(effect.model))
    fits = fitted(state, effect.model, catalog)
    if state.meter:
        asked = prompt(state, replace(effect.model, strategy=fits.strategy), catalog)
        reserved = await model_bound(shell, state, agent, asked)
    lease = timedelta(milliseconds=state.limits_of(agent).model_timeout_ms + shell.lease_margin_ms)
    model = state.model_of(agent)
    return ModelCallAttempted(
        call=effect.model.id,
        attempt=effect.model.attempt,
        worker=shell.worker,
        lease_until=shell.clock.now() + lease,
        reserved=reserved,
        model=model if model != state.model else "",
        strategy=fits.strategy,
        prompt_tokens=fits.tokens,
        settles=True,
    )


async def perform_immediate(shell: Shell, state: Session, effect: Immediate) -> SessionFact:
    """Perform one immediate effect; what goes wrong is in the fact."""
    catalog = await shell.snapshot(state.tenant, state.catalog)
    match effect:
        case FindTools():
            return await _find(shell, catalog, effect)
        case RecallMemories():
            return await recalled(shell, state, effect)
        case DescribeTool():
            text = await described(shell, catalog, state, effect)
            return ToolDescribed(step=effect.step, call=effect.call, tool=effect.tool, at=effect.at, text=text)
        case CheckArguments(choice=choice):
            bound = await filled(shell, state, catalog, choice)
            checked = await _check(shell, catalog, state, effect, bound)
            return ArgumentsChecked(
                call=choice.call,
                operation=checked.operation,
                document=checked.document,
                effect_class=checked.effect_class,
                repeatable=checked.repeatable,
                request_digest=checked.request_digest,
                problems=checked.problems,
                arguments=bound.arguments if bound.slots else NULL,
                filled=bound.slots,
                described=await wanted(shell, state, catalog, choice.tool, checked.problems),
            )
        case JudgeCall():
            return await verdict(shell, state, catalog, effect)
        case CheckResult():
            return await result_checked(shell, state, effect)
        case _:
            assert_never(effect)


async def _find(shell: Shell, catalog: Snapshot, effect: FindTools) -> ToolsFound:
    found, method = [], ""
    for agent_id in effect.agents:
        agent = catalog.agent(agent_id)
        usable = catalog.usable(agent) if agent else ()
        findings = await shell.finder.find(usable, effect.text, effect.most, filled=True)
        tools = tuple(FoundTool(name=each.tool.name, score=each.score) for each in findings.found)
        found.append(FoundFor(agent=agent_id, tools=tools))
        method = findings.method
    return ToolsFound(call=effect.call, text=effect.text, method=method, found=tuple(found))


def _barred(state: Session, call: str, tool: Tool) -> str:
    """Say why a step's agent may not call a tool, whatever the rules say: who researches only reads."""
    step = state.step_awaiting(call)
    pinned = state.pinned(step.plan.agent) if step else None
    if pinned is None or pinned.role != "researcher" or tool.effect_class == "read":
        return ""
    return f"{pinned.id} is a researcher and only reads, but {tool.name} may change something"


async def _check(shell: Shell, catalog: Snapshot, state: Session, effect: CheckArguments, bound: Filled) -> Checked:
    tool = catalog.tool(effect.choice.tool)
    document = catalog.document(tool.api) if tool else None
    if tool is None or document is None:
        return Checked(problems=(f"there is no tool named {effect.choice.tool!r}",))
    if barred := _barred(state, effect.choice.call, tool):
        return Checked(problems=(barred,))
    # A moment old will do: what counts is asked anew before anything is sent.
    stopped = standing(await shell.catalogs.recent(state.tenant), tool).stopped
    if stopped:
        return Checked(operation=tool.operation, document=document.document, problems=(f"{tool.name}: {stopped}",))
    if bound.problems:
        return Checked(operation=tool.operation, document=document.document, problems=bound.problems)
    try:
        arguments, key = await shell.redactor.put_back(state, bound.arguments)
        call = ToolCall(tenant=state.tenant, tool=tool, document=document, arguments=arguments, digest_key=key)
        return await shell.tools.check(call)
    except Unavailable:
        raise
    except NotPossible as fault:
        return Checked(operation=tool.operation, document=document.document, problems=(str(fault),))
    except Exception as fault:
        # What an adapter did not foresee must not undo the fact that made the check due.
        logger.exception("the arguments of %s could not be checked", effect.choice.call)
        return Checked(problems=(f"the arguments could not be checked: {type(fault).__name__}",))
