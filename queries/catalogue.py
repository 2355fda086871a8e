"""Ask what is registered: APIs, their tools, and agents."""

from datetime import datetime

import msgspec

from domain.encoding import Json
from queries.ports import ReadStore
from queries.shapes import shaped


class AgentListed(msgspec.Struct, frozen=True, kw_only=True):
    """Show a registered agent; ``capabilities`` are the patterns of the tools that it may use."""

    id: str
    name: str
    role: str
    prompt_template: str
    capabilities: list[str]
    created_at: datetime
    updated_at: datetime
    version: int


class ToolListed(msgspec.Struct, frozen=True, kw_only=True):
    """Show a tool with its API's scopes and rate limit; ``openapi_ref`` is its document's digest."""

    id: str
    api: str
    name: str
    operation: str
    openapi_ref: str
    description: str
    effect_class: str
    repeatable: bool
    parameters: Json
    scopes: list[str]
    rate_limit: int
    created_at: datetime


async def list_agents(store: ReadStore, tenant: str, *, capability: str = "") -> list[AgentListed]:
    """Return a tenant's registered agents by id, those with one capability where it is named."""
    rows = await store.fetch("agents", tenant=tenant, capability=capability)
    return [shaped(AgentListed, row) for row in rows]


async def list_tools(
    store: ReadStore, tenant: str, *, api: str = "", after: str = "", limit: int = 50
) -> list[ToolListed]:
    """Return a tenant's tools by id behind ``after``, those of one API where it is named."""
    rows = await store.fetch("tools", tenant=tenant, api=api, after=after, limit=limit)
    return [shaped(ToolListed, row) for row in rows]
