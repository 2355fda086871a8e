"""Carry what every operation has: who asks, which log answers, and loaders that ask for many rows at once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias
from uuid import UUID

import strawberry
from strawberry.dataloader import DataLoader

from api.positions import outside
from api.services import Services
from commands.authorize import Principal, require
from queries.ports import ReadStore

Batch: TypeAlias = Callable[[ReadStore, str, list[Any]], Awaitable[Mapping[Any, Any]]]
"""Returns what belongs to each of many keys, for one tenant."""


@dataclass(frozen=True)
class Context:
    """Be one operation of one caller; ``traceparent`` names the caller's span, "" for none."""

    services: Services
    principal: Principal
    log_id: str
    traceparent: str
    loaders: Mapping[str, DataLoader[Any, Any]]

    @property
    def tenant(self) -> str:
        """Name whose things are read."""
        return self.principal.tenant

    def outside(self, position: int) -> str:
        """Write a position for the outside."""
        return outside(self.log_id, position)


Info: TypeAlias = strawberry.Info[Context, None]


async def context_of(
    services: Services, principal: Principal, traceparent: str, batches: Mapping[str, Batch]
) -> Context:
    """Begin an operation; raise Forbidden, Unavailable."""
    require(principal, "read")
    # Nothing is kept between two levels of a query, so that a subscription never shows what it saw an hour ago.
    loaders: dict[str, DataLoader[Any, Any]] = {
        name: DataLoader(partial(_load, batch, services.reads, principal.tenant), cache=False)
        for name, batch in batches.items()
    }
    log_id = await services.shell.store.log_id()
    return Context(services=services, principal=principal, log_id=log_id, traceparent=traceparent, loaders=loaders)


async def _load(batch: Batch, store: ReadStore, tenant: str, keys: list[Any]) -> list[Any]:
    found = await batch(store, tenant, list(dict.fromkeys(keys)))
    return [found.get(key) for key in keys]


def loaded(name: str) -> Callable[..., Any]:
    """Return a resolver that takes what belongs to its object from a loader."""

    async def resolve(root: strawberry.Parent[Any], info: Info) -> Any:
        return await info.context.loaders[name].load(root.id)

    return resolve


def position(root: strawberry.Parent[Any], info: Info) -> Any:
    """Write an object's position for the outside."""
    return info.context.outside(root.position)


def head(root: strawberry.Parent[Any], info: Info) -> Any:
    """Write the log's head, as an object knows it, for the outside."""
    return info.context.outside(root.head)


def field_of(source: object, name: str) -> object:
    """Return a field's value as GraphQL takes it."""
    value = getattr(source, name)
    return str(value) if isinstance(value, UUID) else value
