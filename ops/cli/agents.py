"""Define agents, change them and look at them: `agents`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from commands.catalogue.agent_checks import agent_of
from commands.catalogue.agents import AgentRevision
from commands.orchestrate import whole_model
from domain.agents import AgentLimits
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Agent
from domain.errors import Invalid
from domain.session.templates import FIELDS
from ops import running
from ops.cli.output import hint, result, table
from ops.cli.reach import context, core
from ops.cli.verb import settings, verb

F = TypeVar("F", bound=Callable[..., Any])

_FIELDS = ", ".join(f"{{{name}}}" for name in FIELDS)
_LIMITS = ", ".join(name.replace("_", "-") for name in AgentLimits.__struct_fields__)


@click.group()
def agents() -> None:
    """Define agents, and look at them."""


def _definition(*, needed: bool) -> Callable[[F], F]:
    """Add the options that define an agent; where one is changed none of them is needed."""
    options = (
        click.option(
            "--role", required=needed, help="planner, researcher, toolsmith, executor, reviewer, or any word."
        ),
        click.option("--name", help="Its name; the id if not said."),
        click.option(
            "--prompt",
            "prompt_template",
            required=needed,
            metavar="TEXT|@FILE",
            help=f"What it is told first, with fields: {_FIELDS}; braces that are meant are doubled.",
        ),
        click.option("--tools", help="What it may use: tool names, API/* or *, separated by commas."),
        click.option("--effects", help="Of that only what is read, idempotent-write, write or destructive."),
        click.option("--scopes", help="Of that only what needs no other scopes than these."),
        click.option("--model", help="The model that it asks in place of the session's."),
        click.option("--policy", help="A policy set that must allow its calls too."),
        click.option("--limit", "limits", multiple=True, metavar="NAME=N", help=f"Tighter limits: {_LIMITS}."),
    )

    def add(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return add


@verb(agents, "add")
@click.argument("agent_id", metavar="ID")
@_definition(needed=True)
async def add_agent(agent_id: str, **given: Any) -> None:
    """Define a new agent."""
    said = _said(given)
    agent = agent_of({"name": agent_id, **said, "id": agent_id})
    models = _offered(agent.model)
    async with core() as opened:
        done = await opened.catalogue.register_agent(agent, context(opened), models=models)
    result(done, lambda: f"agent {done.name} is registered")


@verb(agents, "patch")
@click.argument("agent_id", metavar="ID")
@_definition(needed=False)
@click.option("--if-version", type=click.IntRange(0), help="Only if it is at this version, as `agents show` says.")
async def patch_agent(agent_id: str, if_version: int | None, **given: Any) -> None:
    """Give an agent a new revision; what is left out stays. Sessions that run keep the one they began with."""
    said = _said(given)
    if not said:
        raise click.UsageError("Expected at least one option that says what is to change.")
    known = {"id": "", "name": "", "role": "", "prompt_template": ""}
    read = agent_of({**known, **said})
    changes = {name: getattr(read, name) for name in said}
    models = _offered(said.get("model", ""))
    async with core() as opened:
        done = await opened.catalogue.patch_agent(
            agent_id, changes, context(opened), expected=if_version, models=models
        )
    result(done, lambda: f"agent {done.name} is at version {done.version}: sessions that start from now on use it")


def _said(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was given as an agent holds it; raise Invalid."""
    said = {name: value for name, value in given.items() if value not in (None, ())}
    for name in {"tools", "effects", "scopes"} & said.keys():
        said[name] = [each.strip() for each in said[name].split(",") if each.strip()]
    if "prompt_template" in said:
        said["prompt_template"] = _text(said["prompt_template"])
    if "model" in said:
        said["model"] = whole_model(said["model"])
    if "limits" in said:
        said["limits"] = dict(map(_limit, said["limits"]))
    return said


def _offered(model: str) -> tuple[str, ...] | None:
    """Return the models that are configured, in a running `up` or here; None, and a warning, where there are none."""
    loaded = settings()
    up = running.find(loaded.folder)
    configured = up.models if up else tuple(loaded.model_names)
    if model and not configured:
        hint(f"No model is configured: before goals are taken over REST, {model} must be, by REPRISE_MODELS.")
    return configured or None


def _text(given: str) -> str:
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise Invalid(f"Expected a prompt template in {given[1:]}, but it cannot be read: {fault}.") from fault


def _limit(given: str) -> tuple[str, int]:
    name, _, number = given.partition("=")
    field = name.strip().replace("-", "_")
    if field not in AgentLimits.__struct_fields__ or not number.strip().isdecimal():
        raise Invalid(f"Expected a limit as NAME=N, one of {_LIMITS}, but got {given[:100]!r}.")
    return field, int(number)


@verb(agents, "list")
async def list_agents() -> None:
    """List all agents, the built-in ones included."""
    async with core() as opened:
        found = {**DEFAULT_AGENTS, **(await opened.catalogue.current("local")).agents}
    shown = [found[key] for key in sorted(found)]
    result(
        [msgspec.structs.asdict(each) for each in shown],
        lambda: table(["id", "name", "role", "tools"], [(each.id, each.name, each.role, _use(each)) for each in shown]),
    )


@verb(agents, "show")
@click.argument("agent_id", metavar="ID")
async def show_agent(agent_id: str) -> None:
    """Show an agent as it is now, and its revisions."""
    async with core() as opened:
        found = await opened.catalogue.agent_revisions("local", agent_id)
    newest = found[-1]
    shown = {
        **msgspec.structs.asdict(newest.agent),
        "version": newest.version,
        "digest": newest.digest,
        "revisions": [{"version": each.version, "digest": each.digest, "at": each.at, "by": each.by} for each in found],
    }
    result(shown, lambda: _shown(newest.agent, found))


def _use(agent: Agent) -> str:
    """Say in a line what an agent may use."""
    bounds = [f"effects {', '.join(agent.effects)}"] if agent.effects else []
    bounds += [f"scopes {', '.join(agent.scopes)}"] if agent.scopes else []
    return "; ".join([", ".join(agent.tools) or "none", *bounds])


def _shown(agent: Agent, revisions: tuple[AgentRevision, ...]) -> str:
    limits = ", ".join(f"{name}={value}" for name, value in msgspec.to_builtins(agent.limits).items())
    facts = (
        ("role", agent.role),
        ("tools", _use(agent)),
        ("model", agent.model),
        ("policy", agent.policy),
        ("limits", limits),
        ("prompt", agent.prompt_template),
    )
    lines = [f"{agent.id}: {agent.name}", *(f"  {name:8}{value}" for name, value in facts if value)]
    for each in revisions:
        when = f"{each.at:%Y-%m-%d %H:%M:%S} by {each.by}" if each.at else "as it comes"
        lines.append(f"  version {each.version}  {each.digest[:12]}  {when}")
    return "\n".join(lines)
