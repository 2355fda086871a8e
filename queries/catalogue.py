"""Ask what is registered: APIs, their tools, and agents."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from domain.encoding import Json
from queries.ports import ReadStore
from queries.shapes import shaped


class AgentListed(msgspec.Struct, frozen=True, kw_only=True):
    """Show a registered agent; ``capabilities`` are the patterns of the tools that it may use.

    Where ``effects`` are listed, only those that have one of them; where ``scopes`` are, only those that need no other.
    """

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
    created_at: datetime
    updated_at: datetime
    version: int


class ToolListed(msgspec.Struct, frozen=True, kw_only=True):
    """Show a tool as an operator says it is; ``openapi_ref`` is its document's digest.

    Scopes and rate limit, in calls a minute, are its API's, and beside them its own.
    """

    id: str
    api: str
    name: str
    operation: str
    openapi_ref: str
    description: str
    effect_class: str
    repeatable: bool
    enabled: bool
    deprecated: bool
    parameters: Json
    scopes: list[str]
    rate_limit: int
    own_scopes: list[str]
    own_rate_limit: int
    created_at: datetime


async def list_agents(store: ReadStore, tenant: str, *, capability: str = "") -> list[AgentListed]:
    """Return a tenant's registered agents by id, those with one capability where it is named."""
    rows = await store.fetch("agents", tenant=tenant, capability=capability)
    return [shaped(AgentListed, row) for row in rows]


async def list_tools(
    store: ReadStore,
    tenant: str,
    *,
    api: str = "",
    effect: str = "",
    enabled: bool | None = None,
    names: Sequence[str] | None = None,
    after: str = "",
    limit: int = 50,
) -> list[ToolListed]:
    """Return a tenant's tools by id behind ``after``: of one API, one effect class, enabled or not, of these names."""
    asked = {"api": api, "effect": effect, "enabled": enabled, "names": list(names) if names is not None else None}
    rows = await store.fetch("tools", tenant=tenant, after=after, limit=limit, **asked)
    return [shaped(ToolListed, row) for row in rows]
