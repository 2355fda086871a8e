"""Ask what sessions cost, and where it went."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from queries.ports import ReadStore
from queries.shapes import grouped


class CostPart(msgspec.Struct, frozen=True, kw_only=True):
    """Show what one purpose of one step took: plan, choose, review or answer for models, call for tools.

    ``step`` 0 stands for the session as a whole. ``latency_ms`` sums the time until the answers came; ``money`` is in
    millionths of the currency of the session's prices.
    """

    step: int
    purpose: str
    model_calls: int
    tool_calls: int
    tokens_in: int
    tokens_out: int
    latency_ms: int
    money: int


class CostShown(msgspec.Struct, frozen=True, kw_only=True):
    """Show what a session took, and its parts by step and purpose."""

    breakdown: Sequence[CostPart]
    model_calls: int
    tool_calls: int
    tokens_in: int
    tokens_out: int
    tokens: int
    latency_ms: int
    money: int


async def costs_of(store: ReadStore, tenant: str, sessions: Sequence[UUID]) -> dict[UUID, CostShown]:
    """Return the cost of each session."""
    rows = await store.fetch("costs", tenant=tenant, sessions=list(sessions))
    parts = grouped(CostPart, rows, "session_id", sessions)
    return {session: _summed(found) for session, found in parts.items()}


def _summed(parts: Sequence[CostPart]) -> CostShown:
    tokens_in, tokens_out = sum(part.tokens_in for part in parts), sum(part.tokens_out for part in parts)
    return CostShown(
        breakdown=parts,
        model_calls=sum(part.model_calls for part in parts),
        tool_calls=sum(part.tool_calls for part in parts),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens=tokens_in + tokens_out,
        latency_ms=sum(part.latency_ms for part in parts),
        money=sum(part.money for part in parts),
    )
