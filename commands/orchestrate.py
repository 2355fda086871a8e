"""Start sessions: pin everything a run depends on, then submit the goal."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from commands.catalogue import Catalogue
from commands.handle import Handled, handle
from commands.policies import policy_set_in_force
from commands.shell import Shell
from domain.catalog.events import Agent
from domain.catalog.state import Snapshot
from domain.encoding import NULL, Json, digest
from domain.envelope import Context
from domain.errors import Invalid, NotPossible
from domain.ids import derive
from domain.session.commands import SubmitGoal
from domain.session.events import Limits, PinnedAgent
from domain.session.searching import needs_search

LANES = ("interactive", "standard", "batch")
MOST_GOAL_BYTES = 32 * 1024


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a goal to be reached with a model, in a lane, within limits."""

    text: str
    model: str
    lane: str = "standard"
    context: Json = NULL
    limits: Limits = Limits()


def whole_model(name: str) -> str:
    """Name a script by its whole path: a worker that reads it may run in another folder."""
    kind, _, file = name.partition(":")
    return f"scripted:{Path(file).absolute()}" if kind == "scripted" and file else name


async def orchestrate(
    shell: Shell, catalogue: Catalogue, goal: Goal, context: Context, *, roles: Sequence[str] = ()
) -> tuple[UUID, Handled]:
    """Start a session for a user in these roles and return its id; a repeated request returns the one it started."""
    _check(goal)
    shell.models.known(goal.model)
    session = UUID(derive(context.tenant, context.command_id, "session"))
    catalog = await catalogue.current(context.tenant)
    pinned = await shell.snapshots.pin(context.tenant, catalog)
    if not any(document.tools for document in pinned.snapshot.documents):
        raise NotPossible("Expected at least one registered tool, but there is none: register an API first.")
    policy_set = await policy_set_in_force(catalogue, shell, context.tenant)
    command = SubmitGoal(
        session=str(session),
        goal=goal.text,
        user=context.actor.on_behalf_of or context.actor.id,
        model=goal.model,
        agents=tuple(pinned_agent(agent, pinned.snapshot) for agent in pinned.snapshot.agents),
        catalog=pinned.digest,
        policy_set=await shell.pin_policy_set(context.tenant, catalog, policy_set),
        tenant=context.tenant,
        lane=goal.lane,
        context=goal.context,
        limits=goal.limits,
        roles=tuple(roles),
    )
    return session, await handle(shell, session, command, context)


def pinned_agent(agent: Agent, pinned: Snapshot) -> PinnedAgent:
    """Name an agent in its revision, and say whether its tools must be looked for."""
    tools = (tool for document in pinned.documents for tool in document.tools)
    narrowed = needs_search(agent, tools)
    return PinnedAgent(id=agent.id, role=agent.role, revision=digest(agent), narrowed=narrowed)


def _check(goal: Goal) -> None:
    if not goal.text.strip():
        raise Invalid("Expected a goal, but it is blank: say in words what to reach.")
    if len(goal.text.encode()) > MOST_GOAL_BYTES:
        raise Invalid(f"Expected a goal of at most {MOST_GOAL_BYTES} bytes, but it has {len(goal.text.encode())}.")
    if goal.lane not in LANES:
        raise Invalid(f"Expected one of the lanes {', '.join(LANES)}, but got {goal.lane!r}.")
