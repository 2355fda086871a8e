"""Write the query of a request."""

from typing import Any

from adapters.openapi.media import kind_of
from adapters.openapi.model import Operation, Parameter
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.media_values import parameter_text
from adapters.openapi.requests.members import joined_apart
from adapters.openapi.requests.styles import Pair, Style
from adapters.openapi.requests.texts import RESERVED_IN_QUERY, percent


def write_query(operation: Operation, group: dict[str, Any]) -> str:
    """Return the query without its question mark; raises Unbuildable."""
    given = [each for each in operation.parameters if each.place == "query" and each.name in group]
    whole = next((each for each in given if each.style == "querystring"), None)
    if whole:
        return _whole(whole, group[whole.name], alone=len(given) == 1)
    return joined_apart(operation, [(each, _pairs(each, group[each.name])) for each in given], "&")


def _pairs(parameter: Parameter, value: Any) -> list[Pair]:
    keep = RESERVED_IN_QUERY if parameter.allow_reserved else ""
    if parameter.media_type:
        return [(percent(parameter.name), percent(parameter_text(parameter, value), keep))]
    style = Style(
        parameter.style, explode=parameter.explode, at=f"/query/{parameter.name}", keep=keep, inner=parameter.inner
    )
    return style.pairs(parameter.name, value)


def _whole(parameter: Parameter, value: Any, *, alone: bool) -> str:
    if not alone:
        raise Unbuildable(f"/query: expected nothing beside {parameter.name!r}, which is the whole query")
    text = parameter_text(parameter, value)
    return text if kind_of(parameter.media_type) == "form" else percent(text)
