"""Refuse agents that cannot be registered: what they say is of the wrong form, or names what is not there."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec
from msgspec.structs import replace

from commands.catalogue.documents import check_name
from commands.offered_models import is_offered, not_offered
from domain.catalog.events import Agent
from domain.catalog.state import Catalog
from domain.errors import Invalid
from domain.session.templates import check_template

PATTERN = re.compile(r"\*|[a-z0-9][a-z0-9_-]{0,62}/\*|[A-Za-z0-9_.-]{1,128}")
MOST_PATTERNS = 200
MOST_SCOPES = 100
MOST_CHARACTERS = {"name": 200, "role": 100, "prompt_template": 32 * 1024, "model": 500, "policy": 100}
_MOST_NAMED = 5
_LONGEST_SCOPE = 200


def agent_of(given: Mapping[str, Any]) -> Agent:
    """Read an agent of its fields; raise Invalid."""
    try:
        return msgspec.convert(given, Agent)
    except msgspec.ValidationError as fault:
        raise Invalid(f"Expected the fields of an agent, but: {fault}.") from fault


def check_agent(agent: Agent) -> None:
    """Raise Invalid where an agent is not of the form that one must have."""
    check_name("agent", agent.id)
    if not agent.role.strip():
        raise Invalid(f"Expected agent {agent.id} to have a role: executor, planner, reviewer, or a word of your own.")
    for field, most in MOST_CHARACTERS.items():
        if len(getattr(agent, field)) > most:
            got = len(getattr(agent, field))
            raise Invalid(f"Expected agent {agent.id}'s {field} to have at most {most} characters, but it has {got}.")
    if agent.template_syntax == "fields":
        check_template(agent.prompt_template)
    _check_patterns(agent)
    _check_scopes(agent)


def held_to_role(agent: Agent) -> Agent:
    """Return an agent whose effects are what its role may do: who researches only reads; raise Invalid for more."""
    if agent.role != "researcher":
        return agent
    if more := [effect for effect in agent.effects if effect != "read"]:
        raise Invalid(
            f"Expected agent {agent.id}, a researcher, to have the effect read alone, but got {', '.join(more)}: "
            "give it another role, or leave that out."
        )
    return replace(agent, effects=("read",))


def _check_patterns(agent: Agent) -> None:
    if len(agent.tools) > MOST_PATTERNS:
        raise Invalid(f"Expected at most {MOST_PATTERNS} tool patterns, but agent {agent.id} has {len(agent.tools)}.")
    for pattern in agent.tools:
        if not PATTERN.fullmatch(pattern):
            raise Invalid(
                f"Expected agent {agent.id}'s tools to be names of tools, API/* or *, but got {pattern[:100]!r}."
            )


def _check_scopes(agent: Agent) -> None:
    if len(agent.scopes) > MOST_SCOPES:
        raise Invalid(f"Expected at most {MOST_SCOPES} scopes, but agent {agent.id} has {len(agent.scopes)}.")
    for scope in agent.scopes:
        if not scope.strip() or len(scope) > _LONGEST_SCOPE:
            raise Invalid(
                f"Expected agent {agent.id}'s scopes to have 1 to {_LONGEST_SCOPE} characters, but got {scope[:100]!r}."
            )


def check_tools(agent: Agent, catalog: Catalog) -> None:
    """Raise Invalid where an agent's patterns name an API or a tool that nobody registered."""
    for pattern in agent.tools:
        api = pattern.removesuffix("/*")
        if pattern == "*" or (pattern != api and api in catalog.documents):
            continue
        if pattern != api:
            raise Invalid(_unknown(agent, f"API named {api!r}", api, catalog.documents, "register it first"))
        if not any(document.tool(pattern) for document in catalog.documents.values()):
            names = [tool.name for document in catalog.documents.values() for tool in document.tools]
            raise Invalid(_unknown(agent, f"tool named {pattern!r}", pattern, names, "register its API first"))


def check_policy(agent: Agent, known: Collection[str]) -> None:
    """Raise Invalid where an agent names a policy set that is not there."""
    if agent.policy and agent.policy not in known:
        raise Invalid(_unknown(agent, f"policy set named {agent.policy!r}", agent.policy, known, "add it first"))


def check_model(agent: Agent, models: Collection[str] | None) -> None:
    """Raise Invalid where an agent's own model is not one of those that it may have, None for any."""
    if models is not None and not is_offered(agent.model, models):
        raise Invalid(not_offered(f"agent {agent.id}'s model", agent.model, models))


def _unknown(agent: Agent, what: str, name: str, known: Collection[str], remedy: str) -> str:
    near = get_close_matches(name, known, n=_MOST_NAMED) or sorted(known)[:_MOST_NAMED]
    there = f"there are {', '.join(near)}{' and others' if len(known) > len(near) else ''}" if near else "there is none"
    return f"Expected agent {agent.id} to name what is registered, but there is no {what}: {there}; or {remedy}."
