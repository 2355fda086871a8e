"""Operate it: `migrate`, `config show`, `token issue`."""

from typing import Literal

import click

from ops.bootstrap.servers import addresses, migrate_schema
from ops.bootstrap.tokens import issue_token
from ops.cli.output import hint, result, table
from ops.cli.verb import json_option, settings, verb
from ops.settings import shown


@verb()
@click.option("--phase", type=click.Choice(["pre", "post"]), help="Only what may run before, or after, new code.")
async def migrate(phase: Literal["pre", "post"] | None) -> None:
    """Bring the database's schema up to date."""
    async with addresses(settings(), nats=False) as where:
        applied = await migrate_schema(where, phase)
    result({"applied": applied}, lambda: "\n".join(f"applied {name}" for name in applied) or "nothing to apply")


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@json_option
def show() -> None:
    """List every setting, its value and where it came from."""
    found = shown(settings())
    result(
        found, lambda: table(["setting", "value", "source"], [(each.name, each.value, each.source) for each in found])
    )


@click.group()
def token() -> None:
    """Issue tokens."""


@token.command()
@json_option
@click.option("--user", required=True, help="Whom the token names.")
@click.option("--roles", default="operator", show_default=True, help="Roles, separated by commas.")
@click.option("--tenant", default="local", show_default=True)
@click.option("--hours", default=12, show_default=True, type=click.IntRange(1, 366 * 24), help="How long it is valid.")
def issue(user: str, roles: str, tenant: str, hours: int) -> None:
    """Sign a token; the key is made on first use."""
    loaded = settings()
    signed = issue_token(loaded, user=user, roles=roles.split(","), tenant=tenant, hours=hours)
    result({"token": signed}, lambda: signed)
    if not loaded.tokens.required:
        hint("Tokens are not asked for yet: set REPRISE_TOKENS__REQUIRED=true.")
