"""Put what a session owes the policy before the judge: the same case from the log as from a live session."""

from commands.ports import Case, Ruling
from commands.shell import Shell
from domain.catalog.state import Snapshot, may_use
from domain.errors import Divergence, NotFound
from domain.session.events import VerdictReached
from domain.session.outstanding import JudgeCall
from domain.session.state import Session


async def verdict(shell: Shell, state: Session, catalog: Snapshot, effect: JudgeCall) -> VerdictReached:
    """Judge a request by the set that its session pinned; where that cannot be had, deny."""
    case = case_of(state, catalog, effect, shell.environment)
    try:
        ruling = shell.judge.judge(await shell.policy_set(state.tenant, state.policy_set), case)
    except (NotFound, Divergence) as fault:
        ruling = _unjudged(state, fault)
    return VerdictReached(
        call=effect.choice.call,
        request_digest=effect.request.digest,
        decision=ruling.decision,
        rules=ruling.rules,
        policy_set=ruling.policy_set,
        reason=ruling.reason,
        environment=shell.environment,
    )


def _unjudged(state: Session, fault: Exception) -> Ruling:
    reason = f"The policy set that this session pinned cannot be read: {fault}"
    return Ruling(decision="deny", rules=("engine-error",), policy_set=state.policy_set, reason=reason)


def case_of(state: Session, catalog: Snapshot, effect: JudgeCall, environment: str) -> Case:
    """Return what rules may know of a request, from the session's state and its catalogue alone."""
    agent, tool = catalog.agent(effect.agent), catalog.tool(effect.choice.tool)
    assert agent is not None and tool is not None, "arguments were checked against this very catalogue"
    document = catalog.document(tool.api)
    return Case(
        agent=agent,
        tool=tool,
        listed=may_use(agent, tool),
        request_digest=effect.request.digest,
        effect_class=effect.request.effect_class,
        at=effect.not_before,
        arguments=effect.choice.arguments.value,
        scopes=document.scopes if document else (),
        user=state.user,
        roles=state.roles,
        lane=state.lane,
        environment=environment,
        limits=state.limits,
        spent=state.spent,
    )
