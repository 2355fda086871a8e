"""Read one operation of a document, OpenAPI 3.x or Swagger 2.0, into one form."""

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from adapters.openapi.references import Unusable, resolve

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PLACES = ("path", "query", "header", "cookie")
TEMPLATE = re.compile(r"\{([^{}]+)\}")
KEY_HEADER = "idempotency-key"
# OpenAPI says that parameters of the first three names are ignored; the others belong to the connection.
_NOT_PARAMETERS = frozenset(
    {"accept", "content-type", "authorization", "host", "content-length", "connection", "cookie"}
    | {"transfer-encoding", "upgrade", "te", "trailer", "expect", "proxy-authorization"}
)

# Some documents declare an empty form even for these.
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})

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


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a JSON body."""

    required: bool
    schema: Any
    media_type: str


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one operation; ``json_answers`` are the status codes, or ranges as 2XX, that promise JSON."""

    method: str
    path: str
    operation_id: str
    description: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    json_answers: frozenset[str]
    honours_key: bool

    @property
    def name(self) -> str:
        """Name the operation within its document."""
        return f"{self.method} {self.path}"

    def promises_json(self, status: int) -> bool:
        """Tell whether an answer with this status should be JSON."""
        return bool({str(status), f"{status // 100}XX"} & self.json_answers)


def operation_names(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the method and path of every operation, in the document's order."""
    paths = tree.get("paths")
    for path, item in paths.items() if isinstance(paths, dict) else ():
        if path.startswith("/"):
            try:
                found = resolve(tree, item)
            except Unusable:
                continue
            yield from ((method.upper(), path) for method in METHODS if method in found)


def read_operation(tree: dict[str, Any], method: str, path: str) -> Operation:
    """Read an operation; raises Unusable where it cannot be called as the document says."""
    item = resolve(tree, tree["paths"][path])
    raw = resolve(tree, item[method.lower()])
    declared = _declared(tree, [*_list(item, "parameters"), *_list(raw, "parameters")])
    _same_server(tree, item, raw)
    parameters = tuple(parameter for each in declared if (parameter := _parameter(tree, each)))
    headers = {each.name.lower() for each in parameters if each.place == "header"}
    operation = Operation(
        method=method,
        path=path,
        operation_id=_text(raw, "operationId"),
        description=_text(raw, "summary") or _text(raw, "description"),
        parameters=tuple(each for each in parameters if each.name.lower() != KEY_HEADER),
        body=_body(tree, method, raw, declared),
        json_answers=_json_answers(tree, raw),
        honours_key=KEY_HEADER in headers,
    )
    _check_path(operation)
    return operation


def _declared(tree: dict[str, Any], parameters: list[Any]) -> list[dict[str, Any]]:
    """Return parameters by name and place; an operation's own replaces its path's."""
    resolved = [resolve(tree, each) for each in parameters]
    return list({(_text(each, "in"), _text(each, "name")): each for each in resolved}.values())


def _parameter(tree: dict[str, Any], raw: dict[str, Any]) -> Parameter | None:
    place, name = _text(raw, "in"), _text(raw, "name")
    if place not in PLACES or (place == "header" and name.lower() in _NOT_PARAMETERS):
        return None
    content = raw.get("content")
    schema = _content_schema(content) if isinstance(content, dict) else _schema(raw)
    default_style = "form" if place in ("query", "cookie") else "simple"
    style = _style(raw, default_style)
    parameter = Parameter(
        name=name,
        place=place,  # type: ignore[arg-type]
        required=raw.get("required") is True or place == "path",
        schema=schema,
        style=style,
        explode=_explode(raw, style),
        as_json=isinstance(content, dict),
        description=_text(raw, "description"),
    )
    return _supported(parameter)


def _style(raw: dict[str, Any], default: str) -> str:
    formats = {"ssv": "spaceDelimited", "pipes": "pipeDelimited", "tsv": "tabDelimited"}
    return _text(raw, "style") or formats.get(_text(raw, "collectionFormat"), default)


def _explode(raw: dict[str, Any], style: str) -> bool:
    if "explode" in raw:
        return bool(raw["explode"] is True)
    if "collectionFormat" in raw:
        return _text(raw, "collectionFormat") == "multi"
    return style in ("form", "deepObject") and "schema" in raw


def _supported(parameter: Parameter) -> Parameter | None:
    known = {"path": {"simple"}, "header": {"simple"}, "cookie": {"form"}}.get(
        parameter.place, {"form", "spaceDelimited", "pipeDelimited", "deepObject"}
    )
    if parameter.style in known:
        return parameter
    if parameter.required:
        raise Unusable(f"the {parameter.place} parameter {parameter.name!r} has the style {parameter.style!r}")
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


def _body(tree: dict[str, Any], method: str, raw: dict[str, Any], declared: list[dict[str, Any]]) -> Body | None:
    if "swagger" in tree:
        return _swagger_body(tree, raw, declared)
    if "requestBody" not in raw:
        return None
    body = resolve(tree, raw["requestBody"])
    required = body.get("required") is True
    content = body.get("content")
    media_type = next((each for each in content or () if _takes_json(each)), "")
    if isinstance(content, dict) and media_type:
        schema = content[media_type].get("schema", {}) if isinstance(content[media_type], dict) else {}
        return Body(required=required, schema=schema, media_type=media_type.replace("*/*", "application/json"))
    if required or method not in _WITHOUT_BODY:
        raise Unusable(f"its body is not JSON but {', '.join(content or ('nothing',))}")
    return None


def _swagger_body(tree: dict[str, Any], raw: dict[str, Any], declared: list[dict[str, Any]]) -> Body | None:
    if any(each.get("in") == "formData" for each in declared):
        raise Unusable("its body is not JSON but a form")
    body = next((each for each in declared if each.get("in") == "body"), None)
    consumes = raw.get("consumes", tree.get("consumes")) or ["application/json"]
    media_type = next((str(each) for each in consumes if _takes_json(str(each))), "")
    if body is None:
        return None
    if not media_type:
        raise Unusable(f"its body is not JSON but {', '.join(map(str, consumes))}")
    return Body(
        required=body.get("required") is True,
        schema=body.get("schema", {}),
        media_type=media_type.replace("*/*", "application/json"),
    )


def _json_answers(tree: dict[str, Any], raw: dict[str, Any]) -> frozenset[str]:
    responses = raw.get("responses")
    answers = set()
    for status, response in responses.items() if isinstance(responses, dict) else ():
        content = resolve(tree, response).get("content")
        if isinstance(content, dict) and content and all(map(is_json, content)):
            answers.add(str(status).upper())
    return frozenset(answers)


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON."""
    essence = media_type.partition(";")[0].strip().lower()
    return essence in ("application/json", "text/json") or essence.endswith("+json")


def _takes_json(media_type: str) -> bool:
    return is_json(media_type) or media_type == "*/*"


def _same_server(tree: dict[str, Any], item: dict[str, Any], raw: dict[str, Any]) -> None:
    own = raw.get("servers") or item.get("servers")
    if own and own != tree.get("servers"):
        raise Unusable("it has a server of its own, and requests go to the document's base URL only")


def _check_path(operation: Operation) -> None:
    declared = {each.name for each in operation.parameters if each.place == "path"}
    named = set(TEMPLATE.findall(operation.path))
    if named != declared:
        raise Unusable(f"the path names {sorted(named)}, but the path parameters are {sorted(declared)}")
    fixed = TEMPLATE.sub("", operation.path)
    if set("?#{}\\") & set(fixed) or any(part in (".", "..") for part in fixed.split("/")):
        raise Unusable("its path holds ?, #, a backslash, a single brace or a dot segment")
    if operation.method == "TRACE":
        raise Unusable("TRACE would echo what is sent")


def _list(raw: dict[str, Any], key: str) -> list[Any]:
    value = raw.get(key)
    return value if isinstance(value, list) else []


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
