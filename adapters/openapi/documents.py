"""Implement the catalogue's Documents port over the ingest of OpenAPI documents."""

from collections.abc import Sequence

import msgspec

from adapters.openapi.check import check_document
from adapters.openapi.ingest import read_document
from adapters.openapi.reading.api import read_api
from adapters.openapi.reading.text import read_text
from commands.bindings import DeclaredScheme
from commands.catalogue import Ingested
from commands.catalogue.checking import Diagnostic, DocumentReport


class OpenApiDocuments:
    """Read OpenAPI documents."""

    def ingest(self, data: bytes, *, api: str, base_url: str, origins: Sequence[str] = ()) -> Ingested:
        """Turn a document's bytes into tools; raises Invalid with the place and the reason, and TooLarge."""
        found = read_document(data, api=api, base_url=base_url or None, origins=origins)
        skipped = tuple(f"{each.operation}: {each.message}" for each in found.skipped)
        return Ingested(
            api=api,
            text=found.text,
            base_url=found.base_url,
            tools=found.tools,
            skipped=skipped,
            needs=found.needs,
        )

    def check(self, data: bytes, *, base_url: str, origins: Sequence[str] = ()) -> DocumentReport:
        """Report on a document's bytes, whatever is wrong with them."""
        found = check_document("", data, base_url=base_url, origins=origins)
        return DocumentReport(
            ok=found.ok,
            dialect=found.dialect,
            operations=found.operations,
            tools=found.tools,
            skipped=found.skipped,
            diagnostics=tuple(Diagnostic(**msgspec.structs.asdict(each)) for each in found.diagnostics),
            view_bytes=found.view_bytes,
            view_median=found.view_median,
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
