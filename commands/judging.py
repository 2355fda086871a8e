"""Put what a session owes the policy before the judge: the same case from the log as from a live session."""

from uuid import UUID

from msgspec.structs import replace

from commands.ports import Case, Ruling
from commands.shell import Shell
from domain.catalog.policies import PolicySet
from domain.catalog.state import Snapshot
from domain.errors import Divergence, NotFound, NotPossible
from domain.labels import Provenance
from domain.session.effects import JudgeCall
from domain.session.events import Decision, VerdictReached
from domain.session.explaining import explained
from domain.session.provenance import provenance
from domain.session.state import Session
from domain.upcasting import Unknown, read_session


async def policy_set_in_force(shell: Shell, tenant: str) -> PolicySet:
    """Return the set that a session starting now is judged by, and what people allowed when it is sent."""
    active = (await shell.catalogs.current(tenant)).policies.digest
    return await shell.policy_set(tenant, active) if active else shell.judge.default


async def verdict(
    shell: Shell,
    state: Session,
    catalog: Snapshot,
    effect: JudgeCall,
    *,
    in_force: bool = False,
    seen: Provenance | None = None,
) -> VerdictReached:
    """Judge a request by the set that its session pinned, or is ``in_force``; where that cannot be had, deny.

    ``seen`` is what was known of where a call came from, for one that no step waits for any more.
    """
    seen = seen or provenance_of(state, catalog, effect)
    try:
        case = await with_values(shell, state, case_of(state, catalog, effect, shell.environment, seen))
        policy_set = await (
            policy_set_in_force(shell, state.tenant) if in_force else shell.policy_set(state.tenant, state.policy_set)
        )
        ruling = await ruled(shell, state, policy_set, case)
    except NotPossible as fault:
        ruling = _unjudged(state, str(fault))
    except (NotFound, Divergence) as fault:
        ruling = _unjudged(state, f"The policy set that counts for this session cannot be read: {fault}")
    return VerdictReached(
        call=effect.choice.call,
        request_digest=effect.request.digest,
        decision=ruling.decision,
        rules=ruling.rules,
        policy_set=ruling.policy_set,
        reason=_reason(ruling, seen),
        environment=shell.environment,
        provenance=seen,
        demands=ruling.demands,
        observed=ruling.observed,
        agent_policy_set=_own_rules(state, effect.agent),
    )


async def ruled(shell: Shell, state: Session, policy_set: PolicySet, case: Case) -> Ruling:
    """Judge a case by a set, and by that of its agent where that has one: the stricter of both decides."""
    ruling, own = shell.judge.judge(policy_set, case), _own_rules(state, case.agent.id)
    if not own:
        return ruling
    return stricter(ruling, shell.judge.judge(await shell.policy_set(state.tenant, own), case))


def _own_rules(state: Session, agent: str) -> str:
    pinned = state.pinned(agent)
    return pinned.policy_set if pinned else ""


def stricter(ruling: Ruling, own: Ruling) -> Ruling:
    """Return what two sets make of a case together: where both say the same, the rules and demands of both."""
    observed = tuple(dict.fromkeys((*ruling.observed, *own.observed)))
    order: tuple[Decision, ...] = ("allow", "ask", "deny")
    if ruling.decision != own.decision:
        decided = max(ruling, own, key=lambda each: order.index(each.decision))
        return replace(decided, policy_set=ruling.policy_set, observed=observed)
    return replace(
        ruling,
        rules=tuple(dict.fromkeys((*ruling.rules, *own.rules))),
        demands=tuple(dict.fromkeys((*ruling.demands, *own.demands))),
        observed=observed,
    )


def _reason(ruling: Ruling, seen: Provenance) -> str:
    """Add to the rules' reasons whose word it is that they stopped at, and what was only observed."""
    whose = explained(seen) if ruling.decision != "allow" else ""
    watched = f"Not enforced, but it would not have passed: {', '.join(ruling.observed)}." if ruling.observed else ""
    return " ".join(filter(None, (ruling.reason, whose, watched)))


async def with_values(shell: Shell, state: Session, case: Case) -> Case:
    """Return a case with the values that its arguments have tokens for, as rules judge these; raises NotPossible."""
    return replace(case, arguments=(await shell.redactor.put_back(state, case.arguments)).arguments)


async def last_seen(shell: Shell, session: UUID, call: str) -> Provenance | None:
    """Return what was known of where a call came from when it was last judged."""
    events = [read_session(row.topic, row.state) for row in await shell.store.read_stream(session)]
    verdicts = [event.data for event in events if not isinstance(event, Unknown)]
    known = [each.provenance for each in verdicts if isinstance(each, VerdictReached) and each.call == call]
    return known[-1] if known else None


def _unjudged(state: Session, reason: str) -> Ruling:
    return Ruling(decision="deny", rules=("engine-error",), policy_set=state.policy_set, reason=reason)


def provenance_of(state: Session, catalog: Snapshot, effect: JudgeCall) -> Provenance:
    """Return where a request and its arguments come from."""
    tool = catalog.tool(effect.choice.tool)
    assert tool is not None, "arguments were checked against this very catalogue"
    return provenance(state, effect.choice, tool, reads=effect.request.effect_class == "read")


def case_of(state: Session, catalog: Snapshot, effect: JudgeCall, environment: str, seen: Provenance) -> Case:
    """Return what rules may know of a request, from the session's state and its catalogue alone.

    ``seen`` is what is, or was, known of where it comes from.
    """
    agent, tool = catalog.agent(effect.agent), catalog.tool(effect.choice.tool)
    assert agent is not None and tool is not None, "arguments were checked against this very catalogue"
    document = catalog.document(tool.api)
    return Case(
        agent=agent,
        tool=tool,
        listed=catalog.may_use(agent, tool),
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
        provenance=seen,
    )
