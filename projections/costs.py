"""Show what sessions cost: one row a session, step and purpose, with the calls, tokens and time that went there."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.envelope import Event
from domain.session.events import CallAttempted, CallFailed, CallSucceeded, ModelReplied
from domain.upcasting import AnyEvent
from projections.names import purpose_of, step_of
from projections.ports import Recorded
from projections.rows import ReadModel, Row

MOST = 10**12
"""Bounds what one answer counts for, so that no claim of a server overflows a column."""


class CostRow(Row, frozen=True, kw_only=True):
    """Be a share of a session's cost: what one purpose of one step took; ``step`` 0 stands for the whole session.

    ``purpose`` is plan, choose, repair, review or answer for models and call for tools. Counted as the session's own
    budget counts: a model call when the model replied, a tool call with each attempt. ``latency_ms`` sums the time
    until the answers came, so that what ran side by side counts twice. ``money`` is in millionths, as far as there are
    prices.
    """

    NAME: ClassVar = "costs"
    KEY: ClassVar = ("session_id", "step", "purpose")
    SUMMED: ClassVar = frozenset(("model_calls", "tool_calls", "tokens_in", "tokens_out", "latency_ms", "money"))

    session_id: UUID
    step: int
    purpose: str
    tenant: str
    updated_at: datetime
    position: int
    model_calls: int = 0
    tool_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    latency_ms: int = 0
    money: int = 0


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[CostRow]:
    """Return what an event adds to its session's cost."""
    match event.data:
        case ModelReplied() as data:
            yield _row(
                event,
                row,
                data.call,
                model_calls=1,
                tokens_in=data.tokens_in,
                tokens_out=data.tokens_out,
                latency_ms=data.latency_ms,
                money=data.cost,
            )
        case CallAttempted(call=call, cost=cost):
            yield _row(event, row, call, tool_calls=1, money=cost)
        case CallSucceeded(call=call, latency_ms=latency) | CallFailed(call=call, latency_ms=latency):
            yield _row(event, row, call, latency_ms=latency)
        case _:
            return


def _row(event: Event[AnyEvent], row: Recorded, call: str, **added: int) -> CostRow:
    return CostRow(
        session_id=row.stream,
        step=step_of(call),
        purpose=purpose_of(call),
        tenant=row.tenant,
        updated_at=event.at,
        position=row.position,
        **{name: min(number, MOST) for name, number in added.items()},
    )


MODEL = ReadModel(name="costs", version=2, tables=("costs",), writes=(CostRow,), changes=changes)
