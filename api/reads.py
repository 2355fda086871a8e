"""Carry what every read has: who asks, and the position that its answer must have reached."""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from api.positions import check_reached, inside
from api.services import Given, Services
from commands.authorize import Principal, require
from domain.errors import Unavailable
from queries.freshness import wait_for

After: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="after", description="The position a write answered: what is read is at least that new."),
]
Limit: TypeAlias = Annotated[int, QueryParameter(name="limit", ge=1, le=500, description="At most so many.")]
Cursor: TypeAlias = Annotated[str | None, QueryParameter(name="cursor", description="The `next` of the page before.")]


@dataclass(frozen=True)
class Read:
    """Be one read; ``after`` is 0 where any state will do."""

    services: Services
    principal: Principal
    log_id: str
    after: int

    @property
    def tenant(self) -> str:
        """Name whose things are read."""
        return self.principal.tenant

    async def wait(self) -> None:
        """Wait for the read models to have what the caller wrote; raise Unavailable where that takes too long."""
        patience = self.services.read_patience
        if self.after and not await wait_for(self.services.reads, self.after, patience=patience):
            raise Unavailable(
                f"Expected the read models to reach position {self.after} within {patience:.0f} s, but they have "
                "not: try again."
            )


Reading: TypeAlias = SkipValidation[NamedDependency[Read]]


async def read_of(request: Request[Any, Any, Any], services: Given, after: After = None) -> Read:
    """Understand a read; raise Forbidden, Invalid, WrongLog."""
    principal: Principal = request.user
    require(principal, "read")
    store = services.shell.store
    log_id = await store.log_id()
    position = inside(after, log_id) if after is not None else 0
    if position:
        check_reached(position, await store.head())
    return Read(services=services, principal=principal, log_id=log_id, after=position)
