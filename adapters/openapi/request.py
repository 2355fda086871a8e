"""Build the HTTP request that an operation and its arguments make: the same arguments, the same bytes."""

import re
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from adapters.openapi.media import essence, is_json, json_content
from adapters.openapi.model import Operation, Parameter
from domain.encoding import canonical, digest, digest_bytes

_TEMPLATE = re.compile(r"\{([^{}]+)\}")
_STYLES = {
    "path": {"simple"},
    "query": {"form", "spaceDelimited", "pipeDelimited", "deepObject"},
    "header": {"simple"},
    "cookie": {"form"},
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Unbuildable(Exception):
    """Say which argument cannot be put into a request."""


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a request before it is sent, without its idempotency key."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def digest(self, *, document: str, operation: str) -> str:
        """Return the SHA-256 of what is sent, together with what it was made from."""
        return digest([document, operation, self.method, self.url, self.headers, digest_bytes(self.body)])


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL as they are written."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def build(operation: Operation, base_url: str, arguments: dict[str, Any]) -> Built:
    """Build a request from checked arguments; raises Unbuildable."""
    path = _TEMPLATE.sub(lambda found: _path_value(operation, found[1], arguments), operation.path)
    query = "&".join(_query_pairs(operation, arguments))
    url = f"{base_url.rstrip('/')}{path}" + (f"?{query}" if query else "")
    _check_url(url, base_url)
    body = canonical(arguments["body"]) if operation.body and "body" in arguments else b""
    content_type = (("content-type", _content_type(operation)),) if body else ()
    headers = (("accept", "application/json"), *content_type, *_headers(operation, arguments))
    return Built(method=operation.method, url=url, headers=headers, body=body)


def unbuildable(operation: Operation) -> str:
    """Say why no request can be built for an operation; an empty text where one can."""
    for each in operation.parameters:
        if each.required and not _can_be_sent(each):
            return f"the {each.place} parameter {each.name!r} cannot be sent in the style {each.style!r}"
    if operation.body and json_content(operation.body) is None:
        return f"its body is not JSON but {', '.join(each.media_type for each in operation.body.contents)}"
    return ""


def _can_be_sent(parameter: Parameter) -> bool:
    if parameter.media_type:
        return parameter.style != "querystring" and is_json(parameter.media_type)
    return parameter.style in _STYLES[parameter.place]


def _content_type(operation: Operation) -> str:
    content = json_content(operation.body) if operation.body else None
    media_type = essence(content.media_type) if content else ""
    return "application/json" if media_type == "*/*" else media_type


def _given(operation: Operation, place: str, arguments: dict[str, Any]) -> list[tuple[Parameter, Any]]:
    group = arguments.get(place) or {}
    given = [(each, group[each.name]) for each in operation.parameters if each.place == place and each.name in group]
    for each, _ in given:
        if not _can_be_sent(each):
            raise Unbuildable(f"/{place}/{each.name}: it cannot be sent in the style {each.style!r}")
    return given


def _path_value(operation: Operation, name: str, arguments: dict[str, Any]) -> str:
    parameter, value = next(pair for pair in _given(operation, "path", arguments) if pair[0].name == name)
    text = _simple(parameter, value)
    if not text:
        raise Unbuildable(f"/path/{name}: expected a value that is not empty")
    if _CONTROL.search(text) or _climbs(text):
        raise Unbuildable(f"/path/{name}: expected no control characters and no dot segments, not {text[:80]!r}")
    return quote(text, safe="")


def _climbs(text: str) -> bool:
    """Tell whether a text is or hides a dot segment, however often it is encoded."""
    while True:
        if any(part in (".", "..") for part in re.split(r"[/\\]", text)):
            return True
        decoded = unquote(text)
        if decoded == text:
            return False
        text = decoded


def _check_url(url: str, base_url: str) -> None:
    built, base = urlsplit(url), urlsplit(base_url.rstrip("/"))
    if (built.scheme, built.netloc) != (base.scheme, base.netloc) or not built.path.startswith(base.path + "/"):
        raise Unbuildable(f"/path: expected a request below {base_url}, not {url[:200]!r}")


def _query_pairs(operation: Operation, arguments: dict[str, Any]) -> list[str]:
    pairs = [pair for parameter, value in _given(operation, "query", arguments) for pair in _spread(parameter, value)]
    return [f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in pairs]


def _spread(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    name = parameter.name
    if parameter.media_type:
        return [(name, canonical(value).decode())]
    match value, parameter.style:
        case dict(), "deepObject":
            return [(f"{name}[{key}]", _scalar(parameter, each)) for key, each in value.items()]
        case dict(), "form" if parameter.explode:
            return [(key, _scalar(parameter, each)) for key, each in value.items()]
        case dict(), _:
            return [(name, _simple(parameter, value))]
        case list(), _ if parameter.explode:
            return [(name, _scalar(parameter, each)) for each in value]
        case list(), style:
            between = {"spaceDelimited": " ", "pipeDelimited": "|"}.get(style, ",")
            return [(name, between.join(_scalar(parameter, each) for each in value))]
        case _:
            return [(name, _scalar(parameter, value))]


def _headers(operation: Operation, arguments: dict[str, Any]) -> list[tuple[str, str]]:
    headers = [(each.name, _header(each, value)) for each, value in _given(operation, "header", arguments)]
    cookies = [
        f"{each.name}={quote(_simple(each, value), safe='')}" for each, value in _given(operation, "cookie", arguments)
    ]
    return [*headers, ("cookie", "; ".join(cookies))] if cookies else headers


def _header(parameter: Parameter, value: Any) -> str:
    text = _simple(parameter, value)
    if _CONTROL.search(text) or not text.isascii():
        raise Unbuildable(f"/header/{parameter.name}: expected printable ASCII in one line, not {text[:80]!r}")
    return text


def _simple(parameter: Parameter, value: Any) -> str:
    if parameter.media_type:
        return canonical(value).decode()
    match value:
        case list():
            return ",".join(_scalar(parameter, each) for each in value)
        case dict():
            between = "=" if parameter.explode else ","
            return ",".join(f"{key}{between}{_scalar(parameter, each)}" for key, each in value.items())
        case _:
            return _scalar(parameter, value)


def _scalar(parameter: Parameter, value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case dict() | list():
            raise Unbuildable(f"/{parameter.place}/{parameter.name}: expected no values nested this deep")
        case _:
            return str(value)
