"""Register and patch agents."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from commands.catalogue.appending import Appending, Deciding, check_version, fact_of, version_of
from commands.catalogue.documents import Registered, check_name
from commands.ports import LogNotification
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Agent, AgentPatched, AgentRegistered, CatalogEvent
from domain.envelope import Context
from domain.errors import Invalid, NotFound, NotPossible
from domain.ids import named_stream

PATTERN = re.compile(r"\*|[a-z0-9][a-z0-9_-]{0,62}/\*|[A-Za-z0-9_.-]{1,128}")
MOST_PATTERNS = 200
MOST_CHARACTERS = {"name": 200, "role": 100, "prompt_template": 32 * 1024}


class Agents(Appending):
    """Register and patch agents."""

    async def register_agent(self, agent: Agent, context: Context) -> Registered:
        """Register a new agent."""
        check_agent(agent)

        def register(rows: Sequence[LogNotification]) -> Sequence[CatalogEvent]:
            if rows:
                raise NotPossible(f"Expected a new agent, but {agent.id} exists: patch it, or choose another id.")
            return [AgentRegistered(agent=agent)]

        return await self._append_agent(agent.id, context, register)

    async def patch_agent(
        self, agent_id: str, changes: dict[str, object], context: Context, *, expected: int | None = None
    ) -> Registered:
        """Give an agent a new revision; running sessions keep the one they pinned."""

        def patch(rows: Sequence[LogNotification]) -> Sequence[CatalogEvent]:
            check_version(expected, version_of(rows))
            agent = replace(_newest(agent_id, rows), **changes)
            check_agent(agent)
            return [AgentPatched(agent=agent)]

        return await self._append_agent(agent_id, context, patch)

    async def _append_agent(self, agent_id: str, context: Context, decide: Deciding) -> Registered:
        written = await self.append(named_stream(context.tenant, "agent", agent_id), context, decide)
        return Registered(name=agent_id, digest="", version=written.version, position=written.position)


def _newest(agent_id: str, rows: Sequence[LogNotification]) -> Agent:
    """Return an agent as its own stream says, or as it is by default."""
    fact = fact_of(rows[-1]) if rows else None
    agent = fact.agent if isinstance(fact, AgentRegistered | AgentPatched) else DEFAULT_AGENTS.get(agent_id)
    if agent is None:
        raise NotFound(f"Expected an agent that exists, but there is none with the id {agent_id[:100]!r}.")
    return agent


def check_agent(agent: Agent) -> None:
    """Raise Invalid where an agent cannot be registered as it is."""
    check_name("agent", agent.id)
    if not agent.role.strip():
        raise Invalid(f"Expected agent {agent.id} to have a role, for example executor, planner or reviewer.")
    for field, most in MOST_CHARACTERS.items():
        if len(getattr(agent, field)) > most:
            got = len(getattr(agent, field))
            raise Invalid(f"Expected agent {agent.id}'s {field} to have at most {most} characters, but it has {got}.")
    if len(agent.tools) > MOST_PATTERNS:
        raise Invalid(f"Expected at most {MOST_PATTERNS} tool patterns, but agent {agent.id} has {len(agent.tools)}.")
    for pattern in agent.tools:
        if not PATTERN.fullmatch(pattern):
            raise Invalid(
                f"Expected agent {agent.id}'s tools to be names of tools, API/* or *, but got {pattern[:100]!r}."
            )
