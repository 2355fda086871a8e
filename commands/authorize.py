"""Say who asks, and what a role may do."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Protocol, cast, get_args

import msgspec

from domain.errors import Forbidden, Invalid, Refused

Role = Literal["viewer", "operator", "admin"]
Action = Literal["read", "operate", "administer"]
"""``operate`` starts, steers and approves; ``administer`` changes the catalogue and rebuilds read models."""

ROLES: tuple[Role, ...] = get_args(Role)

_MAY: dict[Role, tuple[Action, ...]] = {
    "viewer": ("read",),
    "operator": ("read", "operate"),
    "admin": ("read", "operate", "administer"),
}


class Unauthenticated(Refused):
    """Refuse a caller who does not say, or cannot prove, who it is."""


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """Be a person who asks, for one tenant; what proved it may expire while a connection stays open."""

    tenant: str
    actor: str
    roles: tuple[Role, ...]
    expires_at: datetime | None = None


LOCAL = Principal(tenant="local", actor="local", roles=ROLES)
"""Whoever sits at this machine, where no tokens are required."""


class Verifier(Protocol):
    """Tell by a token who asks."""

    def verify(self, token: str) -> Principal:
        """Return whom a token names; raises Unauthenticated with what is wrong with it."""
        ...


def may(principal: Principal, action: Action) -> bool:
    """Tell whether one of a principal's roles permits an action."""
    return any(action in _MAY[role] for role in principal.roles)


def require(principal: Principal, action: Action) -> None:
    """Raise Forbidden where no role of a principal permits an action."""
    if not may(principal, action):
        needed = " or ".join(role for role in ROLES if action in _MAY[role])
        raise Forbidden(
            f"Expected the role {needed}, but {principal.actor} has {', '.join(principal.roles) or 'none'}: "
            "ask for a token with that role."
        )


def read_roles(names: Iterable[str]) -> tuple[Role, ...]:
    """Return roles by their names; raise Invalid for a name that is none, or for none at all."""
    given = tuple(names)
    unknown = [name for name in given if name not in ROLES]
    if unknown or not given:
        raise Invalid(f"Expected roles out of {', '.join(ROLES)}, but got {', '.join(unknown) or 'none'}.")
    return tuple(cast(Role, name) for name in given)
