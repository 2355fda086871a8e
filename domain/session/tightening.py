"""Tighten a session's limits for one of its agents."""

from typing import Any

from msgspec.structs import asdict, replace

from domain.agents import AgentLimits
from domain.session.events import Limits


def tightened(limits: Limits, own: AgentLimits) -> Limits:
    """Return the limits that hold for an agent: of the session's and its own the tighter ones."""
    given: dict[str, Any] = {name: value for name, value in asdict(own).items() if value is not None}
    return replace(limits, **{name: min(getattr(limits, name), value) for name, value in given.items()})
