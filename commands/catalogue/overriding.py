"""Let an operator say something else of an operation than its document does."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from commands.catalogue.appending import Appending, Part, check_version
from domain.catalog.events import Override, Tool, ToolOverridden
from domain.catalog.overriding import overridden
from domain.catalog.state import Document
from domain.envelope import Context
from domain.errors import Invalid, NotFound
from domain.ids import named_stream

MOST_SCOPES = 100
MOST_CALLS = 1_000_000
MOST_REASON = 1_000


class Overridden(msgspec.Struct, frozen=True, kw_only=True):
    """Say what is said of a tool now, at which version of its API's stream and position of the log."""

    name: str
    api: str
    operation: str
    override: Override
    version: int
    position: int


class Overrides(Appending):
    """Override what documents say of their operations."""

    async def find_tool(self, tenant: str, name: str) -> tuple[Document, Tool]:
        """Return a tool as it is said to be, also a disabled one, and its document; raise NotFound."""
        for document in (await self.current(tenant)).documents.values():
            tool = document.tool(name)
            if tool:
                said = document.overrides.get(tool.operation)
                return document, overridden(tool, said) if said else tool
        raise NotFound(
            f"Expected a tool that exists, but there is none with the id {name[:100]!r}: "
            "`reprise tools list` shows them."
        )

    async def override_tool(
        self,
        name: str,
        changes: Mapping[str, object],
        context: Context,
        *,
        reason: str = "",
        expected: int | None = None,
    ) -> Overridden:
        """Change what an operator says of a tool, None for the document's word; what is not named stays as it was.

        It holds for sessions that start from now on; a disabled tool is not called for those that run either.
        """
        _check(changes, reason)
        written = await self.append_parts(
            context, lambda: self._draft_override(context.tenant, name, changes, reason, expected)
        )
        said = written.first
        assert isinstance(said, ToolOverridden), "the digest of a request covers its path"
        return Overridden(
            name=name,
            api=said.api,
            operation=said.operation,
            override=said.override,
            version=written.version,
            position=written.position,
        )

    async def _draft_override(
        self, tenant: str, name: str, changes: Mapping[str, object], reason: str, expected: int | None
    ) -> Sequence[Part]:
        found, _ = await self.find_tool(tenant, name)
        stream = named_stream(tenant, "document", found.api)
        # Read before the catalogue: whoever says something behind that reading makes this append conflict.
        version = await self._shell.store.stream_version(stream)
        check_version(expected, version)
        document, tool = await self.find_tool(tenant, name)
        override = replace(document.overrides.get(tool.operation, Override()), **changes)
        said = ToolOverridden(api=document.api, operation=tool.operation, override=override, reason=reason)
        return [Part(stream=stream, after=version, events=[said])]


def _check(changes: Mapping[str, object], reason: str) -> None:
    if not changes:
        raise Invalid("Expected something to change of the tool, but nothing was named.")
    if len(reason) > MOST_REASON:
        raise Invalid(f"Expected a reason of at most {MOST_REASON} characters, but it has {len(reason)}.")
    scopes, rate = changes.get("scopes"), changes.get("rate_limit")
    if isinstance(scopes, tuple) and (len(scopes) > MOST_SCOPES or not all(map(str.strip, scopes))):
        raise Invalid(f"Expected at most {MOST_SCOPES} scopes, none of them blank, but got {len(scopes)}.")
    if isinstance(rate, int) and not 0 <= rate <= MOST_CALLS:
        raise Invalid(f"Expected a rate limit from 0, for none, to {MOST_CALLS} calls a minute, but got {rate}.")
