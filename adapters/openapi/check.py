"""Check a document without registering it."""

from collections.abc import Callable, Iterable

import msgspec

from adapters.openapi.ingest import examine
from adapters.openapi.model import Api, Finding
from adapters.openapi.reading.source import read_source
from adapters.openapi.view import view_sizes
from domain.errors import Refused

Opinion = Callable[[Api], Iterable[Finding]]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a document would give if it was registered; ``ok`` tells whether it could be.

    ``operations`` are those that become ``tools`` and those that are ``skipped``, each for an error among the
    ``diagnostics``. ``view_bytes`` is what a model is sent of all tools together, ``view_median`` of the one in the
    middle, as JSON. ``ms`` and ``rss_mb`` are of the process that checked it: whoever starts one fills them in.
    """

    file: str
    ok: bool
    dialect: str = ""
    operations: int = 0
    tools: int = 0
    skipped: int = 0
    diagnostics: tuple[Finding, ...] = ()
    view_bytes: int = 0
    view_median: int = 0
    ms: int = 0
    rss_mb: int = 0


def check_document(file: str, data: bytes, opinion: Opinion = lambda _: ()) -> Report:
    """Report on a document's bytes; whatever is wrong with them stands in the report."""
    try:
        found = examine(read_source(data), api="checked")
    except Refused as fault:
        return refusal(file, str(fault))
    nothing = () if found.tools else (Finding(severity="error", place="/paths", message=found.nothing_usable),)
    sizes = view_sizes(found.tools)
    return Report(
        file=file,
        ok=bool(found.tools),
        dialect=found.api.dialect,
        operations=len(found.tools) + len(found.blocked),
        tools=len(found.tools),
        skipped=len(found.blocked),
        diagnostics=(*nothing, *found.api.findings, *opinion(found.api)),
        view_bytes=sizes.total,
        view_median=sizes.median,
    )


def refusal(file: str, reason: str) -> Report:
    """Report on what cannot be read at all."""
    return Report(file=file, ok=False, diagnostics=(Finding(severity="error", place="", message=reason),))
