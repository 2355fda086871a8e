"""Register, change and show agents."""

from typing import Any

import msgspec
from litestar import Request, Response, get, patch, post
from litestar.params import FromPath

from api.answers import Output, answer
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.services import Given, Services
from api.writes import Writing
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.events import Agent
from domain.errors import NotFound


class AgentInput(Input, frozen=True, kw_only=True):
    """Define an agent; ``tools`` are patterns: a tool's name, ``api/*`` for all of one API, or ``*``."""

    id: str
    role: str
    prompt_template: str
    name: str = ""
    tools: tuple[str, ...] = ()


class AgentPatch(Input, frozen=True, kw_only=True):
    """Change an agent; what is left out stays."""

    name: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET
    prompt_template: str | msgspec.UnsetType = msgspec.UNSET
    tools: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET


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


class AgentList(Output, frozen=True, kw_only=True):
    """List all agents, by id."""

    agents: tuple[AgentShown, ...]


@post("/agents", opt={"body": AgentInput}, tags=["agents"])
async def add_agent(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[AgentWritten]:
    """Register a new agent."""
    body = await body_of(request, AgentInput)
    agent = Agent(
        id=body.id,
        name=body.name or body.id,
        role=body.role,
        prompt_template=body.prompt_template,
        tools=body.tools,
    )
    done = await services.catalogue.register_agent(agent, await write.context("administer"))
    return await _written(services, done.name, done.version, done.position, status=201)


@patch("/agents/{agent_id:str}", opt={"body": AgentPatch}, tags=["agents"])
async def change_agent(
    request: Request[Any, Any, Any], services: Given, write: Writing, agent_id: FromPath[str]
) -> Response[AgentWritten]:
    """Give an agent a new revision; running sessions keep the one they began with."""
    body = await body_of(request, AgentPatch)
    given = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not msgspec.UNSET}
    context = await write.context("administer")
    done = await services.catalogue.patch_agent(agent_id, given, context, expected=write.version)
    return await _written(services, done.name, done.version, done.position, status=200)


async def _written(
    services: Services, name: str, version: int, position: int, *, status: int
) -> Response[AgentWritten]:
    log_id = await services.shell.store.log_id()
    written = AgentWritten(id=name, version=version, position=outside(log_id, position))
    return answer(written, status=status, etag=version, location=f"/agents/{name}" if status == 201 else "")


@get("/agents", tags=["agents"])
async def list_agents(services: Given, read: Reading) -> Response[AgentList]:
    """List all agents, those that exist by default too."""
    agents = await _agents(services, read.tenant)
    return answer(AgentList(agents=tuple(_shown(agents[key]) for key in sorted(agents))))


@get("/agents/{agent_id:str}", tags=["agents"])
async def show_agent(services: Given, read: Reading, agent_id: FromPath[str]) -> Response[AgentShown]:
    """Show one agent."""
    agents = await _agents(services, read.tenant)
    if agent_id not in agents:
        raise NotFound(f"Expected an agent that exists, but there is none with the id {agent_id[:100]!r}.")
    version = await services.catalogue.version(read.tenant, "agent", agent_id)
    return answer(_shown(agents[agent_id]), etag=version)


async def _agents(services: Services, tenant: str) -> dict[str, Agent]:
    return {**DEFAULT_AGENTS, **(await services.catalogue.current(tenant)).agents}


def _shown(agent: Agent) -> AgentShown:
    return AgentShown(
        id=agent.id, name=agent.name, role=agent.role, prompt_template=agent.prompt_template, tools=agent.tools
    )
