"""Put a new revision of an API beside the one in force, then activate it, or refuse it for good."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import msgspec

from commands.catalogue.appending import Part, Written, check_version
from commands.catalogue.documents import DEFAULTS, Documents, RegisteredDocuments, Settings, read_again
from domain.catalog.events import (
    CatalogEvent,
    DocumentRegistered,
    QuarantineLifted,
    RevisionActivated,
    RevisionQuarantined,
    RevisionStaged,
)
from domain.catalog.revisions import Revision
from domain.catalog.state import Catalog
from domain.envelope import Context
from domain.errors import Invalid, NotFound, NotPossible
from domain.ids import named_stream

SHORTEST = 6
MOST_REASON = 1_000

Waiting: TypeAlias = Literal["pin", "migrate"]
Deciding: TypeAlias = Callable[[Catalog], Sequence[CatalogEvent]]
"""Decide on the newest catalogue what is appended, or raise Refused."""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Say how a revision stands now, at which version of its API's stream and position of the log."""

    revision: Revision
    version: int
    position: int


class StagedRevisions(RegisteredDocuments):
    """Stage, activate and quarantine revisions of APIs."""

    async def revision(self, tenant: str, api: str, document: str) -> Revision:
        """Return a revision by its document's digest, or by a beginning that only one has; raise NotFound, Invalid."""
        return named(await self.current(tenant), api, document)

    async def staged_before(self, context: Context) -> Changed | None:
        """Return what this very request staged before, or None; raise CommandReused for another request."""
        written = await self.written_before(context)
        return await self._changed(context.tenant, written) if written else None

    async def stage_document(
        self,
        documents: Documents,
        data: bytes,
        context: Context,
        *,
        api: str,
        settings: Settings = DEFAULTS,
    ) -> Changed:
        """Put a document beside the one in force: it gives no tools until it is activated."""
        _, staged = await self.taken_in(RevisionStaged, documents, data, context, api, settings)

        def decide(catalog: Catalog) -> Sequence[CatalogEvent]:
            _check_stageable(catalog, staged)
            return [staged]

        return await self._change(context, api, decide, None)

    async def skipped(self, documents: Documents, tenant: str, revision: Revision) -> tuple[str, ...]:
        """Say of each operation of a revision that gives no tool why."""
        data = await self._shell.store.get_blob(tenant, revision.document)
        return (await read_again(documents, data, revision)).skipped

    async def activate_revision(
        self,
        documents: Documents,
        context: Context,
        *,
        api: str,
        document: str,
        waiting: Waiting = "pin",
        reason: str = "",
        expected: int | None = None,
    ) -> Changed:
        """Let a revision take the place of the one in force, for sessions that start from now on."""
        _check_reason(reason, needed=False)
        revision = await self.revision(context.tenant, api, document)
        data = await self._shell.store.get_blob(context.tenant, revision.document)
        ingested = await read_again(documents, data, revision)

        def decide(catalog: Catalog, version: int) -> Sequence[CatalogEvent]:
            check_version(expected, version)
            if named(catalog, api, revision.document).status == "active":
                raise NotPossible(
                    f"Expected another revision of {api}, but {revision.document[:12]} is in force already."
                )
            return [
                RevisionActivated(
                    api=api,
                    document=revision.document,
                    before=catalog.documents[api].document,
                    waiting=waiting,
                    by=context.actor.id,
                    reason=reason,
                )
            ]

        written = await self.append_parts(
            context,
            lambda: self.draft_document(context.tenant, _registration(revision), ingested.tools, decide),
        )
        return await self._changed(context.tenant, written)

    async def quarantine_revision(
        self, context: Context, *, api: str, document: str, reason: str, expected: int | None = None
    ) -> Changed:
        """Refuse a revision until that is lifted; the one in force cannot be refused."""
        _check_reason(reason, needed=True)

        def decide(catalog: Catalog) -> Sequence[CatalogEvent]:
            revision = named(catalog, api, document)
            if revision.status in ("active", "quarantined"):
                is_it = "in force: activate another one first" if revision.status == "active" else "refused already"
                raise NotPossible(f"Expected a revision to refuse, but {revision.document[:12]} is {is_it}.")
            by = context.actor.id
            return [RevisionQuarantined(api=api, document=revision.document, by=by, reason=reason)]

        return await self._change(context, api, decide, expected)

    async def lift_quarantine(
        self, context: Context, *, api: str, document: str, reason: str, expected: int | None = None
    ) -> Changed:
        """Let a revision that was refused be activated again."""
        _check_reason(reason, needed=True)

        def decide(catalog: Catalog) -> Sequence[CatalogEvent]:
            revision = named(catalog, api, document)
            if revision.status != "quarantined":
                raise NotPossible(
                    f"Expected a quarantined revision, but {revision.document[:12]} is {revision.status}."
                )
            return [QuarantineLifted(api=api, document=revision.document, by=context.actor.id, reason=reason)]

        return await self._change(context, api, decide, expected)

    async def _change(self, context: Context, api: str, decide: Deciding, expected: int | None) -> Changed:
        stream = named_stream(context.tenant, "document", api)

        async def draft() -> Sequence[Part]:
            # Read before the catalogue: whoever changes the API behind that reading makes this append conflict.
            version = await self._shell.store.stream_version(stream)
            check_version(expected, version)
            return [Part(stream=stream, after=version, events=decide(await self.current(context.tenant)))]

        return await self._changed(context.tenant, await self.append_parts(context, draft))

    async def _changed(self, tenant: str, written: Written) -> Changed:
        said = written.first
        assert isinstance(said, RevisionStaged | RevisionActivated | RevisionQuarantined | QuarantineLifted), (
            "the digest of a request covers its path"
        )
        revision = await self.revision(tenant, said.api, said.document)
        return Changed(revision=revision, version=written.version, position=written.position)


def named(catalog: Catalog, api: str, document: str) -> Revision:
    """Return a revision by its document's digest, or by a beginning that only one has; raise NotFound, Invalid."""
    known = catalog.revisions.get(api)
    if known is None:
        raise NotFound(f"Expected an API that exists, but there is none with the name {api[:100]!r}.")
    if document in known:
        return known[document]
    found = [digest for digest in known if len(document) >= SHORTEST and digest.startswith(document)]
    if len(found) > 1:
        raise Invalid(f"Expected the digest of one revision of {api}, but {document} is the beginning of {len(found)}.")
    if not found:
        raise NotFound(
            f"Expected a revision of {api} that exists, but there is none with the digest {document[:100]!r}: "
            f"`reprise tools revisions {api}` shows them."
        )
    return known[found[0]]


def _check_stageable(catalog: Catalog, staged: RevisionStaged) -> None:
    known = catalog.revisions.get(staged.api)
    if known is None:
        raise NotPossible(f"Expected an API that exists, but there is no {staged.api}: register its first document.")
    revision = known.get(staged.document)
    if revision and revision.status in ("active", "quarantined"):
        is_it = "in force" if revision.status == "active" else f"quarantined: {revision.reason}"
        raise NotPossible(f"Expected a new revision of {staged.api}, but {staged.document[:12]} is {is_it}.")


def _check_reason(reason: str, *, needed: bool) -> None:
    if needed and not reason.strip():
        raise Invalid("Expected a reason, but it is blank: say why, for it is kept with the decision.")
    if len(reason) > MOST_REASON:
        raise Invalid(f"Expected a reason of at most {MOST_REASON} characters, but it has {len(reason)}.")


def _registration(revision: Revision) -> DocumentRegistered:
    return DocumentRegistered(
        api=revision.api,
        document=revision.document,
        base_url=revision.base_url,
        scopes=revision.scopes,
        rate_limit=revision.rate_limit,
        allow_private=revision.allow_private,
        tools=revision.tools,
        skipped=revision.skipped,
        origins=revision.origins,
    )
