"""Show tools: one row an operation of an API's current document, one row an API, and one an operator's override."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from domain.catalog.events import DocumentRegistered, Tool, ToolOverridden, ToolsAdded
from domain.encoding import Json
from domain.envelope import Event
from domain.upcasting import AnyEvent
from projections.foreign import json_of
from projections.ports import Recorded
from projections.rows import ReadModel, Row


class ApiRow(Row, frozen=True, kw_only=True):
    """Be a registered API; writing it removes the tools of its earlier documents."""

    NAME: ClassVar = "apis"
    KEY: ClassVar = ("tenant", "api")

    tenant: str
    api: str
    document: str
    base_url: str
    scopes: list[str]
    rate_limit: int
    tools: int
    skipped: int
    created_at: datetime
    position: int


class ToolRow(Row, frozen=True, kw_only=True):
    """Be a tool; ``openapi_ref`` is the digest of its document."""

    NAME: ClassVar = "tools"
    KEY: ClassVar = ("tenant", "id", "openapi_ref")

    tenant: str
    id: str
    api: str
    name: str
    operation: str
    openapi_ref: str
    description: str
    effect_class: str
    repeatable: bool
    deprecated: bool
    parameters: Json
    created_at: datetime
    position: int


class OverrideRow(Row, frozen=True, kw_only=True):
    """Be what an operator says of an operation in every revision; null is the document's word."""

    NAME: ClassVar = "overrides"
    KEY: ClassVar = ("tenant", "api", "operation")

    tenant: str
    api: str
    operation: str
    effect_class: str | None
    repeatable: bool | None
    enabled: bool | None
    deprecated: bool | None
    scopes: list[str] | None
    rate_limit: int | None
    reason: str
    updated_at: datetime
    position: int


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[Row]:
    """Return what an event changes about APIs and their tools."""
    match event.data:
        case DocumentRegistered() as data:
            yield ApiRow(
                tenant=row.tenant,
                api=data.api,
                document=data.document,
                base_url=data.base_url,
                scopes=list(data.scopes),
                rate_limit=min(data.rate_limit, 2**31 - 1),
                tools=data.tools,
                skipped=data.skipped,
                created_at=event.at,
                position=row.position,
            )
        case ToolsAdded(tools=tools):
            for tool in tools:
                yield _row(event, row, tool)
        case ToolOverridden() as data:
            yield _override(event, row, data)
        case _:
            return


def _row(event: Event[AnyEvent], row: Recorded, tool: Tool) -> ToolRow:
    return ToolRow(
        tenant=row.tenant,
        id=tool.name,
        api=tool.api,
        name=tool.name,
        operation=tool.operation,
        openapi_ref=tool.document,
        description=tool.description,
        effect_class=tool.effect_class,
        repeatable=tool.repeatable,
        deprecated=tool.deprecated,
        parameters=json_of(tool.parameters),
        created_at=event.at,
        position=row.position,
    )


def _override(event: Event[AnyEvent], row: Recorded, data: ToolOverridden) -> OverrideRow:
    said = data.override
    return OverrideRow(
        tenant=row.tenant,
        api=data.api,
        operation=data.operation,
        effect_class=said.effect_class,
        repeatable=said.repeatable,
        enabled=said.enabled,
        deprecated=said.deprecated,
        scopes=None if said.scopes is None else list(said.scopes),
        rate_limit=said.rate_limit,
        reason=data.reason,
        updated_at=event.at,
        position=row.position,
    )


MODEL = ReadModel(
    name="tools",
    version=2,
    tables=("tools", "apis", "overrides"),
    writes=(ToolRow, ApiRow, OverrideRow),
    changes=changes,
)
