"""Allow calls beforehand within bounds, and take that back."""

from datetime import datetime
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.services import Given
from api.writes import Writing
from commands.standing_approvals import give, withdraw
from domain.standing_approvals import Bound, Standing

EXAMPLE = {
    "tool": "shop_create_order",
    "uses": 20,
    "until": "2030-01-01T00:00:00Z",
    "reason": "mugs are ordered all the time",
    "bounds": [{"at": "/body/customerId", "values": [7]}, {"at": "/body/items", "anything": True}],
}


class BoundInput(Input, frozen=True, kw_only=True):
    """Bound one place of the arguments, a JSON pointer: one of ``values``, a number from least to most, or anything.

    Numbers are written as text, so that no digit is lost.
    """

    at: str
    values: tuple[msgspec.Raw, ...] = ()
    least: str = ""
    most: str = ""
    anything: bool = False


class StandingInput(Input, frozen=True, kw_only=True):
    """Allow calls of a tool beforehand, at most ``uses`` times until a time.

    Every argument must lie within a bound. What stands at ``amountAt`` may be ``amountMost`` over all uses together.
    """

    tool: str
    uses: int
    until: datetime
    reason: str
    bounds: tuple[BoundInput, ...] = ()
    amount_at: str = ""
    amount_most: str = ""


class WithdrawalInput(Input, frozen=True, kw_only=True):
    """Say why a standing approval is to count no longer."""

    reason: str


class StandingChanged(Output, frozen=True, kw_only=True):
    """Say which standing approval was given or taken back, and at which version it is now."""

    id: str
    version: int
    position: str


class BoundShown(Output, frozen=True, kw_only=True):
    """Show a bound on one place of the arguments."""

    at: str
    values: tuple[Any, ...]
    least: str
    most: str
    anything: bool


class StandingShown(Output, frozen=True, kw_only=True):
    """Show a standing approval: ``used`` of its ``uses``, ``spent`` of its amount, and why it is over, if it is."""

    id: str
    api: str
    operation: str
    uses: int
    used: int
    until: datetime
    by: str
    reason: str
    bounds: tuple[BoundShown, ...]
    amount_at: str
    amount_most: str
    spent: str
    over: str


class StandingList(Output, frozen=True, kw_only=True):
    """List standing approvals, the oldest first."""

    standing_approvals: tuple[StandingShown, ...]


@post("/standing-approvals", opt={"body": StandingInput, "example": EXAMPLE}, tags=["approvals"])
async def add(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[StandingChanged]:
    """Allow calls beforehand, within bounds; whoever starts sessions cannot meet four eyes with it."""
    body = await body_of(request, StandingInput)
    context = await write.context("operate")
    given, written = await give(
        services.catalogue,
        services.shell,
        body.tool,
        [Bound(**msgspec.structs.asdict(each)) for each in body.bounds],
        context,
        uses=body.uses,
        until=body.until,
        reason=body.reason,
        amount_at=body.amount_at,
        amount_most=body.amount_most,
    )
    position = outside(await services.shell.store.log_id(), written.position)
    return answer(StandingChanged(id=given.id, version=written.version, position=position), status=201)


@get("/standing-approvals", tags=["approvals"])
async def list_standing(services: Given, read: Reading) -> Response[StandingList]:
    """List all standing approvals, those that are over too."""
    now = services.shell.clock.now()
    found = (await services.shell.catalogs.standings(read.tenant)).values()
    return answer(StandingList(standing_approvals=tuple(_shown(each, now) for each in found)))


@post(
    "/standing-approvals/{standing_id:str}/revoke", status_code=200, opt={"body": WithdrawalInput}, tags=["approvals"]
)
async def revoke(
    request: Request[Any, Any, Any], services: Given, write: Writing, standing_id: FromPath[str]
) -> Response[StandingChanged]:
    """Take a standing approval back; what it allowed and was not sent yet is asked about."""
    body = await body_of(request, WithdrawalInput)
    context = await write.context("operate")
    written = await withdraw(services.catalogue, services.shell, standing_id, body.reason, context)
    position = outside(await services.shell.store.log_id(), written.position)
    return answer(StandingChanged(id=standing_id, version=written.version, position=position))


def _shown(each: Standing, now: datetime) -> StandingShown:
    bounds = tuple(view(BoundShown, bound) for bound in each.given.bounds)
    spent = str(each.spent)
    return view(StandingShown, each.given, bounds=bounds, used=each.used, spent=spent, over=each.over(now))
