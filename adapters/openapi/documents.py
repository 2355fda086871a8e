"""Implement the catalogue's Documents port over the ingest of OpenAPI documents."""

from adapters.openapi.ingest import read_document
from commands.catalogue import Ingested


class OpenApiDocuments:
    """Read OpenAPI documents."""

    def ingest(self, data: bytes, *, api: str, base_url: str) -> Ingested:
        """Turn a document's bytes into tools; raises Invalid with the place and the reason, and TooLarge."""
        found = read_document(data, api=api, base_url=base_url or None)
        skipped = tuple(f"{each.operation}: {each.reason}" for each in found.skipped)
        return Ingested(api=api, text=found.text, base_url=found.base_url, tools=found.tools, skipped=skipped)
