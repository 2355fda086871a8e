"""Say everything that can happen in the catalogue: documents come with their tools, agents are registered and patched.

Everything here is a fact; nothing follows from it inside the catalogue. Streams are named
``<tenant>/document/<api>`` and ``<tenant>/agent/<id>``.
"""

from typing import TypeAlias, get_args

import msgspec

from domain.encoding import NULL, Json
from domain.session.events import EffectClass


class Tool(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Describe one operation as an agent sees it.

    ``operation`` is ``METHOD path`` in the document; ``parameters`` is a JSON Schema (2020-12) object of what a model
    may pass, its properties grouped as path, query, header, cookie and body. ``repeatable`` tells whether the same
    request may be sent again under the same idempotency key.
    """

    name: str
    api: str
    operation: str
    document: str
    description: str
    effect_class: EffectClass
    repeatable: bool
    parameters: Json = NULL


class Agent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Define an agent; ``tools`` are patterns: a tool's name, ``api/*`` for all of one API, or ``*``."""

    id: str
    name: str
    role: str
    prompt_template: str
    tools: tuple[str, ...] = ()


class DocumentRegistered(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.registered.v1",
):
    """An OpenAPI document was registered; its bytes are the blob under ``document``."""

    api: str
    document: str
    base_url: str
    scopes: tuple[str, ...] = ()
    rate_limit: int = 0
    allow_private: bool = False
    tools: int = 0
    skipped: int = 0


class ToolsAdded(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="document.tools-added.v1",
):
    """Some of a document's tools, in portions that fit into an event."""

    api: str
    document: str
    tools: tuple[Tool, ...]


class AgentRegistered(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="type",
    tag="agent.registered.v1",
):
    """An agent was defined for the first time."""

    agent: Agent


class AgentPatched(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="agent.patched.v1"
):
    """An agent got a new revision; ``agent`` is its whole new definition."""

    agent: Agent


CatalogEvent: TypeAlias = DocumentRegistered | ToolsAdded | AgentRegistered | AgentPatched

CATALOG_EVENTS: tuple[type[CatalogEvent], ...] = get_args(CatalogEvent)
