"""Carry what every write has beside its body: who, the idempotency key, the version it was decided on."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from litestar import Request
from litestar.datastructures import Headers
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, SkipValidation

from api.bodies import received
from api.services import Given, Services
from commands.authorize import Action, Principal, require
from domain.encoding import digest, parse
from domain.envelope import Actor, Context
from domain.errors import Invalid
from domain.ids import derive
from domain.tracing import read_traceparent

MOST_KEY_CHARACTERS = 255

IdempotencyKey: TypeAlias = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="Names this request: the same key with the same request is carried out once.",
    ),
]
IfMatch: TypeAlias = Annotated[
    str | None,
    HeaderParameter(name="If-Match", description="The ETag that was read; the write is refused if it has changed."),
]


@dataclass(frozen=True)
class Write:
    """Be one write before its body is understood."""

    request: Request[Any, Any, Any]
    services: Services
    principal: Principal
    key: str | None
    etag: str | None

    async def context(self, action: Action, *, lane: str = "standard", correlation: str = "") -> Context:
        """Return the context of its command; raise Forbidden where the principal may not do this.

        Call it after the body was read: the request's digest covers the body's canonical form.
        """
        return write_context(
            self.services,
            self.principal,
            action,
            key=self.key,
            request_digest=await self._digest(),
            lane=lane,
            correlation=correlation,
            traceparent=traceparent_of(self.request.headers),
        )

    async def _digest(self) -> str:
        body = await received(self.request)
        return digest([self.request.method, self.request.url.path, parse(body) if body else {}])

    @property
    def version(self) -> int | None:
        """Return the stream version that If-Match names, None where any will do; raise Invalid."""
        if self.etag in (None, "*"):
            return None
        if not self.etag or not self.etag.isascii() or not self.etag.isdigit():
            raise Invalid(f'Expected If-Match as an answer\'s ETag, for example "7", but got {self.etag!r}.')
        return int(self.etag)


def traceparent_of(headers: Headers) -> str:
    """Return the caller's span, "" where none is named, or not as W3C says: then it is no error either."""
    given = headers.get("traceparent", "")
    return given if read_traceparent(given) else ""


def write_context(
    services: Services,
    principal: Principal,
    action: Action,
    *,
    key: str | None,
    request_digest: str,
    lane: str = "standard",
    correlation: str = "",
    traceparent: str = "",
) -> Context:
    """Return the context of a command, named by the caller's key where it gave one; raise Forbidden."""
    require(principal, action)
    tenant = principal.tenant
    command_id = derive(tenant, "idempotency", key) if key else services.shell.chance.command_id()
    return Context(
        command_id=command_id,
        actor=Actor(kind="person", id=principal.actor),
        at=services.shell.clock.now(),
        correlation=correlation or command_id,
        tenant=tenant,
        lane=lane,
        request_digest=request_digest,
        traceparent=traceparent,
    )


Writing: TypeAlias = SkipValidation[NamedDependency[Write]]


def write_of(
    request: Request[Any, Any, Any],
    services: Given,
    idempotency_key: IdempotencyKey = None,
    if_match: IfMatch = None,
) -> Write:
    """Read the headers of a write; raise Invalid."""
    check_key(idempotency_key)
    principal: Principal = request.user
    return Write(request=request, services=services, principal=principal, key=idempotency_key, etag=_unquoted(if_match))


def check_key(key: str | None) -> None:
    """Raise Invalid for an idempotency key that is none; a request may go without."""
    if key is None or (0 < len(key) <= MOST_KEY_CHARACTERS and key.isascii() and key.isprintable()):
        return
    raise Invalid(
        f"Expected an Idempotency-Key of 1 to {MOST_KEY_CHARACTERS} printable ASCII characters, but got {key[:50]!r}."
    )


def _unquoted(etag: str | None) -> str | None:
    if etag is None or etag == "*":
        return etag
    if len(etag) < 3 or etag[0] != '"' or etag[-1] != '"' or '"' in etag[1:-1]:
        raise Invalid(f'Expected If-Match with one ETag as it was answered, for example "7", but got {etag[:100]!r}.')
    return etag[1:-1]
