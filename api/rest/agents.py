"""Register, change and show agents."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.params import FromPath

from api.answers import Output, answer
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.rest.orchestrate import configured_models
from api.services import Given, Services
from api.writes import Writing
from commands.catalogue.agents import AgentRevision
from commands.orchestrate import whole_model
from domain.agents import AgentLimits, AtLeastOne, Count, Milliseconds
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Agent
from domain.session.events import EffectClass

EXAMPLE = {
    "id": "buyer",
    "role": "buyer",
    "promptTemplate": "You order what {user} asks for, at the lowest price.",
    "tools": ["*"],
    "effects": ["read", "write"],
}


class AgentBounds(Input, frozen=True, kw_only=True, omit_defaults=True):
    """Tighten the limits of the same names in every session; what is left out is the session's.

    ``steps`` is how many steps of one plan the agent may be given; ``modelCalls``, ``toolCalls`` and ``tokens`` are
    what it may use in one session in all. Times are milliseconds.
    """

    steps: AtLeastOne | None = None
    reply_tokens: AtLeastOne | None = None
    model_attempts: AtLeastOne | None = None
    call_attempts: AtLeastOne | None = None
    rework_rounds: Count | None = None
    research_calls: AtLeastOne | None = None
    prompt_tokens: AtLeastOne | None = None
    model_timeout_ms: Milliseconds | None = None
    attempt_timeout_ms: Milliseconds | None = None
    call_timeout_ms: Milliseconds | None = None
    model_calls: Count | None = None
    tool_calls: Count | None = None
    tokens: Count | None = None


class AgentInput(Input, frozen=True, kw_only=True):
    """Define an agent; ``role`` is one of planner, researcher, toolsmith, executor and reviewer, or any word.

    ``tools`` are patterns of what it may use: a tool's name, ``api/*`` for all of one API, or ``*``. Of that, where
    ``effects`` are listed, only what has one of them; where ``scopes`` are, only what needs no others. In
    ``promptTemplate`` fields in braces are filled; a brace that is meant is written twice. ``model`` is asked in place
    of the session's; the policy set named ``policy`` must allow its calls too.
    """

    id: str
    role: str
    prompt_template: str
    name: str = ""
    tools: tuple[str, ...] = ()
    effects: tuple[EffectClass, ...] = ()
    scopes: tuple[str, ...] = ()
    model: str = ""
    policy: str = ""
    limits: AgentBounds = AgentBounds()


class AgentPatch(Input, frozen=True, kw_only=True):
    """Change an agent; what is left out stays, and ``limits`` are replaced as a whole."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET
    prompt_template: str | msgspec.UnsetType = msgspec.UNSET
    tools: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    effects: tuple[EffectClass, ...] | msgspec.UnsetType = msgspec.UNSET
    scopes: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    model: str | msgspec.UnsetType = msgspec.UNSET
    policy: str | msgspec.UnsetType = msgspec.UNSET
    limits: AgentBounds | msgspec.UnsetType = msgspec.UNSET


class AgentWritten(Output, frozen=True, kw_only=True):
    """Say at which version an agent is now."""

    id: str
    version: int
    position: str


class AgentShown(Output, frozen=True, kw_only=True):
    """Show an agent."""

    id: str
    name: str
    role: str
    prompt_template: str
    tools: tuple[str, ...]
    effects: tuple[EffectClass, ...]
    scopes: tuple[str, ...]
    model: str
    policy: str
    limits: AgentBounds


class AgentList(Output, frozen=True, kw_only=True):
    """List all agents, by id."""

    agents: tuple[AgentShown, ...]


class AgentRevisionShown(Output, frozen=True, kw_only=True):
    """Show an agent as it was from one version on; ``digest`` is what sessions pin, version 0 comes by default."""

    version: int
    digest: str
    at: datetime | None
    by: str
    agent: AgentShown


class AgentRevisionList(Output, frozen=True, kw_only=True):
    """List all revisions of an agent, the newest last."""

    revisions: tuple[AgentRevisionShown, ...]


@post("/agents", opt={"body": AgentInput, "example": EXAMPLE}, tags=["agents"])
async def add_agent(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[AgentWritten]:
    """Register a new agent."""
    body = await body_of(request, AgentInput)
    given = msgspec.structs.asdict(body)
    agent = Agent(**_held({**given, "name": body.name or body.id}))
    context, models = await write.context("administer"), configured_models(services)
    done = await services.catalogue.register_agent(agent, context, models=models)
    return await _written(services, done.name, done.version, done.position, status=201)


@patch("/agents/{agent_id:str}", opt={"body": AgentPatch}, tags=["agents"])
async def change_agent(
    request: Request[Any, Any, Any], services: Given, write: Writing, agent_id: FromPath[str]
) -> Response[AgentWritten]:
    """Give an agent a new revision; running sessions keep the one they began with."""
    body = await body_of(request, AgentPatch)
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET}
    context, models = await write.context("administer"), configured_models(services)
    changes = _held(given)
    done = await services.catalogue.patch_agent(agent_id, changes, context, expected=write.version, models=models)
    return await _written(services, done.name, done.version, done.position, status=200)


def _held(given: dict[str, Any]) -> dict[str, Any]:
    """Return what was given as an agent holds it."""
    if given.get("model"):
        given["model"] = whole_model(given["model"])
    if "limits" in given:
        given["limits"] = AgentLimits(**msgspec.structs.asdict(given["limits"]))
    return given


async def _written(
    services: Services, name: str, version: int, position: int, *, status: int
) -> Response[AgentWritten]:
    log_id = await services.shell.store.log_id()
    written = AgentWritten(id=name, version=version, position=outside(log_id, position))
    return answer(written, status=status, etag=version, location=f"/agents/{name}" if status == 201 else "")


@get("/agents", tags=["agents"])
async def list_agents(services: Given, read: Reading) -> Response[AgentList]:
    """List all agents, those that exist by default too."""
    agents = {**DEFAULT_AGENTS, **(await services.catalogue.current(read.tenant)).agents}
    return answer(AgentList(agents=tuple(_shown(agents[key]) for key in sorted(agents))))


@get("/agents/{agent_id:str}", tags=["agents"])
async def show_agent(services: Given, read: Reading, agent_id: FromPath[str]) -> Response[AgentShown]:
    """Show one agent in its newest revision."""
    newest = (await services.catalogue.agent_revisions(read.tenant, agent_id))[-1]
    return answer(_shown(newest.agent), etag=newest.version)


@get("/agents/{agent_id:str}/revisions", tags=["agents"])
async def list_agent_revisions(services: Given, read: Reading, agent_id: FromPath[str]) -> Response[AgentRevisionList]:
    """List all revisions of an agent, the newest last; sessions name the digest of the one that they use."""
    found = await services.catalogue.agent_revisions(read.tenant, agent_id)
    return answer(AgentRevisionList(revisions=tuple(map(_revision, found))), etag=found[-1].version)


def _revision(found: AgentRevision) -> AgentRevisionShown:
    return AgentRevisionShown(
        version=found.version, digest=found.digest, at=found.at, by=found.by, agent=_shown(found.agent)
    )


def _shown(agent: Agent) -> AgentShown:
    given = msgspec.structs.asdict(agent)
    del given["template_syntax"]
    return AgentShown(**{**given, "limits": AgentBounds(**msgspec.structs.asdict(agent.limits))})
