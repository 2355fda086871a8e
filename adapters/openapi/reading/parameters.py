"""Read the parameters of an operation, those of its path included."""

import re
from typing import Any, get_args

from adapters.openapi.model import Parameter, Place
from adapters.openapi.reading.ground import Ground
from adapters.openapi.references import Unusable, kind_word, list_of, resolve, text_of
from domain.pointers import pointer

# OpenAPI says that parameters of the first three names are ignored; the others belong to the connection.
_NOT_PARAMETERS = frozenset(
    {"accept", "content-type", "authorization", "host", "content-length", "connection", "cookie"}
    | {"transfer-encoding", "upgrade", "te", "trailer", "expect", "proxy-authorization"}
    | {"accept-encoding", "keep-alive", "proxy-connection"}
)
_PLACES = frozenset(get_args(Place))
_STYLES = {
    "path": {"simple", "label", "matrix"},
    "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
    "header": {"simple"},
    "cookie": {"form", "cookie"},
}
COLLECTION_STYLES = {"ssv": "spaceDelimited", "tsv": "tabDelimited", "pipes": "pipeDelimited"}
_OWN_KEYS = frozenset({"name", "in", "required", "description", "collectionFormat", "allowEmptyValue"})
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Declared:
    """Hold a parameter as it is written, behind its references, and its place in the document."""

    def __init__(self, raw: dict[str, Any], place: str):
        self.raw = raw
        self.place = place
        self.name = text_of(raw, "name")
        self.where = text_of(raw, "in")

    @property
    def required(self) -> bool:
        """Tell whether a call cannot do without it."""
        return self.raw.get("required") is True or self.where == "path"


def declared_parameters(ground: Ground, item: dict[str, Any], raw: dict[str, Any], above: str) -> list[Declared]:
    """Return parameters by name and place; an operation's own replaces its path's, which stand at ``above``."""
    paths = _named(ground, item, f"{above}/parameters")
    own = _named(ground, raw, f"{ground.place}/parameters")
    return list((paths | own).values())


def _named(ground: Ground, holder: dict[str, Any], place: str) -> dict[tuple[str, str], Declared]:
    """Return the parameters of one list by place and name, with a warning of one that stands there again."""
    found: dict[tuple[str, str], Declared] = {}
    if not isinstance(holder.get("parameters", []), list):
        ground.warn(f"expected a list of parameters, not {kind_word(holder['parameters'])}; it is left out", place)
    for number, each in enumerate(list_of(holder, "parameters")):
        declared = Declared(resolve(ground.tree, each, f"{place}/{number}"), f"{place}/{number}")
        # The names of headers are the same in any case.
        key = declared.where, declared.name.lower() if declared.where == "header" else declared.name
        if key in found:
            ground.warn(f"the {key[0]} parameter {key[1][:80]!r} stands here again; the last counts", declared.place)
        found[key] = declared
    return found


def read_parameters(ground: Ground, declared: list[Declared]) -> list[Parameter]:
    """Read parameters; raises Unusable where a required one cannot be sent, and warns where it is optional."""
    found = []
    for each in declared:
        if each.where == "header" and each.name.lower() in _NOT_PARAMETERS:
            continue
        try:
            found.append(_parameter(ground, each))
        except Unusable as fault:
            if each.required:
                raise
            ground.warn(f"{fault}; it is left out", fault.place)
    return found


def _parameter(ground: Ground, declared: Declared) -> Parameter:
    if declared.where == "querystring":
        return _whole_query(ground, declared)
    if declared.where not in _PLACES:
        raise Unusable(f"the parameter {declared.name!r} is in {declared.where!r}", declared.place)
    raw, place = declared.raw, declared.where
    content = raw.get("content") if not ground.swagger else None
    media_type, schema = (
        _content(ground, content, declared) if isinstance(content, dict) else ("", _schema(ground, raw))
    )
    style = _style(ground, raw, "form" if place in ("query", "cookie") else "simple")
    parameter = Parameter(
        name=declared.name,
        place=place,  # type: ignore[arg-type]
        required=declared.required,
        schema=schema,
        style=style,
        explode=_explode(ground, raw, style) and not media_type,
        allow_reserved=raw.get("allowReserved") is True,
        media_type=media_type,
        description=text_of(raw, "description"),
        inner=inner_styles(raw) if ground.swagger else (),
    )
    _check(ground, parameter, declared)
    return parameter


def _whole_query(ground: Ground, declared: Declared) -> Parameter:
    """Read a parameter that is the whole query string (OpenAPI 3.2)."""
    content = declared.raw.get("content")
    if not isinstance(content, dict):
        raise Unusable(f"the parameter {declared.name!r} is the whole query, but names no media type", declared.place)
    media_type, schema = _content(ground, content, declared)
    return Parameter(
        name=declared.name,
        place="query",
        required=declared.required,
        schema=schema,
        style="querystring",
        explode=False,
        media_type=media_type,
        description=text_of(declared.raw, "description"),
    )


def _content(ground: Ground, content: dict[str, Any], declared: Declared) -> tuple[str, Any]:
    if len(content) != 1:
        reason = f"the parameter {declared.name!r} names {len(content)} media types instead of one"
        raise Unusable(reason, declared.place)
    ((media_type, raw),) = content.items()
    return media_type, resolve(ground.tree, raw, declared.place + pointer("content", media_type)).get("schema", {})


def _schema(ground: Ground, raw: dict[str, Any]) -> Any:
    if ground.swagger:
        # Swagger 2.0 writes the schema's keywords beside the parameter's own.
        return {key: value for key, value in raw.items() if key not in _OWN_KEYS}
    return raw.get("schema", {})


def _style(ground: Ground, raw: dict[str, Any], default: str) -> str:
    if ground.swagger:
        return COLLECTION_STYLES.get(text_of(raw, "collectionFormat"), default)
    return text_of(raw, "style") or default


def inner_styles(raw: dict[str, Any]) -> tuple[str, ...]:
    """Return how the lists within a list of Swagger 2.0 are written, the outer ones first."""
    found = []
    items = raw.get("items")
    while isinstance(items, dict) and items.get("type") == "array":
        found.append(COLLECTION_STYLES.get(text_of(items, "collectionFormat"), "form"))
        items = items.get("items")
    return tuple(found)


def _explode(ground: Ground, raw: dict[str, Any], style: str) -> bool:
    if ground.swagger:
        return text_of(raw, "collectionFormat") == "multi"
    if isinstance(raw.get("explode"), bool):
        return bool(raw["explode"])
    return style in ("form", "cookie", "deepObject")


def _check(ground: Ground, parameter: Parameter, declared: Declared) -> None:
    named = parameter.name if parameter.place in ("path", "query") else _TOKEN.fullmatch(parameter.name)
    if not named:
        raise Unusable(f"{parameter.name!r} cannot be the name of a {parameter.place} parameter", declared.place)
    allowed = _STYLES[parameter.place] | (set(COLLECTION_STYLES.values()) if ground.swagger else set())
    if parameter.style not in allowed:
        reason = f"the {parameter.place} parameter {parameter.name!r} cannot be sent in the style {parameter.style!r}"
        raise Unusable(reason, declared.place)
