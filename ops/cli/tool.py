"""List tools, and override what is said of one: `tools list`, `tools set`."""

from typing import Any, get_args

import click

from commands.catalogue.overriding import Overridden
from domain.catalog.events import Checks, Tool
from domain.catalog.overriding import as_said
from domain.errors import Invalid
from domain.session.events import EffectClass
from ops.cli.output import cut, result, table
from ops.cli.reach import context, core
from ops.cli.verb import verb

RESET = ("effect", "repeatable", "enabled", "deprecated", "answers", "scopes", "rate-limit", "trusted", "private")


@verb(name="list")
@click.option("--api", default="", help="Only those of this API.")
async def listed(api: str) -> None:
    """List all tools, the disabled ones too."""
    async with core() as opened:
        catalog = await opened.catalogue.current("local")
    tools = [tool for each in catalog.documents.values() if api in ("", each.api) for tool in as_said(each)]
    tools.sort(key=lambda tool: tool.name)
    nothing = f"No tools of the API {api}." if api else "No tools yet: `reprise tools add FILE` registers an API."
    result(tools, lambda: _table(tools) if tools else nothing)


def _table(tools: list[Tool]) -> str:
    rows = [(each.name, each.api, each.operation, _effect(each), cut(each.description)) for each in tools]
    return table(["name", "api", "operation", "effect", "description"], rows)


def _effect(tool: Tool) -> str:
    marks = {
        "disabled": not tool.enabled,
        "deprecated": tool.deprecated,
        "answers enforced": tool.answers == "enforce",
    }
    return ", ".join([tool.effect_class, *(mark for mark, holds in marks.items() if holds)])


@verb(name="set")
@click.argument("tool", metavar="TOOL")
@click.option("--effect", type=click.Choice(get_args(EffectClass)), help="What it may do to the world.")
@click.option("--repeatable/--not-repeatable", default=None, help="Whether a lost request may be sent again.")
@click.option("--enable/--disable", default=None, help="Whether agents may use it; disabling stops open sessions too.")
@click.option("--deprecated/--not-deprecated", default=None, help="Whether it should no longer be used.")
@click.option("--answers", type=click.Choice(get_args(Checks)), help="What one that is not as described leads to.")
@click.option("--scopes", help="Scopes of its own, separated by commas.")
@click.option("--rate-limit", type=int, help="Calls a minute, 0 for any number.")
@click.option("--trusted/--untrusted", default=None, help="Whether nobody else can have written what it answers.")
@click.option("--private/--public", default=None, help="Whether what it answers is not for others' eyes.")
@click.option("--reset", multiple=True, type=click.Choice(RESET), help="Let the document's word stand again.")
@click.option("--reason", default="", help="Why, for whoever reads it later.")
async def changed(tool: str, scopes: str | None, reason: str, reset: tuple[str, ...], **said: Any) -> None:
    """Override what a document says of a tool, for every revision that has the operation."""
    given = {
        "effect_class": said["effect"],
        "repeatable": said["repeatable"],
        "enabled": said["enable"],
        "deprecated": said["deprecated"],
        "answers": said["answers"],
        "rate_limit": said["rate_limit"],
        "trusted": said["trusted"],
        "private": said["private"],
        "scopes": None if scopes is None else tuple(each.strip() for each in scopes.split(",") if each.strip()),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    for name in reset:
        field = {"effect": "effect_class"}.get(name, name.replace("-", "_"))
        if field in changes:
            raise Invalid(f"Expected {name} to be either set or reset, but got both.")
        changes[field] = None
    async with core() as opened:
        done = await opened.catalogue.override_tool(tool, changes, context(opened), reason=reason)
        _, now = await opened.catalogue.find_tool("local", tool)
    result(done, lambda: _words(done, now))


def _words(done: Overridden, now: Tool) -> str:
    limit = f", at most {now.rate_limit} calls a minute" if now.rate_limit else ""
    return f"{done.name} ({done.operation} of {done.api}): {_effect(now)}{limit}"
