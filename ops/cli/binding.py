"""Bind the security schemes of APIs to secrets by reference: `tools bind`, `tools unbind`, `tools bindings`."""

import shlex
from typing import cast, get_args

import click

from commands.bindings import DeclaredScheme, Wanted
from domain.catalog.events import Binding, ClientAuth, CredentialKind, CredentialPlace, SchemeBound
from domain.errors import Invalid
from ops.cli.output import hint, result, table
from ops.cli.reach import context, core
from ops.cli.verb import verb


@verb()
@click.argument("api")
@click.argument("scheme")
@click.argument("reference", metavar="REF")
@click.option("--kind", type=click.Choice(get_args(CredentialKind)), help="What it is, if the document does not say.")
@click.option("--header", help="The header that a key travels in.")
@click.option("--query", help="The query parameter that a key travels in.")
@click.option("--cookie", help="The cookie that a key travels in.")
@click.option("--client-id", default="", help="The client whose secret REF is; it is exchanged for tokens.")
@click.option("--token-url", default="", help="Where it is exchanged, if not where the API is.")
@click.option("--origin", default="", help="The place it is for, if that is not the API's own but an allowed one.")
@click.option(
    "--client-auth", type=click.Choice(get_args(ClientAuth)), default="basic", help="How the client shows its secret."
)
async def bind(
    api: str,
    scheme: str,
    reference: str,
    kind: str | None,
    header: str | None,
    query: str | None,
    cookie: str | None,
    client_id: str,
    token_url: str,
    client_auth: str,
    origin: str,
) -> None:
    """Let calls of an API carry the secret at REF: env:NAME, file:/PATH or vault:PATH#KEY."""
    place, field = _place(header=header, query=query, cookie=cookie)
    wanted = Wanted(
        api=api,
        scheme=scheme,
        reference=reference,
        kind=cast(CredentialKind, kind or ""),
        place=place,
        field=field,
        client_id=client_id,
        token_url=token_url,
        client_auth=cast(ClientAuth, client_auth),
        origin=origin,
    )
    async with core() as opened:
        done = await opened.bindings.bind(wanted, context(opened))
    assert isinstance(done.change, SchemeBound)
    bound = done.change.binding
    result(bound, lambda: f"{api}: {bound.scheme} is bound to {bound.reference}, {_how(bound)}, for {bound.origin}")


def _place(**given: str | None) -> tuple[CredentialPlace, str]:
    named = [(place, name) for place, name in given.items() if name]
    if len(named) > 1:
        raise Invalid("Expected one of --header, --query and --cookie.")
    return cast(tuple[CredentialPlace, str], named[0]) if named else ("", "")


def _how(bound: Binding) -> str:
    match bound.kind:
        case "api-key":
            return f"a key in the {bound.place} {bound.field}"
        case "client-credentials":
            return f"exchanged for tokens at {bound.token_url}"
        case _:
            return f"as {bound.kind}"


@verb()
@click.argument("api")
@click.argument("scheme")
async def unbind(api: str, scheme: str) -> None:
    """Let calls of an API carry this credential no more, from the next one on."""
    async with core() as opened:
        done = await opened.bindings.unbind(api, scheme, context(opened))
    result(done, lambda: f"{api}: {scheme} is bound to nothing")


@verb()
@click.argument("api")
async def bindings(api: str) -> None:
    """List what an API's security schemes are bound to, never a secret."""
    async with core() as opened:
        found = await opened.bindings.recorded.of("local", api)
        lacking = await opened.bindings.lacking("local", api)
    result(
        found,
        lambda: (
            table(
                ["scheme", "reference", "how", "for"],
                [(each.scheme, each.reference, _how(each), each.origin) for each in found],
            )
            if found
            else f"Nothing is bound: `reprise tools bind {api} SCHEME REF` binds a scheme."
        ),
    )
    for each in lacking:
        hint(to_bind(api, each))


def to_bind(api: str, scheme: DeclaredScheme) -> str:
    """Say that operations ask for a scheme which is bound to nothing, and how to bind it."""
    kind = f"{scheme.kind} in the {scheme.place} {scheme.field}" if scheme.field else scheme.kind
    name, whose = shlex.quote(scheme.name), shlex.quote(api)
    return f"  not bound is {scheme.name} ({kind}): `reprise tools bind {whose} {name} env:REPRISE_SECRET_…`"
