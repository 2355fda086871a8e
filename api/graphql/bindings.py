"""Bind the security schemes of APIs to secrets by reference; no answer ever holds a secret."""

from typing import Annotated, Any, TypeAlias, get_args

import strawberry
from strawberry import UNSET

from api.graphql.agents import AtVersion
from api.graphql.context import Info
from api.graphql.dead_letters import Key
from api.graphql.revisions import ApiName
from api.graphql.scalars import Position
from api.graphql.writing import context_of_write, one_of, said
from commands.authorize import require
from commands.bindings import Changed, Wanted
from domain.catalog.events import ClientAuth, CredentialKind, CredentialPlace, SchemeBound

Scheme: TypeAlias = Annotated[str, strawberry.argument(description="The security scheme's name in the document.")]
_WORDS = {"kind": get_args(CredentialKind), "place": get_args(CredentialPlace)[1:], "client_auth": get_args(ClientAuth)}
_SAID = {name: ", ".join(words) for name, words in _WORDS.items()}


@strawberry.input(description="A reference to a secret, and what the document does not say of its scheme.")
class BindingDefinition:
    reference: str = strawberry.field(description="env:NAME, file:/PATH or vault:PATH#KEY.")
    kind: str | None = strawberry.field(default=UNSET, description=f"What it is: {_SAID['kind']}.")
    place: str | None = strawberry.field(default=UNSET, description=f"Where a key travels: {_SAID['place']}.")
    field: str | None = strawberry.field(default=UNSET, description="Under which name it travels there.")
    client_id: str | None = strawberry.field(default=UNSET, description="The client whose secret it is, for tokens.")
    token_url: str | None = strawberry.field(default=UNSET, description="Where it is exchanged, if said elsewhere.")
    client_auth: str | None = strawberry.field(
        default=UNSET, description=f"How the client shows it: {_SAID['client_auth']}."
    )
    origin: str | None = strawberry.field(
        default=UNSET, description="The allowed place that it is for, if that is not the API's own."
    )


@strawberry.type(description="What a security scheme is bound to, never a secret.")
class Binding:
    scheme: str = strawberry.field(description="The security scheme.")
    kind: str = strawberry.field(description=f"What the secret is: {_SAID['kind']}.")
    reference: str = strawberry.field(description="Where the secret is.")
    origin: str = strawberry.field(description="The one place that the credential goes to.")
    place: str = strawberry.field(description="Where a key travels.")
    field: str = strawberry.field(description="Under which name it travels there.")
    client_id: str = strawberry.field(description="The client whose secret it is.")
    token_url: str = strawberry.field(description="Where it is exchanged for tokens.")
    client_auth: str = strawberry.field(description="How the client shows it.")
    unasked: bool = strawberry.field(description="Whether calls carry it whose needs the document does not say.")


@strawberry.type(description="What was bound or unbound.")
class BindingWritten:
    binding: Binding | None = strawberry.field(description="What the scheme is bound to, null where to nothing.")
    version: int = strawberry.field(description="The number of the newest event of the API's bindings.")
    position: Position = strawberry.field(description="Where that stands in the log.")


Bound: TypeAlias = Annotated[BindingDefinition, strawberry.argument(description="What it is bound to.")]


async def bindings(info: Info, api: ApiName) -> list[Any]:
    """List what an API's security schemes are bound to; raise Forbidden."""
    require(info.context.principal, "administer")
    return list(await info.context.services.bindings.recorded.of(info.context.tenant, api))


async def bind(
    info: Info, api: ApiName, scheme: Scheme, to: Bound, version: AtVersion = None, idempotency_key: Key = None
) -> BindingWritten:
    """Bind a scheme to a reference; raise Forbidden, NotFound, Stale, Invalid."""
    given = {name: value for name, value in said(to).items() if value is not None}
    for name, words in _WORDS.items():
        one_of(words, given.get(name), name)
    context = context_of_write(info, "administer", [api, scheme, given, version], idempotency_key)
    wanted = Wanted(api=api, scheme=scheme, **given)
    return _written(info, await info.context.services.bindings.bind(wanted, context, expected=version))


async def unbind(
    info: Info, api: ApiName, scheme: Scheme, version: AtVersion = None, idempotency_key: Key = None
) -> BindingWritten:
    """Let calls carry a credential no more; raise Forbidden, NotFound, Stale."""
    context = context_of_write(info, "administer", [api, scheme, version], idempotency_key)
    return _written(info, await info.context.services.bindings.unbind(api, scheme, context, expected=version))


def _written(info: Info, done: Changed) -> BindingWritten:
    bound: Any = done.change.binding if isinstance(done.change, SchemeBound) else None
    where: Any = info.context.outside(done.position)
    return BindingWritten(binding=bound, version=done.version, position=where)
