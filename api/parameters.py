"""Refuse query parameters that nobody reads: a misspelt filter must not pass for one that finds everything."""

from collections.abc import Collection, Iterable
from typing import Any

from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from domain.errors import Invalid


def parameters_of(app: Litestar) -> dict[HTTPRouteHandler, frozenset[str]]:
    """Return the query parameters of each operation that /openapi.json describes."""
    return {
        handler: frozenset(each.field_alias for each in model.expected_query_params)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
        if handler.resolve_include_in_schema()
    }


def check_parameters(request: Request[Any, Any, Any]) -> None:
    """Raise Invalid for a query parameter that the operation does not have."""
    known = request.app.state.parameters.get(request.route_handler)
    if known is not None:
        check_names(request.query_params, known)


def check_names(given: Iterable[str], known: Collection[str]) -> None:
    """Raise Invalid for the first name that is not known."""
    for name in given:
        if name not in known:
            expected = f"the query parameters {', '.join(sorted(known))}" if known else "no query parameters"
            raise Invalid(f"Expected {expected}, but got {name[:100]!r}: see /docs.")
