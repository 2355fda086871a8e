"""Say what models and tools cost, exactly: whole millionths of a currency, always rounded up."""

import re
from collections.abc import Iterable
from decimal import Decimal, DecimalException
from typing import TypeAlias

import msgspec

from domain.budget.amounts import MOST
from domain.encoding import digest
from domain.errors import Invalid

MILLION = 1_000_000
MOST_PRICE = 10**12
"""The highest price: a million units of money for a call, or for a million tokens."""
MOST_DIGITS = 28
"""As many digits as a decimal keeps: a longer text would be rounded."""
_CURRENCY = re.compile(r"[A-Z]{3}")


class ModelPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Price a model's tokens, in millionths for a million of them; ``model`` may end in ``*`` for any ending."""

    model: str
    tokens_in: int
    tokens_out: int


class ToolPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Price each attempt of a call, in millionths; ``tool`` is a tool's name, ``api/*`` or ``*``."""

    tool: str
    call: int


class PriceList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold the prices of one currency; a model without a price has none, a tool without one costs nothing."""

    name: str
    currency: str
    models: tuple[ModelPrice, ...] = ()
    tools: tuple[ToolPrice, ...] = ()

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the list's canonical bytes."""
        return digest(self)

    def of_model(self, model: str) -> ModelPrice | None:
        """Find a model's price: the one of its very name, or else of the longest pattern that fits."""
        fitting = [price for price in self.models if _fits(price.model, model)]
        return max(fitting, key=lambda price: (price.model == model, len(price.model)), default=None)

    def of_tool(self, tool: str, api: str) -> int:
        """Return what an attempt of a call costs: by the tool's name, or else by its API, or else by ``*``."""
        prices = {price.tool: price.call for price in self.tools}
        return next((prices[name] for name in (tool, f"{api}/*", "*") if name in prices), 0)


def _fits(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def cost_of(price: ModelPrice, tokens_in: int, tokens_out: int) -> int:
    """Return what tokens cost, in millionths, rounded up."""
    exact = max(tokens_in, 0) * price.tokens_in + max(tokens_out, 0) * price.tokens_out
    return min(-(-exact // MILLION), MOST)


Price: TypeAlias = str | int


class WrittenModelPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Price a model as people write it, in units of money for a million tokens."""

    model: str
    input_per_million: Price
    output_per_million: Price


class WrittenToolPrice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Price a tool as people write it, in units of money for each attempt of a call."""

    tool: str
    per_call: Price


class WrittenPrices(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Be a price list as people write it; prices are whole numbers or decimals as text, such as ``"2.50"``."""

    name: str
    currency: str
    models: tuple[WrittenModelPrice, ...] = ()
    tools: tuple[WrittenToolPrice, ...] = ()


def price_list(written: WrittenPrices) -> PriceList:
    """Return a price list in whole millionths; raise Invalid for what is no price, no currency or given twice."""
    check_currency(written.currency)
    _check_once("model", (price.model for price in written.models))
    _check_once("tool", (price.tool for price in written.tools))
    if not (written.models or written.tools):
        raise Invalid("Expected at least one price, but the list is empty.")
    return PriceList(
        name=written.name,
        currency=written.currency,
        models=tuple(
            ModelPrice(
                model=price.model,
                tokens_in=money(price.input_per_million, MOST_PRICE),
                tokens_out=money(price.output_per_million, MOST_PRICE),
            )
            for price in written.models
        ),
        tools=tuple(ToolPrice(tool=price.tool, call=money(price.per_call, MOST_PRICE)) for price in written.tools),
    )


def money(written: Price, most: int = MOST) -> int:
    """Read money as millionths; raise Invalid for what is negative, too large, too fine or no decimal."""
    text = str(written).strip()
    try:
        exact = Decimal(text) * MILLION if len(text) <= MOST_DIGITS else Decimal("NaN")
    except DecimalException:
        exact = Decimal("NaN")
    if not exact.is_finite() or not 0 <= exact <= most or exact != exact.to_integral_value():
        raise Invalid(
            f"Expected money as a decimal from 0 to {most // MILLION} with at most six digits behind the point, "
            f"but got {text[:40]!r}."
        )
    return int(exact)


def check_currency(currency: str) -> None:
    """Raise Invalid for what is no currency's code."""
    if not _CURRENCY.fullmatch(currency):
        raise Invalid(f"Expected a currency's code of three capital letters, such as EUR, but got {currency[:40]!r}.")


def _check_once(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if not name or name in seen:
            raise Invalid(f"Expected each {what} once and by its name, but {name[:100]!r} is empty or given twice.")
        seen.add(name)
