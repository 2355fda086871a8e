"""Implement the catalogue's Documents port over the ingest of OpenAPI documents."""

from adapters.openapi.ingest import read_document
from adapters.openapi.reading.api import read_api
from adapters.openapi.reading.text import read_text
from commands.bindings import DeclaredScheme
from commands.catalogue import Ingested


class OpenApiDocuments:
    """Read OpenAPI documents."""

    def ingest(self, data: bytes, *, api: str, base_url: str) -> Ingested:
        """Turn a document's bytes into tools; raises Invalid with the place and the reason, and TooLarge."""
        found = read_document(data, api=api, base_url=base_url or None)
        skipped = tuple(f"{each.operation}: {each.message}" for each in found.skipped)
        return Ingested(
            api=api,
            text=found.text,
            base_url=found.base_url,
            tools=found.tools,
            skipped=skipped,
            needs=found.needs,
        )

    def schemes(self, data: bytes) -> tuple[DeclaredScheme, ...]:
        """Return the security schemes that a document declares; raises Invalid."""
        api = read_api(read_text(data))
        asked = {need.scheme for operation in api.operations for each in operation.needs for need in each}
        return tuple(
            DeclaredScheme(
                name=each.name,
                kind=each.kind,
                place=each.place,
                field=each.field,
                token_url=each.token_url,
                asked=each.name in asked,
            )
            for each in api.schemes
        )
