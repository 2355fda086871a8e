"""Describe the service truthfully: what Litestar derives from the handlers, with bodies and problems as they are.

Litestar's own description of bodies and errors is of what it would do; ours are read by `api.bodies` and written by
`api.problems`.
"""

from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.routes import HTTPRoute

from api.problems import MEDIA_TYPE, Problem
from api.schemas.describe import Definitions, reference

CONFIG = OpenAPIConfig(
    title="Reprise",
    version="0.1.0",
    description="Every run of your agents, replayable, word for word.",
    use_handler_docstrings=True,
    # On this machine no token is needed unless tokens are required.
    components=Components(
        security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")},
    ),
    security=[{}, {"bearer": []}],
)
PLACE = "#/components/schemas/"


def document(app: Litestar) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an application."""
    found: dict[str, Any] = app.openapi_schema.to_schema()
    types = Definitions(PLACE)
    for operation, handler in _operations(app, found):
        _describe(operation, handler.opt, types)
        for answer in handler.parsed_return_field.inner_types:
            if answer.is_subclass_of(msgspec.Struct):
                reference(answer.annotation, types)
    # In place of Litestar's, which leave out what docstrings say.
    found["components"]["schemas"] = {**found["components"].get("schemas", {}), **types.named()}
    return found


def _operations(app: Litestar, found: dict[str, Any]) -> list[tuple[dict[str, Any], HTTPRouteHandler]]:
    return [
        (found["paths"][route.path_format][method.lower()], handler)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method.lower() in found["paths"].get(route.path_format, {})
    ]


def _describe(operation: dict[str, Any], options: dict[str, Any], types: Definitions) -> None:
    responses = {status: each for status, each in operation["responses"].items() if status < "300"}
    operation["responses"] = responses
    responses["default"] = {
        "description": "A problem; `type` is the path of a page that explains it.",
        "content": {MEDIA_TYPE: {"schema": reference(Problem, types)}},
    }
    for parameter in operation.get("parameters", ()):
        # Deprecated in OpenAPI 3.1, and not what we do.
        parameter.pop("allowEmptyValue", None)
        parameter["schema"] = _present(parameter["schema"])
    if body := options.get("body"):
        required = any(field.required for field in msgspec.structs.fields(body))
        content = {"schema": reference(body, types)}
        if example := options.get("example"):
            content["example"] = example
        operation["requestBody"] = {"required": required, "content": {"application/json": content}}
    if options.get("stream"):
        responses["200"]["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    if options.get("bytes"):
        responses["200"]["content"] = {"application/octet-stream": {}}


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """Describe a parameter that is there: one that may be left out is never null."""
    choices: list[dict[str, Any]] = [each for each in schema.get("oneOf", ()) if each != {"type": "null"}]
    if len(choices) == 1:
        return choices[0]
    kinds, values = schema.get("type"), schema.get("enum")
    present = dict(schema)
    if isinstance(kinds, list):
        (present["type"],) = (kind for kind in kinds if kind != "null")
    if values:
        present["enum"] = [value for value in values if value is not None]
    return present
