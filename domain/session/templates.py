"""Fill the prompt templates of agents, from a session's state and its pinned catalogue alone.

A template is text with fields in braces, ``You help {user}.``; ``{{`` and ``}}`` are braces themselves. Whatever a
field stands for was known before any tool had spoken: what tools say never becomes part of an agent's instructions.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from domain.catalog.events import Agent
from domain.catalog.state import Snapshot
from domain.errors import Invalid
from domain.session.state import ModelCall, Session

MOST_NAMED = 40
_KEPT = 1_000

_MARKS = re.compile(r"\{\{|\}\}|\{([^{}\n]*)\}|[{}]")


class Sources(NamedTuple):
    """Hold what fields are filled from."""

    state: Session
    model: ModelCall
    agent: Agent
    catalog: Snapshot


Field: TypeAlias = Callable[[Sources], str]


def _tools(known: Sources) -> str:
    """Name the tools that an agent may use, as many as a prompt has room for."""
    names = [tool.name for tool in known.catalog.usable(known.agent)]
    more = [f"and {len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return ", ".join([*names[:MOST_NAMED], *more]) or "none"


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "goal": lambda known: known.state.goal,
        "user": lambda known: known.state.user,
        "roles": lambda known: ", ".join(known.state.roles) or "none",
        "agent": lambda known: known.agent.id,
        "name": lambda known: known.agent.name,
        "role": lambda known: known.agent.role,
        "tools": _tools,
        "purpose": lambda known: known.model.purpose,
        "step": lambda known: str(known.model.step),
        "date": lambda known: known.state.started_at.date().isoformat(),
    }
)
"""What templates may name: the goal and whose it is, with that person's roles; the agent's id, name, role and tools;
what it is asked for (plan, choose, review, answer), the step's number or 0, and the day on which the session began."""


def check_template(template: str) -> None:
    """Raise Invalid where a template cannot be filled, naming the field, its place and the known fields."""
    _parsed(template)


def filled(state: Session, model: ModelCall, agent: Agent, catalog: Snapshot) -> str:
    """Return what an agent is told first."""
    if agent.template_syntax == "plain":
        return agent.prompt_template
    known = Sources(state, model, agent, catalog)
    values = tuple(FIELDS[name](known) for name in _parsed(agent.prompt_template).names)
    return rendered(agent.prompt_template, values)


@lru_cache(maxsize=_KEPT)
def rendered(template: str, values: tuple[str, ...]) -> str:
    """Return a template with these values in the places of its fields; what was filled last is kept."""
    parsed = _parsed(template)
    return "".join(text for pair in zip(parsed.texts, (*values, ""), strict=True) for text in pair)


class _Parsed(NamedTuple):
    """Hold the texts around a template's fields, one more than there are fields, and the fields' names."""

    texts: tuple[str, ...]
    names: tuple[str, ...]


@lru_cache(maxsize=_KEPT)
def _parsed(template: str) -> _Parsed:
    texts, names, end = [""], [], 0
    for mark in _MARKS.finditer(template):
        texts[-1] += template[end : mark.start()]
        end = mark.end()
        if mark[0] in ("{{", "}}"):
            texts[-1] += mark[0][0]
        elif mark[1] in FIELDS:
            names.append(mark[1])
            texts.append("")
        else:
            raise Invalid(_wrong(template, mark))
    texts[-1] += template[end:]
    return _Parsed(tuple(texts), tuple(names))


def _wrong(template: str, mark: re.Match[str]) -> str:
    before = template[: mark.start()]
    line, column = before.count("\n") + 1, mark.start() - (before.rfind("\n") + 1) + 1
    known = ", ".join(f"{{{name}}}" for name in FIELDS)
    found = f"the unknown field {mark[0][:80]}" if mark[1] is not None else f"a single {mark[0]}"
    return (
        f"Expected a prompt template with known fields, but it has {found} in line {line}, column {column}. "
        f"The fields are {known}; a brace that is meant is written twice, {{{{ or }}}}."
    )
