"""Keep price lists, and bring one into force."""

from typing import Any, TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.positions import outside
from api.reads import Reading
from api.services import Given, Services
from api.writes import Writing
from commands.catalogue import Registered
from commands.prices import activate_prices, find_prices, list_prices, register_prices
from domain.budget.prices import Price, WrittenModelPrice, WrittenPrices, WrittenToolPrice

EXAMPLE = {
    "name": "list-2026",
    "currency": "EUR",
    "models": [{"model": "openai:small@*", "inputPerMillion": "0.25", "outputPerMillion": "2"}],
    "tools": [{"tool": "shop/*", "perCall": "0.001"}],
}
Money: TypeAlias = Price
"""Units of money: a whole number, or a decimal as text with at most six digits behind the point."""


class ModelPriceInput(Input, frozen=True, kw_only=True):
    """Price a million tokens of a model; its name may end in ``*`` for any ending."""

    model: str
    input_per_million: Money
    output_per_million: Money


class ToolPriceInput(Input, frozen=True, kw_only=True):
    """Price each attempt of a call; ``tool`` is a tool's name, ``api/*`` or ``*``."""

    tool: str
    per_call: Money


class PricesInput(Input, frozen=True, kw_only=True):
    """Keep the prices of one currency under a name; a tool without a price costs nothing."""

    name: str
    currency: str
    models: tuple[ModelPriceInput, ...] = ()
    tools: tuple[ToolPriceInput, ...] = ()


class PricesActivation(Input, frozen=True, kw_only=True):
    """Say why a list is to be in force; ``digest`` names an earlier revision, the newest if left out."""

    reason: str
    digest: str = ""


class PricesWritten(Output, frozen=True, kw_only=True):
    """Say which revision was kept or brought into force."""

    name: str
    digest: str
    version: int
    position: str


class PricesListed(Output, frozen=True, kw_only=True):
    """Show a list: its revisions, the newest last, and the one in force, "" where that is another list's."""

    name: str
    revisions: tuple[str, ...]
    active: str


class PriceLists(Output, frozen=True, kw_only=True):
    """List all price lists."""

    prices: tuple[PricesListed, ...]


class ModelPriceShown(Output, frozen=True, kw_only=True):
    """Show what a million tokens of a model cost, in millionths of the currency."""

    model: str
    tokens_in: int
    tokens_out: int


class ToolPriceShown(Output, frozen=True, kw_only=True):
    """Show what each attempt of a call costs, in millionths of the currency."""

    tool: str
    call: int


class PricesShown(Output, frozen=True, kw_only=True):
    """Show a list's newest revision."""

    name: str
    digest: str
    currency: str
    models: tuple[ModelPriceShown, ...]
    tools: tuple[ToolPriceShown, ...]


@post("/prices", opt={"body": PricesInput, "example": EXAMPLE}, tags=["budgets"])
async def add_prices(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[PricesWritten]:
    """Check a price list and keep it as a new revision; nothing is charged by it before it is activated."""
    body = await body_of(request, PricesInput)
    context = await write.context("administer")
    written = WrittenPrices(
        name=body.name,
        currency=body.currency,
        models=tuple(WrittenModelPrice(**msgspec.structs.asdict(each)) for each in body.models),
        tools=tuple(WrittenToolPrice(**msgspec.structs.asdict(each)) for each in body.tools),
    )
    done = await register_prices(services.catalogue, services.shell, written, context)
    return await _written(services, done, status=201)


@post("/prices/{name:str}/activate", opt={"body": PricesActivation}, tags=["budgets"], status_code=200)
async def activate(
    request: Request[Any, Any, Any], services: Given, write: Writing, name: FromPath[str]
) -> Response[PricesWritten]:
    """Charge every session that starts from now on by a revision of a list."""
    body = await body_of(request, PricesActivation)
    context = await write.context("administer")
    done = await activate_prices(services.catalogue, services.shell, name, body.digest, body.reason, context)
    return await _written(services, done, status=200)


async def _written(services: Services, done: Registered, *, status: int) -> Response[PricesWritten]:
    position = outside(await services.shell.store.log_id(), done.position)
    written = PricesWritten(name=done.name, digest=done.digest, version=done.version, position=position)
    return answer(written, status=status, etag=done.version)


@get("/prices", tags=["budgets"])
async def list_all(services: Given, read: Reading) -> Response[PriceLists]:
    """List all price lists."""
    found = await list_prices(services.catalogue, read.tenant)
    return answer(PriceLists(prices=tuple(view(PricesListed, each) for each in found)))


@get("/prices/{name:str}", tags=["budgets"])
async def show(services: Given, read: Reading, name: FromPath[str]) -> Response[PricesShown]:
    """Show the prices of a list's newest revision."""
    found = await find_prices(services.catalogue, services.shell, read.tenant, name)
    models = tuple(view(ModelPriceShown, each) for each in found.models)
    tools = tuple(view(ToolPriceShown, each) for each in found.tools)
    return answer(view(PricesShown, found, models=models, tools=tools))
