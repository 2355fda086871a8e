"""Register and look at what sessions may use: `tools`, `agents`."""

from pathlib import Path

import click
import msgspec

from commands.catalogue import Registered, fetch_document
from commands.catalogue.revisions import Changed
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Agent
from domain.errors import Invalid
from ops.cli import revisions
from ops.cli.binding import bind, bindings, unbind
from ops.cli.dry_run import rehearse
from ops.cli.output import count, result, table
from ops.cli.reach import context, core
from ops.cli.verb import verb


@click.group()
def tools() -> None:
    """Register APIs, and look at the tools that they give."""


for each_verb in (rehearse, bind, unbind, bindings, *revisions.VERBS):
    tools.add_command(each_verb)


@verb(tools)
@click.argument("source", metavar="FILE|URL")
@click.option("--name", help="What to call the API; the file's name if not said.")
@click.option("--base-url", default="", help="Where the API is, if the document does not say so.")
@click.option("--scopes", default="", help="Scopes of its credentials, separated by commas.")
@click.option("--allow-private", is_flag=True, help="Allow calls to private and loopback addresses.")
@click.option("--stage", is_flag=True, help="Put it beside the revision in force, for `tools drift` and `activate`.")
async def add(source: str, name: str | None, base_url: str, scopes: str, allow_private: bool, stage: bool) -> None:
    """Register an OpenAPI document: each operation that can be used becomes a tool."""
    async with core() as opened:
        if source.startswith(("http://", "https://")):
            data = await fetch_document(opened.dialer, source, allow_private=allow_private)
        else:
            data = _read(source)
        register = opened.catalogue.stage_document if stage else opened.catalogue.register_document
        try:
            done = await register(
                opened.documents,
                data,
                context(opened),
                api=name or _name_of(source),
                base_url=base_url,
                scopes=[scope for scope in scopes.split(",") if scope],
                allow_private=allow_private,
            )
        except Invalid as fault:
            raise Invalid(f"{source} is not registered: {fault}") from fault
    result(done, lambda: _registered(done))


def _read(source: str) -> bytes:
    try:
        return Path(source).read_bytes()
    except OSError as fault:
        raise Invalid(f"Expected an OpenAPI document in {source}, but it cannot be read: {fault.strerror}.") from fault


def _name_of(source: str) -> str:
    stem = source.split("?")[0].rstrip("/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return "".join(char if char.isalnum() else "-" for char in stem.lower()).strip("-")


def _registered(done: Registered | Changed) -> str:
    if isinstance(done, Changed):
        staged = done.revision
        return f"{staged.api}: {staged.document} is staged, see `reprise tools drift {staged.api}`"
    skipped = "".join(f"\n  skipped {reason}" for reason in done.skipped)
    return f"{done.name}: {count(done.tools, 'tool')} from document {done.digest[:12]}{skipped}"


@verb(tools, "list")
async def list_tools() -> None:
    """List all tools."""
    async with core() as opened:
        catalog = await opened.catalogue.current("local")
    found = sorted(
        (tool for document in catalog.documents.values() for tool in document.tools), key=lambda tool: tool.name
    )
    result(
        found,
        lambda: (
            table(
                ["name", "api", "operation", "effect", "description"],
                [(each.name, each.api, each.operation, each.effect_class, each.description[:60]) for each in found],
            )
            if found
            else "No tools yet: `reprise tools add FILE` registers an API."
        ),
    )


@click.group()
def agents() -> None:
    """Define agents, and look at them."""


@verb(agents, "add")
@click.argument("agent_id", metavar="ID")
@click.option("--role", required=True, help="planner, executor, reviewer, or a role of your own.")
@click.option("--name", help="Its name; the id if not said.")
@click.option("--prompt", "prompt_template", required=True, help="What it is told first, in every prompt.")
@click.option("--tools", "allowed", default="", help="What it may use: tool names, API/* or *, separated by commas.")
async def add_agent(agent_id: str, role: str, name: str | None, prompt_template: str, allowed: str) -> None:
    """Define a new agent."""
    agent = Agent(
        id=agent_id,
        name=name or agent_id,
        role=role,
        prompt_template=prompt_template,
        tools=tuple(each.strip() for each in allowed.split(",") if each.strip()),
    )
    async with core() as opened:
        done = await opened.catalogue.register_agent(agent, context(opened))
    result(done, lambda: f"agent {done.name} is registered")


@verb(agents, "list")
async def list_agents() -> None:
    """List all agents, the built-in ones included."""
    async with core() as opened:
        found = {**DEFAULT_AGENTS, **(await opened.catalogue.current("local")).agents}
    shown = [found[key] for key in sorted(found)]
    result(
        [msgspec.structs.asdict(each) for each in shown],
        lambda: table(
            ["id", "name", "role", "tools"],
            [(each.id, each.name, each.role, ", ".join(each.tools) or "none") for each in shown],
        ),
    )
