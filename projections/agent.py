"""Show agents: one row a registered agent, in its newest revision."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

import msgspec

from domain.catalog.events import AgentPatched, AgentRegistered
from domain.encoding import Json, encode
from domain.envelope import Event
from domain.upcasting import AnyEvent
from projections.ports import Recorded
from projections.rows import ReadModel, Row


class AgentRow(Row, frozen=True, kw_only=True):
    """Be an agent; ``capabilities`` are patterns of the tools that it may use, bounded by ``effects`` and ``scopes``.

    ``limits`` are its own, as an object of those that are set.
    """

    NAME: ClassVar = "agents"
    KEY: ClassVar = ("tenant", "id")

    tenant: str
    id: str
    name: str
    role: str
    prompt_template: str
    capabilities: list[str]
    effects: list[str]
    scopes: list[str]
    model: str
    policy: str
    limits: Json
    updated_at: datetime
    version: int
    position: int
    created_at: datetime | None = None


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[AgentRow]:
    """Return what an event changes about an agent."""
    match event.data:
        case AgentRegistered(agent=agent) | AgentPatched(agent=agent):
            yield AgentRow(
                tenant=row.tenant,
                id=agent.id,
                name=agent.name,
                role=agent.role,
                prompt_template=agent.prompt_template,
                capabilities=list(agent.tools),
                effects=list(agent.effects),
                scopes=list(agent.scopes),
                model=agent.model,
                policy=agent.policy,
                limits=msgspec.Raw(encode(agent.limits)),
                updated_at=event.at,
                version=row.version,
                position=row.position,
                created_at=event.at,
            )
        case _:
            return


MODEL = ReadModel(name="agents", version=2, tables=("agents",), writes=(AgentRow,), changes=changes)
