"""Read the parameters of an operation."""

import re
from typing import Any, Literal

import msgspec

from adapters.openapi.references import Unusable, list_of, resolve, text_of

PLACES = ("path", "query", "header", "cookie")
# OpenAPI says that parameters of the first three names are ignored; the others belong to the connection.
_NOT_PARAMETERS = frozenset(
    {"accept", "content-type", "authorization", "host", "content-length", "connection", "cookie"}
    | {"transfer-encoding", "upgrade", "te", "trailer", "expect", "proxy-authorization"}
)
_STYLES = {
    "path": {"simple"},
    "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
    "header": {"simple"},
    "cookie": {"form"},
}
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")

Place = Literal["path", "query", "header", "cookie"]


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one parameter; ``as_json`` says that its value is sent as a JSON text."""

    name: str
    place: Place
    required: bool
    schema: Any
    style: str
    explode: bool
    as_json: bool = False
    description: str = ""


def read_parameters(tree: dict[str, Any], item: dict[str, Any], raw: dict[str, Any]) -> list[Parameter]:
    """Read the parameters of an operation and its path; raises Unusable where a required one is not supported."""
    declared = declared_parameters(tree, item, raw)
    return [parameter for each in declared if (parameter := _parameter(each))]


def declared_parameters(tree: dict[str, Any], item: dict[str, Any], raw: dict[str, Any]) -> list[dict[str, Any]]:
    """Return parameters by name and place; an operation's own replaces its path's."""
    resolved = [resolve(tree, each) for each in (*list_of(item, "parameters"), *list_of(raw, "parameters"))]
    return list({(text_of(each, "in"), text_of(each, "name")): each for each in resolved}.values())


def _parameter(raw: dict[str, Any]) -> Parameter | None:
    place, name = text_of(raw, "in"), text_of(raw, "name")
    if place not in PLACES or (place == "header" and name.lower() in _NOT_PARAMETERS):
        return None
    content = raw.get("content")
    schema = _content_schema(content) if isinstance(content, dict) else _schema(raw)
    style = _style(raw, "form" if place in ("query", "cookie") else "simple")
    parameter = Parameter(
        name=name,
        place=place,  # type: ignore[arg-type]
        required=raw.get("required") is True or place == "path",
        schema=schema,
        style=style,
        explode=_explode(raw, style),
        as_json=isinstance(content, dict),
        description=text_of(raw, "description"),
    )
    return _supported(parameter)


def _style(raw: dict[str, Any], default: str) -> str:
    formats = {"ssv": "spaceDelimited", "pipes": "pipeDelimited", "tsv": "tabDelimited"}
    return text_of(raw, "style") or formats.get(text_of(raw, "collectionFormat"), default)


def _explode(raw: dict[str, Any], style: str) -> bool:
    if "explode" in raw:
        return bool(raw["explode"] is True)
    if "collectionFormat" in raw:
        return text_of(raw, "collectionFormat") == "multi"
    return style in ("form", "deepObject") and "schema" in raw


def _supported(parameter: Parameter) -> Parameter | None:
    named = parameter.place in ("path", "query") or _TOKEN.fullmatch(parameter.name)
    if named and parameter.style in _STYLES[parameter.place]:
        return parameter
    if parameter.required:
        name, style = parameter.name, parameter.style
        raise Unusable(f"the {parameter.place} parameter {name!r} cannot be sent in the style {style!r}")
    return None


def _content_schema(content: dict[str, Any]) -> Any:
    media = next(iter(content.values()), None)
    return media.get("schema", {}) if isinstance(media, dict) else {}


def _schema(raw: dict[str, Any]) -> Any:
    if "schema" in raw:
        return raw["schema"]
    # Swagger 2.0 writes the schema's keywords beside the parameter's own.
    own = ("name", "in", "required", "description", "collectionFormat", "allowEmptyValue", "style", "explode")
    return {key: value for key, value in raw.items() if key not in own}
