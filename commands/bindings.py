"""Bind security schemes of registered APIs to secrets, by reference; no value of a secret comes by here.

Bindings are no part of what a session pins: one that is made, changed or withdrawn holds for the next call of every
session. Each attempt of a call records the references that it carries.
"""

import re
from collections.abc import Sequence
from typing import Literal, Protocol
from urllib.parse import urljoin, urlsplit

import msgspec

from commands.catalogue import Catalogue
from commands.catalogue.documents import plain_origin
from commands.ports import EventStore, LogNotification, Secrets
from commands.shell import Shell
from domain.catalog.bindings import bindings_of, in_clear, origin_of
from domain.catalog.events import (
    Binding,
    BindingEvent,
    CatalogEvent,
    ClientAuth,
    CredentialKind,
    CredentialPlace,
    SchemeBound,
    SchemeUnbound,
)
from domain.catalog.state import Document
from domain.envelope import Context
from domain.errors import Invalid, NotFound, Stale
from domain.ids import named_stream
from domain.upcasting import Unknown, read

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_TEXT = re.compile(r"[\x20-\x7e]{1,200}")
# Set by the connection or by Reprise itself: a credential under one of these would change what the request is.
_TAKEN = frozenset({"host", "connection", "content-length", "content-type", "transfer-encoding", "te", "upgrade"})
_TAKEN |= {"accept", "accept-encoding", "cookie", "expect", "idempotency-key", "trailer", "user-agent"}


class DeclaredScheme(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a security scheme as a document declares it; ``asked`` tells whether an operation needs it."""

    name: str
    kind: Literal["api-key", "basic", "bearer", "oauth2", "open-id-connect", "mutual-tls"]
    place: CredentialPlace = ""
    field: str = ""
    token_url: str = ""
    asked: bool = False


class Schemes(Protocol):
    """Read security schemes from documents."""

    def schemes(self, data: bytes) -> tuple[DeclaredScheme, ...]:
        """Return the schemes that a document declares; raises Invalid."""
        ...


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a binding; what is left empty follows from the document.

    ``origin`` names a place beside the API's own, one that was allowed when the API was registered.
    """

    api: str
    scheme: str
    reference: str
    kind: Literal["", CredentialKind] = ""
    place: CredentialPlace = ""
    field: str = ""
    client_id: str = ""
    token_url: str = ""
    client_auth: ClientAuth = "basic"
    origin: str = ""


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """Say what was bound or unbound, at which version of the API's bindings and which position of the log."""

    change: BindingEvent
    version: int
    position: int


class RecordedBindings:
    """Implement the Bindings port over the log: what is read is what holds now."""

    def __init__(self, store: EventStore):
        self._store = store

    async def of(self, tenant: str, api: str) -> tuple[Binding, ...]:
        """Return what is bound; raises Unavailable."""
        return (await self.with_version(tenant, api))[0]

    async def with_version(self, tenant: str, api: str) -> tuple[tuple[Binding, ...], int]:
        """Return what is bound, and the version of the stream that says so."""
        rows = await self._store.read_stream(named_stream(tenant, "bindings", api))
        return bindings_of(_events(rows)), rows[-1].originator_version if rows else 0


class BindingDesk:
    """Bind and unbind the schemes of APIs."""

    def __init__(self, shell: Shell, catalogue: Catalogue, schemes: Schemes, secrets: Secrets):
        self._shell = shell
        self._catalogue = catalogue
        self._schemes = schemes
        self._secrets = secrets
        self.recorded = RecordedBindings(shell.store)

    async def bind(self, wanted: Wanted, context: Context, *, expected: int | None = None) -> Changed:
        """Bind a scheme to a reference, in place of what it was bound to; raises Refused."""
        document = await self._document(context.tenant, wanted.api)
        self._secrets.permit(wanted.reference, tenant=context.tenant)
        declared = self._schemes.schemes(await self._shell.store.get_blob(context.tenant, document.document))
        binding = binding_of(wanted, declared, document)
        return await self._append(context, wanted.api, SchemeBound(api=wanted.api, binding=binding), expected)

    async def lacking(self, tenant: str, api: str) -> tuple[DeclaredScheme, ...]:
        """Return the schemes that operations of an API ask for and that are bound to nothing; raises NotFound."""
        document = await self._document(tenant, api)
        bound = {each.scheme for each in await self.recorded.of(tenant, api)}
        declared = self._schemes.schemes(await self._shell.store.get_blob(tenant, document.document))
        return tuple(each for each in declared if each.asked and each.name not in bound)

    async def unbind(self, api: str, scheme: str, context: Context, *, expected: int | None = None) -> Changed:
        """Bind a scheme to nothing any more; raises NotFound where it is bound to nothing."""
        return await self._append(context, api, SchemeUnbound(api=api, scheme=scheme), expected)

    async def _document(self, tenant: str, api: str) -> Document:
        documents = (await self._catalogue.current(tenant)).documents
        if api not in documents:
            known = ", ".join(sorted(documents)) or "none"
            raise NotFound(f"Expected the name of a registered API, one of {known}; there is no {api[:100]!r}.")
        return documents[api]

    async def _append(self, context: Context, api: str, change: BindingEvent, expected: int | None) -> Changed:
        def decide(rows: Sequence[LogNotification]) -> Sequence[CatalogEvent]:
            version = rows[-1].originator_version if rows else 0
            if expected not in (None, version):
                raise Stale(f"Expected version {expected}, but it is {version}: read it again, then decide.")
            if isinstance(change, SchemeUnbound):
                _check_bound(api, change.scheme, bindings_of(_events(rows)))
            return [change]

        written = await self._catalogue.append(named_stream(context.tenant, "bindings", api), context, decide)
        first = written.first
        assert isinstance(first, SchemeBound | SchemeUnbound), "the digest of a request covers what it asks for"
        return Changed(change=first, version=written.version, position=written.position)


def _events(rows: Sequence[LogNotification]) -> list[BindingEvent]:
    found = (read(row.topic, row.state) for row in rows)
    data = (event.data for event in found if not isinstance(event, Unknown))
    return [each for each in data if isinstance(each, SchemeBound | SchemeUnbound)]


def _check_bound(api: str, scheme: str, bindings: Sequence[Binding]) -> None:
    names = [each.scheme for each in bindings]
    if scheme not in names:
        raise NotFound(
            f"Expected a scheme of {api} that is bound, one of {', '.join(names) or 'none'}: {scheme[:100]!r}."
        )


def binding_of(wanted: Wanted, declared: Sequence[DeclaredScheme], document: Document) -> Binding:
    """Complete a wanted binding by what the document declares; raises Invalid with what is missing."""
    known = next((each for each in declared if each.name == wanted.scheme), None)
    kind = _kind(wanted, known, declared)
    place, field = _place(wanted, known) if kind == "api-key" else ("", "")
    exchanged = kind == "client-credentials"
    origin = _origin(wanted, document)
    _check_travels_safely(origin, document)
    return Binding(
        scheme=wanted.scheme,
        kind=kind,
        reference=wanted.reference,
        origin=origin,
        place=place,
        field=field,
        client_id=_client_id(wanted) if exchanged else "",
        token_url=_token_url(wanted, known, document) if exchanged else "",
        client_auth=wanted.client_auth,
        unasked=known is None or not known.asked,
        beside=origin != origin_of(document.base_url),
    )


def _origin(wanted: Wanted, document: Document) -> str:
    """Return the one place that a credential goes to; raises Invalid for one that nobody allowed."""
    own = origin_of(document.base_url)
    origin = plain_origin(wanted.origin) if wanted.origin else own
    if origin not in (own, *document.origins):
        allowed = ", ".join((own, *document.origins))
        raise Invalid(
            f"Expected a place where requests of {wanted.api} may go, one of {allowed}, but got {origin[:200]}: "
            "register the document with --allow-origin first."
        )
    return origin


def _kind(wanted: Wanted, known: DeclaredScheme | None, declared: Sequence[DeclaredScheme]) -> CredentialKind:
    if not _TEXT.fullmatch(wanted.scheme):
        raise Invalid(f"Expected the name of a scheme in printable ASCII, but got {wanted.scheme[:100]!r}.")
    if wanted.client_id and wanted.kind in ("", "client-credentials"):
        return "client-credentials"
    if wanted.kind:
        return wanted.kind
    if known is None:
        names = ", ".join(each.name for each in declared) or "none"
        raise Invalid(
            f"Expected a scheme of {wanted.api}, one of {names}; got {wanted.scheme!r}. Describe one that the document "
            "does not declare: --kind bearer, --kind basic, or --kind api-key with --header, --query or --cookie NAME."
        )
    match known.kind:
        case "api-key" | "basic" | "bearer":
            return known.kind
        case "oauth2" | "open-id-connect":
            return "bearer"  # a token that somebody else asked for and keeps fresh behind the reference
        case "mutual-tls":
            raise Invalid(f"Expected a scheme that can be bound, but {known.name} asks for a client certificate.")


def _place(wanted: Wanted, known: DeclaredScheme | None) -> tuple[CredentialPlace, str]:
    place, field = (wanted.place, wanted.field) if wanted.field else (known.place, known.field) if known else ("", "")
    if not place or not field:
        raise Invalid("Expected where the key travels: --header NAME, --query NAME or --cookie NAME.")
    form = _TEXT if place == "query" else _TOKEN
    if not form.fullmatch(field) or (place == "header" and field.lower() in _TAKEN):
        raise Invalid(f"Expected the name of a {place} that may carry a key, but got {field[:100]!r}.")
    return place, field


def _client_id(wanted: Wanted) -> str:
    if not _TEXT.fullmatch(wanted.client_id):
        raise Invalid("Expected --client-id with the id that the API gave to this client, in printable ASCII.")
    return wanted.client_id


def _token_url(wanted: Wanted, known: DeclaredScheme | None, document: Document) -> str:
    """Return where tokens are asked for; one on another host than the API has to be named by who binds."""
    url = wanted.token_url or urljoin(f"{document.base_url}/", known.token_url if known else "")
    if not (wanted.token_url or (known and known.token_url)):
        raise Invalid("Expected --token-url with the address at which tokens are asked for: the document names none.")
    try:
        parts, origin = urlsplit(url), origin_of(url)
    except ValueError as fault:
        raise Invalid(f"Expected the address of a token server, but got {url[:200]!r}: {fault}.") from fault
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None or parts.fragment:
        raise Invalid(f"Expected the address of a token server, without user and fragment, but got {url[:200]!r}.")
    if not wanted.token_url and origin != origin_of(document.base_url):
        raise Invalid(
            f"Expected tokens to be asked for at {origin_of(document.base_url)}, but the document names another place: "
            f"if the client's secret may be sent to it, say --token-url {url[:200]}."
        )
    _check_travels_safely(url, document)
    return url


def _check_travels_safely(url: str, document: Document) -> None:
    """Raise Invalid where a credential would be sent in clear to whoever listens or answers."""
    reason = in_clear(url, private=document.allow_private)
    if reason:
        raise Invalid(
            f"Expected https for a credential, but at {origin_of(url)} {reason}: register the API with its https "
            "address, or, on a network of your own, with --allow-private and an IP address."
        )
