"""Start sessions: pin everything a run depends on, then submit the goal."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from commands.budgets import pinned_budget
from commands.catalogue import Catalogue
from commands.handle import Handled, handle
from commands.judging import policy_set_in_force
from commands.pinning import pinned_agents
from commands.shell import Shell
from domain.encoding import NULL, Json
from domain.envelope import Context
from domain.errors import Invalid, NotPossible
from domain.ids import derive
from domain.memory.recalling import MOST_RECALLED, MemoryUse
from domain.session.commands import SubmitGoal
from domain.session.events import Limits

LANES = ("interactive", "standard", "batch")
MOST_GOAL_BYTES = 32 * 1024
USUAL_REPLANS = 1
"""How often the rest of a plan is planned anew where nobody says otherwise; sessions recorded before never do."""


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a goal to be reached with a model, in a lane, within limits; a ``dry_run`` sends nothing that writes."""

    text: str
    model: str
    lane: str = "standard"
    context: Json = NULL
    limits: Limits = Limits()
    dry_run: bool = False
    memory: MemoryUse | None = None


def whole_model(name: str) -> str:
    """Name a script by its whole path: a worker that reads it may run in another folder."""
    kind, _, file = name.partition(":")
    return f"scripted:{Path(file).absolute()}" if kind == "scripted" and file else name


async def orchestrate(
    shell: Shell,
    catalogue: Catalogue,
    goal: Goal,
    context: Context,
    *,
    roles: Sequence[str] = (),
    models: Sequence[str] | None = None,
) -> tuple[UUID, Handled]:
    """Start a session for a user in these roles and return its id; a repeated request returns the one it started.

    ``models`` are those that agents may have of their own, None any that can be asked.
    """
    _check(goal)
    shell.models.known(goal.model)
    session = UUID(derive(context.tenant, context.command_id, "session"))
    catalog = await catalogue.current(context.tenant)
    pinned = await shell.snapshots.pin(context.tenant, catalog)
    if not any(document.tools for document in pinned.snapshot.documents):
        raise NotPossible("Expected at least one registered tool, but there is none: register an API first.")
    policy_set = await policy_set_in_force(shell, context.tenant)
    agents = await pinned_agents(shell, catalogue, context.tenant, pinned, models)
    asked = (goal.model, *(agent.model for agent in agents if agent.model))
    user = context.actor.on_behalf_of or context.actor.id
    command = SubmitGoal(
        session=str(session),
        goal=goal.text,
        user=user,
        model=goal.model,
        agents=agents,
        catalog=pinned.digest,
        policy_set=await shell.pin_policy_set(context.tenant, catalog, policy_set),
        tenant=context.tenant,
        lane=goal.lane,
        context=goal.context,
        limits=goal.limits,
        roles=tuple(roles),
        budget=await pinned_budget(shell, context.tenant, catalog, user, goal.limits, asked),
        dry_run=goal.dry_run,
        memory=goal.memory,
    )
    return session, await handle(shell, session, command, context)


def _check(goal: Goal) -> None:
    if not goal.text.strip():
        raise Invalid("Expected a goal, but it is blank: say in words what to reach.")
    if len(goal.text.encode()) > MOST_GOAL_BYTES:
        raise Invalid(f"Expected a goal of at most {MOST_GOAL_BYTES} bytes, but it has {len(goal.text.encode())}.")
    if goal.memory and not 0 <= goal.memory.recall <= MOST_RECALLED:
        raise Invalid(f"Expected 0 to {MOST_RECALLED} memories to recall, but got {goal.memory.recall}.")
    if goal.lane not in LANES:
        raise Invalid(f"Expected one of the lanes {', '.join(LANES)}, but got {goal.lane!r}.")
