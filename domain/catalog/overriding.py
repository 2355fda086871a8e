"""Let an operator's word stand in place of the document's."""

from msgspec.structs import asdict, replace

from domain.catalog.events import Override, Tool
from domain.catalog.state import Document

SAFE_TO_REPEAT = ("read", "idempotent-write")


def overridden(tool: Tool, override: Override) -> Tool:
    """Return a tool as an operator says it is."""
    said = {name: value for name, value in asdict(override).items() if value is not None}
    return replace(tool, **{"repeatable": _repeatable(tool, override), **said})


def _repeatable(tool: Tool, override: Override) -> bool:
    """Say whether a request may be repeated, where an operator says only what it does to the world."""
    if override.effect_class in SAFE_TO_REPEAT:
        return True
    # Its method promised to do nothing, but it does: then the method's other promise is worth nothing either.
    return tool.repeatable and (override.effect_class is None or tool.effect_class != "read")


def as_said(document: Document) -> tuple[Tool, ...]:
    """Return all tools of a document, those that are disabled too, as its operator says they are."""
    said = document.overrides
    if not said:
        return document.tools
    return tuple(overridden(tool, said[tool.operation]) if tool.operation in said else tool for tool in document.tools)


def offered(document: Document) -> Document:
    """Return a document with the tools that agents may use, as its operator says they are."""
    if not document.overrides:
        return document
    tools = tuple(tool for tool in as_said(document) if tool.enabled)
    return replace(document, tools=tools, overrides={})
