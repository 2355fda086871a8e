"""Read the revisions of an API from their documents, under the names that their tools have or would get."""

from commands.caches import Cache
from commands.catalogue import Documents, Ingested
from commands.catalogue.documents import read_again
from commands.drift.comparing import Comparison, Side
from commands.shell import Shell
from domain.catalog.events import Tool
from domain.catalog.naming import settled
from domain.catalog.revisions import Revision
from domain.catalog.state import Catalog, Document

KEPT = 4


class Revisions:
    """Give the tools of one API's revisions; those read last are kept, a bounded number."""

    def __init__(self, shell: Shell, documents: Documents, tenant: str, catalog: Catalog, api: str) -> None:
        self._shell, self._documents, self._tenant, self._catalog = shell, documents, tenant, catalog
        self.known = catalog.revisions[api]
        self.tools = frozenset(catalog.names.get(api, {}).values())
        self._read: Cache[str, Side] = Cache(KEPT)

    async def side(self, digest: str) -> Side:
        """Return a revision with its tools."""
        found = self._read.find(digest)
        return found or self._read.keep(digest, self._named(self.known[digest], await self._ingested(digest)))

    async def comparison(self, digest: str) -> Comparison:
        """Return what holds calls against a revision."""
        ingested = await self._ingested(digest)
        skipped = (reason.partition(": ") for reason in ingested.skipped)
        return Comparison(
            self._shell.tools,
            self._tenant,
            self._named(self.known[digest], ingested),
            unusable={operation: reason for operation, _, reason in skipped},
            own_names={tool.name: tool.operation for tool in ingested.tools},
        )

    async def _ingested(self, digest: str) -> Ingested:
        revision = self.known[digest]
        data = await self._shell.store.get_blob(self._tenant, digest)
        return await read_again(self._documents, data, revision)

    def _named(self, revision: Revision, ingested: Ingested) -> Side:
        tools = settled(self._catalog, revision.api, ingested.tools)
        return Side(document=as_document(revision, tools), needs=ingested.needs)


def as_document(revision: Revision, tools: tuple[Tool, ...]) -> Document:
    """Return a revision as it would stand in the catalogue."""
    return Document(
        api=revision.api,
        document=revision.document,
        base_url=revision.base_url,
        scopes=revision.scopes,
        rate_limit=revision.rate_limit,
        allow_private=revision.allow_private,
        origins=revision.origins,
        tools=tools,
    )
