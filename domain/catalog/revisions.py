"""Know every revision of every API: which is in force, which wait to be, and which were refused for good."""

from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from domain.catalog.events import (
    DocumentRegistered,
    QuarantineLifted,
    RevisionQuarantined,
    RevisionStaged,
)

Status: TypeAlias = Literal["active", "staged", "earlier", "quarantined"]


class Revision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be a document of an API with its settings; ``reason`` says why it is quarantined, and ``by`` who said so."""

    api: str
    document: str
    base_url: str
    status: Status
    scopes: tuple[str, ...] = ()
    rate_limit: int = 0
    allow_private: bool = False
    tools: int = 0
    skipped: int = 0
    origins: tuple[str, ...] = ()
    reason: str = ""
    by: str = ""


Revisions: TypeAlias = dict[str, dict[str, Revision]]
"""The revisions of each API by their documents' digests, in the order in which these came first."""


RevisionEvent: TypeAlias = DocumentRegistered | RevisionStaged | RevisionQuarantined | QuarantineLifted


def after(known: Revisions, event: RevisionEvent) -> Revisions:
    """Return the revisions after an event about one of them."""
    match event:
        case DocumentRegistered():
            others = {digest: _replaced(each) for digest, each in known.get(event.api, {}).items()}
            return {**known, event.api: {**others, event.document: _revision(event, "active")}}
        case RevisionStaged():
            return _with(known, _revision(event, "staged"))
        case RevisionQuarantined():
            return _changed(known, event.api, event.document, "quarantined", event.reason, event.by)
        case QuarantineLifted():
            return _changed(known, event.api, event.document, "staged", "", "")


def _replaced(revision: Revision) -> Revision:
    return replace(revision, status="earlier") if revision.status == "active" else revision


def _revision(event: DocumentRegistered | RevisionStaged, status: Status) -> Revision:
    return Revision(
        api=event.api,
        document=event.document,
        base_url=event.base_url,
        status=status,
        scopes=event.scopes,
        rate_limit=event.rate_limit,
        allow_private=event.allow_private,
        tools=event.tools,
        skipped=event.skipped,
        origins=event.origins,
    )


def _with(known: Revisions, revision: Revision) -> Revisions:
    return {**known, revision.api: {**known.get(revision.api, {}), revision.document: revision}}


def _changed(known: Revisions, api: str, document: str, status: Status, reason: str, by: str) -> Revisions:
    revision = known.get(api, {}).get(document)
    return _with(known, replace(revision, status=status, reason=reason, by=by)) if revision else known
