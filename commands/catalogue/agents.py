"""Register and patch agents, and tell their revisions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from commands.catalogue.agent_checks import check_agent, check_model, check_policy, check_tools, held_to_role
from commands.catalogue.appending import Appending, Deciding, check_version, fact_of, version_of
from commands.catalogue.documents import Registered
from commands.ports import LogNotification
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Agent, AgentPatched, AgentRegistered, CatalogEvent
from domain.catalog.state import Catalog
from domain.encoding import digest
from domain.envelope import Context
from domain.errors import NotFound, NotPossible
from domain.ids import named_stream
from domain.upcasting import Unknown, read


class AgentRevision(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one revision of an agent; ``digest`` is what sessions pin, ``version`` 0 the one that comes by default."""

    version: int
    digest: str
    agent: Agent
    at: datetime | None = None
    by: str = ""


class Agents(Appending):
    """Register and patch agents."""

    async def register_agent(
        self, agent: Agent, context: Context, *, models: Collection[str] | None = None
    ) -> Registered:
        """Register a new agent; raise Invalid where it names what is not there.

        ``models`` are those that it may have of its own, None any that can be asked.
        """
        agent = held_to_role(replace(agent, template_syntax="fields"))
        check_agent(agent)
        catalog = await self.current(context.tenant)

        def register(rows: Sequence[LogNotification]) -> Sequence[CatalogEvent]:
            if rows:
                raise NotPossible(f"Expected a new agent, but {agent.id} exists: patch it, or choose another id.")
            self._check_named(agent, catalog, agent.__struct_fields__, models)
            return [AgentRegistered(agent=agent)]

        return await self._append_agent(agent.id, context, register)

    async def patch_agent(
        self,
        agent_id: str,
        changes: Mapping[str, Any],
        context: Context,
        *,
        expected: int | None = None,
        models: Collection[str] | None = None,
    ) -> Registered:
        """Give an agent a new revision; running sessions keep the one they pinned.

        ``models`` are those that it may have of its own, None any that can be asked.
        """
        catalog = await self.current(context.tenant)

        def patch(rows: Sequence[LogNotification]) -> Sequence[CatalogEvent]:
            check_version(expected, version_of(rows))
            syntax = {"template_syntax": "fields"} if "prompt_template" in changes else {}
            agent = held_to_role(replace(_newest(agent_id, rows), **{**changes, **syntax}))
            check_agent(agent)
            self._check_named(agent, catalog, changes, models)
            return [AgentPatched(agent=agent)]

        return await self._append_agent(agent_id, context, patch)

    def _check_named(
        self, agent: Agent, catalog: Catalog, changed: Collection[str], models: Collection[str] | None
    ) -> None:
        """Hold what is new in an agent against what is registered: what it named before may be gone by now."""
        if "tools" in changed:
            check_tools(agent, catalog)
        if "policy" in changed:
            shipped = (each.name for each in self._shell.judge.shipped)
            check_policy(agent, (*shipped, *catalog.policies.revisions))
        if "model" in changed and agent.model:
            check_model(agent, models)
            self._shell.models.known(agent.model)

    async def agent_revisions(self, tenant: str, agent_id: str) -> tuple[AgentRevision, ...]:
        """Return every revision of an agent, the newest last; raise NotFound."""
        rows = await self._shell.store.read_stream(named_stream(tenant, "agent", agent_id))
        default = DEFAULT_AGENTS.get(agent_id)
        first = [AgentRevision(version=0, digest=digest(default), agent=default)] if default else []
        found = [*first, *(revision for row in rows if (revision := _revision(row)))]
        if not found:
            raise _unknown(agent_id)
        return tuple(found)

    async def _append_agent(self, agent_id: str, context: Context, decide: Deciding) -> Registered:
        written = await self.append(named_stream(context.tenant, "agent", agent_id), context, decide)
        return Registered(name=agent_id, digest="", version=written.version, position=written.position)


def _newest(agent_id: str, rows: Sequence[LogNotification]) -> Agent:
    """Return an agent as its own stream says, or as it is by default."""
    fact = fact_of(rows[-1]) if rows else None
    agent = fact.agent if isinstance(fact, AgentRegistered | AgentPatched) else DEFAULT_AGENTS.get(agent_id)
    if agent is None:
        raise _unknown(agent_id)
    return agent


def _revision(row: LogNotification) -> AgentRevision | None:
    event = read(row.topic, row.state)
    if isinstance(event, Unknown) or not isinstance(event.data, AgentRegistered | AgentPatched):
        return None
    agent, actor = event.data.agent, event.actor
    return AgentRevision(
        version=row.originator_version,
        digest=digest(agent),
        agent=agent,
        at=event.at,
        by=actor.on_behalf_of or actor.id,
    )


def _unknown(agent_id: str) -> NotFound:
    return NotFound(
        f"Expected an agent that exists, but there is none with the id {agent_id[:100]!r}: "
        "`reprise agents list` shows them."
    )
