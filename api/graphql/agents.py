"""Define agents, change them, and show their revisions."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
import strawberry
from strawberry import UNSET, field

from api.graphql.context import Info, position
from api.graphql.dead_letters import Key
from api.graphql.scalars import Position
from api.graphql.writing import context_of_write
from api.rest.orchestrate import configured_models
from commands.catalogue.agent_checks import agent_of
from commands.orchestrate import whole_model
from domain.encoding import Json, encode
from domain.session.templates import FIELDS

AgentId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
AtVersion: TypeAlias = Annotated[
    int | None, strawberry.argument(description="Only if it is at this version; at any where it is left out.")
]

_TEMPLATE = f"What it is told first. Fields that are filled: {', '.join(f'{{{name}}}' for name in FIELDS)}."


@strawberry.input(description="Limits of an agent, where they are tighter than its session's; times in milliseconds.")
class AgentLimits:
    steps: int | None = field(default=UNSET, description="How many steps of one plan it may be given.")
    reply_tokens: int | None = field(default=UNSET, description="How many tokens a reply may have.")
    model_attempts: int | None = field(default=UNSET, description="How often one question is asked at most.")
    call_attempts: int | None = field(default=UNSET, description="How often one call is sent at most.")
    rework_rounds: int | None = field(default=UNSET, description="How often a step goes back to it at most.")
    research_calls: int | None = field(default=UNSET, description="How many calls a researcher takes in one step.")
    prompt_tokens: int | None = field(default=UNSET, description="How long its questions are to be, by estimate.")
    model_timeout_ms: int | None = field(default=UNSET, description="How long a model may take to answer.")
    attempt_timeout_ms: int | None = field(default=UNSET, description="How long an attempt of a call may take.")
    call_timeout_ms: int | None = field(default=UNSET, description="How long a call may take with all its attempts.")
    model_calls: int | None = field(default=UNSET, description="How often it may ask a model in a session in all.")
    tool_calls: int | None = field(default=UNSET, description="How many attempts of calls it may make in a session.")
    tokens: int | None = field(default=UNSET, description="How many tokens it may use in a session in all.")


@strawberry.input(description="An agent that is defined anew.")
class AgentDefinition:
    id: strawberry.ID = field(description="Its id.")
    role: str = field(description="planner, researcher, toolsmith, executor, reviewer, or any word.")
    prompt_template: str = field(description=_TEMPLATE)
    name: str | None = field(default=UNSET, description="Its name; its id where it is left out.")
    tools: list[str] | None = field(default=UNSET, description="What it may use: tools' names, `api/*` or `*`.")
    effects: list[str] | None = field(default=UNSET, description="Of these only tools of one of these effect classes.")
    scopes: list[str] | None = field(default=UNSET, description="Of these only tools that need no other scopes.")
    model: str | None = field(default=UNSET, description="The model that it asks in place of its session's.")
    policy: str | None = field(default=UNSET, description="The policy set that must allow its calls too.")
    limits: AgentLimits | None = field(default=UNSET, description="Its own limits.")


@strawberry.input(description="What is to change about an agent; what is left out stays.")
class AgentChanges:
    name: str | None = field(default=UNSET, description="Its name.")
    role: str | None = field(default=UNSET, description="Its role.")
    prompt_template: str | None = field(default=UNSET, description=_TEMPLATE)
    tools: list[str] | None = field(default=UNSET, description="What it may use: tools' names, `api/*` or `*`.")
    effects: list[str] | None = field(default=UNSET, description="Of these only tools of one of these effect classes.")
    scopes: list[str] | None = field(default=UNSET, description="Of these only tools that need no other scopes.")
    model: str | None = field(default=UNSET, description="The model that it asks; empty for its session's.")
    policy: str | None = field(
        default=UNSET, description="The policy set that must allow its calls too; empty for none."
    )
    limits: AgentLimits | None = field(default=UNSET, description="Its own limits, all of them.")


@strawberry.type(description="An agent that was written.")
class AgentWritten:
    name: strawberry.ID = field(name="id", description="Its id.")
    version: int = field(description="The number of its newest revision, from 1.")
    position: Position = field(resolver=position, description="Where that stands in the log.")


def _definition(root: strawberry.Parent[Any]) -> Json:
    return msgspec.Raw(encode(root.agent))


@strawberry.type(description="An agent as it was from one version on.")
class AgentRevision:
    version: int = field(description="Its number, from 1; 0 is how the agent comes by default.")
    digest: str = field(description="What sessions that use it pin.")
    at: datetime | None = field(description="Since when; null where it comes by default.")
    by: str = field(description="Who wrote it.")
    definition: Json = field(resolver=_definition, description="The whole definition, as it is stored.")


async def agent_revisions(info: Info, id: AgentId) -> list[AgentRevision]:
    """List an agent's revisions; raise NotFound."""
    found: tuple[Any, ...] = await info.context.services.catalogue.agent_revisions(info.context.tenant, id)
    return list(found)


Defined: TypeAlias = Annotated[AgentDefinition, strawberry.argument(description="What the agent is.")]
Changed: TypeAlias = Annotated[AgentChanges, strawberry.argument(description="What becomes otherwise.")]


async def add_agent(info: Info, agent: Defined, idempotency_key: Key = None) -> Any:
    """Register an agent; raise Forbidden, NotPossible, Invalid."""
    given = _given(agent)
    context = context_of_write(info, "administer", given, idempotency_key)
    services, defined = info.context.services, agent_of({"name": agent.id, **given})
    return await services.catalogue.register_agent(defined, context, models=configured_models(services))


async def patch_agent(
    info: Info, id: AgentId, changes: Changed, version: AtVersion = None, idempotency_key: Key = None
) -> Any:
    """Give an agent a new revision; raise Forbidden, NotFound, Stale, Invalid."""
    given = _given(changes)
    context = context_of_write(info, "administer", {"id": id, "version": version, **given}, idempotency_key)
    read = agent_of({"id": id, "name": id, "role": "", "prompt_template": "", **given})
    changed = {name: getattr(read, name) for name in given}
    services = info.context.services
    models = configured_models(services)
    return await services.catalogue.patch_agent(id, changed, context, expected=version, models=models)


def _given(said: AgentDefinition | AgentChanges) -> dict[str, Any]:
    """Return what was said, as an agent holds it."""
    given = {name: value for name, value in vars(said).items() if value not in (UNSET, None)}
    if given.get("model"):
        given["model"] = whole_model(given["model"])
    if "limits" in given:
        given["limits"] = {name: value for name, value in vars(given["limits"]).items() if value not in (UNSET, None)}
    return given
