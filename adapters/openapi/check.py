"""Check a document without registering it."""

from collections.abc import Callable, Collection, Iterable, Iterator

import msgspec

from adapters.openapi.ingest import Examined, examine
from adapters.openapi.model import Api, Finding
from adapters.openapi.reading.source import read_source
from adapters.openapi.servers import checked_base_url
from adapters.openapi.view import view_sizes
from domain.errors import Invalid, Refused

Opinion = Callable[[Api], Iterable[Finding]]
_TOLD_AT = frozenset({"/host", "/servers", "/servers/0/url"})
"""Where the reader says that it does not know the API's address."""


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


def check_document(
    file: str,
    data: bytes,
    opinion: Opinion = lambda _: (),
    *,
    base_url: str = "",
    origins: Collection[str] = (),
) -> Report:
    """Report on a document's bytes; whatever is wrong with them stands in the report.

    ``base_url`` replaces the document's server; ``origins`` are places beside its own where operations with servers of
    their own may be.
    """
    try:
        found = examine(read_source(data), api="checked", base_url=base_url or None, origins=origins)
    except Refused as fault:
        return refusal(file, str(fault))
    sizes, misplaced = view_sizes(found.tools), tuple(_misplaced(found, base_url))
    return Report(
        file=file,
        ok=(bool(found.tools) or found.only_hears) and not (base_url and misplaced),
        dialect=found.api.dialect,
        operations=len(found.tools) + len(found.blocked),
        tools=len(found.tools),
        skipped=len(found.blocked),
        diagnostics=(*misplaced, *_without_tools(found), *found.api.findings, *opinion(found.api)),
        view_bytes=sizes.total,
        view_median=sizes.median,
    )


def _without_tools(found: Examined) -> Iterator[Finding]:
    """Say why there are no tools, if there are none."""
    if found.only_hears:
        message = "the document describes webhooks alone, which its API calls: it gives no tools"
        yield Finding(severity="warning", place="/webhooks", message=message)
    elif not found.tools:
        yield Finding(severity="error", place="/paths", message=found.nothing_usable)


def _misplaced(found: Examined, base_url: str) -> Iterator[Finding]:
    """Say why no calls can go where the document, or whoever asks, says that the API is; what is told is not again."""
    if not base_url and {each.place for each in found.api.findings} & _TOLD_AT:
        return
    try:
        checked_base_url(found.base_url)
    except Invalid as fault:
        place = "" if base_url else "/host" if found.api.dialect == "swagger-2.0" else "/servers"
        yield Finding(severity="error" if base_url else "warning", place=place, message=str(fault))


def refusal(file: str, reason: str) -> Report:
    """Report on what cannot be read at all."""
    return Report(file=file, ok=False, diagnostics=(Finding(severity="error", place="", message=reason),))
