"""Bind the security schemes of APIs to secrets by reference; no answer ever holds a secret."""

from typing import Any, Literal

from litestar import Request, Response, delete, get, put
from litestar.params import FromPath

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.services import Given, Services
from api.writes import Writing
from commands.authorize import require
from commands.bindings import Changed, Wanted
from domain.catalog.events import Binding, ClientAuth, CredentialKind, CredentialPlace, SchemeBound

EXAMPLE = {"reference": "env:REPRISE_SECRET_SHOP", "kind": "api-key", "place": "header", "field": "X-Api-Key"}


class BindingInput(Input, frozen=True, kw_only=True):
    """Name the secret, and what the document does not say of the scheme; ``clientId`` asks for OAuth2 tokens.

    ``origin`` names a place beside the API's own that was allowed for it: the credential then goes there only.
    """

    reference: str
    kind: Literal["", CredentialKind] = ""
    place: CredentialPlace = ""
    field: str = ""
    client_id: str = ""
    token_url: str = ""
    client_auth: ClientAuth = "basic"
    origin: str = ""


class BindingShown(Output, frozen=True, kw_only=True):
    """Show a binding; ``origin`` is the one place that the credential goes to."""

    scheme: str
    kind: CredentialKind
    reference: str
    origin: str
    place: CredentialPlace
    field: str
    client_id: str
    token_url: str
    client_auth: ClientAuth
    unasked: bool


class BindingList(Output, frozen=True, kw_only=True):
    """List what an API's schemes are bound to."""

    bindings: tuple[BindingShown, ...]


class BindingWritten(Output, frozen=True, kw_only=True):
    """Show what was bound, nothing where a scheme was unbound, and the version of the API's bindings."""

    binding: BindingShown | None
    version: int
    position: str


@get("/apis/{api:str}/bindings", tags=["tools"])
async def list_bindings(services: Given, read: Reading, api: FromPath[str]) -> Response[BindingList]:
    """List what an API's security schemes are bound to."""
    require(read.principal, "administer")
    found, version = await services.bindings.recorded.with_version(read.tenant, api)
    return answer(BindingList(bindings=tuple(_shown(each) for each in found)), etag=version)


@put("/apis/{api:str}/bindings/{scheme:str}", opt={"body": BindingInput, "example": EXAMPLE}, tags=["tools"])
async def bind(
    request: Request[Any, Any, Any], services: Given, write: Writing, api: FromPath[str], scheme: FromPath[str]
) -> Response[BindingWritten]:
    """Bind a security scheme of an API to the reference of a secret; it holds from the next call on."""
    body = await body_of(request, BindingInput)
    context = await write.context("administer")
    wanted = Wanted(
        api=api,
        scheme=scheme,
        reference=body.reference,
        kind=body.kind,
        place=body.place,
        field=body.field,
        client_id=body.client_id,
        token_url=body.token_url,
        client_auth=body.client_auth,
        origin=body.origin,
    )
    return await _written(services, await services.bindings.bind(wanted, context, expected=write.version))


@delete("/apis/{api:str}/bindings/{scheme:str}", status_code=200, tags=["tools"])
async def unbind(
    services: Given, write: Writing, api: FromPath[str], scheme: FromPath[str]
) -> Response[BindingWritten]:
    """Let calls carry this credential no more, from the next one on."""
    context = await write.context("administer")
    return await _written(services, await services.bindings.unbind(api, scheme, context, expected=write.version))


async def _written(services: Services, done: Changed) -> Response[BindingWritten]:
    shown = _shown(done.change.binding) if isinstance(done.change, SchemeBound) else None
    position = outside(await services.shell.store.log_id(), done.position)
    return answer(BindingWritten(binding=shown, version=done.version, position=position), etag=done.version)


def _shown(binding: Binding) -> BindingShown:
    return view(BindingShown, binding)
