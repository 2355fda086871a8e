"""Write the headers and the cookies of a request; a value stays in its line and within its name."""

import re
from typing import Any, TypeAlias

from adapters.openapi.model import Operation, Parameter
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.media_values import parameter_text
from adapters.openapi.requests.members import joined_apart
from adapters.openapi.requests.styles import Pair, Style
from adapters.openapi.requests.texts import percent, shown

Header: TypeAlias = tuple[str, str]

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_LINE = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
_IN_COOKIES = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")


def write_headers(operation: Operation, group: dict[str, Any]) -> list[Header]:
    """Return the headers that arguments make, in the operation's order; raises Unbuildable."""
    given = [each for each in operation.parameters if each.place == "header" and each.name in group]
    return [(each.name, _line(each, group[each.name])) for each in given if not _is_nothing(each, group[each.name])]


def _is_nothing(parameter: Parameter, value: Any) -> bool:
    nothing = value in ([], {}) and not parameter.media_type
    if nothing and parameter.required:
        raise Unbuildable(f"/header/{parameter.name}: expected at least one member")
    return nothing


def _line(parameter: Parameter, value: Any) -> str:
    at = f"/header/{parameter.name}"
    if parameter.media_type:
        text = parameter_text(parameter, value)
    else:
        style = Style(parameter.style, explode=parameter.explode, at=at, raw=True, inner=parameter.inner)
        text = style.joined(value, ",", "=" if parameter.explode else ",")
    if not _TOKEN.fullmatch(parameter.name) or not _LINE.fullmatch(text):
        raise Unbuildable(f"{at}: expected printable ASCII in one line without blanks around it, not {shown(text)}")
    return text


def write_cookies(operation: Operation, group: dict[str, Any]) -> list[Header]:
    """Return the cookie header that arguments make, if any; raises Unbuildable."""
    given = [each for each in operation.parameters if each.place == "cookie" and each.name in group]
    text = joined_apart(operation, [(each, _cookies(each, group[each.name])) for each in given], "; ")
    return [("cookie", text)] if text else []


def _cookies(parameter: Parameter, value: Any) -> list[Pair]:
    at = f"/cookie/{parameter.name}"
    if parameter.media_type:
        found = [(parameter.name, percent(parameter_text(parameter, value)))]
    else:
        raw = parameter.style == "cookie"
        found = Style(parameter.style, explode=parameter.explode, at=at, raw=raw).pairs(parameter.name, value)
    for name, text in found:
        # A comma is no character of a cookie, but stands between the parts of a list all the same.
        if not _TOKEN.fullmatch(name) or not _IN_COOKIES.fullmatch(text.replace(",", "")):
            raise Unbuildable(f"{at}: expected what a cookie can hold, not {shown(f'{name}={text}')}")
    return found
