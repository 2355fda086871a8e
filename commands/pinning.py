"""Pin agents: what a session keeps of each of them to its end, whatever is patched meanwhile."""

from collections.abc import Collection

from commands.catalogue import Catalogue
from commands.offered_models import is_offered, not_offered
from commands.policies import find_policy_set
from commands.shell import Shell
from commands.snapshots import Pinned
from domain.agents import AgentLimits
from domain.catalog.events import Agent
from domain.catalog.state import Snapshot
from domain.encoding import canonical, digest
from domain.errors import NotPossible
from domain.session.events import PinnedAgent
from domain.session.searching import needs_search


async def pinned_agents(
    shell: Shell, catalogue: Catalogue, tenant: str, pinned: Pinned, models: Collection[str] | None
) -> tuple[PinnedAgent, ...]:
    """Return a snapshot's agents as a session pins them; made anew only when the catalogue changes.

    ``models`` are those that agents may have of their own, None any that can be asked. Raises NotPossible, NotFound.
    """
    known = shell.pinned_agents.get(tenant)
    if known is None or known[0] is not pinned.catalog:
        agents = [await _pinned(shell, catalogue, tenant, each, pinned.snapshot) for each in pinned.snapshot.agents]
        known = shell.pinned_agents[tenant] = (pinned.catalog, tuple(agents))
    for agent in known[1]:
        _check_model(shell, agent, models)
    return known[1]


async def _pinned(shell: Shell, catalogue: Catalogue, tenant: str, agent: Agent, snapshot: Snapshot) -> PinnedAgent:
    rules = ""
    if agent.policy:
        policy_set = await find_policy_set(catalogue, shell, tenant, agent.policy)
        await shell.store.put_blobs(tenant, [canonical(policy_set)])
        rules = policy_set.digest
    return PinnedAgent(
        id=agent.id,
        role=agent.role,
        revision=digest(agent),
        narrowed=needs_search(agent, snapshot),
        model=agent.model,
        policy_set=rules,
        limits=agent.limits if agent.limits != AgentLimits() else None,
    )


def _check_model(shell: Shell, agent: PinnedAgent, models: Collection[str] | None) -> None:
    if not agent.model:
        return
    if models is not None and not is_offered(agent.model, models):
        problem = not_offered(f"agent {agent.id}'s model", agent.model, models)
        raise NotPossible(f"{problem} Or patch the agent.")
    shell.models.known(agent.model)
