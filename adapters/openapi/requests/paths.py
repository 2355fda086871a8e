"""Write the path of a request, and keep values from leading anywhere else."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from adapters.openapi.model import Operation, Parameter, sent_path
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.media_values import parameter_text
from adapters.openapi.requests.styles import Style
from adapters.openapi.requests.texts import RESERVED_IN_PATH, percent, scalar, shown
from adapters.openapi.requests.traversal import Hostile, plainest

TEMPLATE = re.compile(r"\{([^{}]+)\}")
_SHOWN = 80


def write_path(operation: Operation, group: dict[str, Any], others: Iterable[str] = ()) -> str:
    """Return an operation's path with its values; raises Unbuildable, also where it could be taken for another's."""
    parameters = {each.name: each for each in operation.parameters if each.place == "path"}
    written = TEMPLATE.sub(lambda found: _value(parameters[found[1]], group), _fixed(sent_path(operation.path)))
    _check_whole(operation, written, others)
    return written


def _fixed(path: str) -> str:
    """Percent-encode what is fixed in a path, and leave the names in braces as they are."""
    parts = TEMPLATE.split(path)
    return "".join(f"{{{part}}}" if at % 2 else percent(part, "/%~:@!$&'()*+,;=") for at, part in enumerate(parts))


def _value(parameter: Parameter, group: dict[str, Any]) -> str:
    at = f"/path/{parameter.name}"
    value = group.get(parameter.name)
    if value is None or value in ([], {}):
        raise Unbuildable(f"{at}: expected a value that is not empty")
    for text in _texts(value, at):
        _check_text(text, at)
    if parameter.media_type:
        return percent(parameter_text(parameter, value))
    return _styled(parameter, value, at)


def _texts(value: Any, at: str) -> Iterator[str]:
    match value:
        case dict():
            for key, each in value.items():
                yield from (key, *_texts(each, at))
        case list():
            for each in value:
                yield from _texts(each, at)
        case _:
            yield scalar(value, at)


def _check_text(text: str, at: str) -> None:
    if not text.strip():
        raise Unbuildable(f"{at}: expected a value that is not empty")
    try:
        plainest(text)
    except Hostile as fault:
        reason = f"{at}: expected no control characters and no dot segments, not {text[:_SHOWN]!r}: {fault}"
        raise Unbuildable(reason) from fault


def _styled(parameter: Parameter, value: Any, at: str) -> str:
    explode, keep = parameter.explode, RESERVED_IN_PATH if parameter.allow_reserved else ""
    style = Style(parameter.style, explode=explode, at=at, keep=keep, inner=parameter.inner)
    equals = "=" if explode else ","
    match parameter.style, value:
        case "label", _:
            return "." + style.joined(value, "." if explode else ",", equals)
        case "matrix", dict() | list() if explode:
            return "".join(f";{name}={each}" for name, each in style.pairs(parameter.name, value))
        case "matrix", _:
            return f";{percent(parameter.name)}={style.joined(value)}"
        case _:
            return style.joined(value, ",", equals)


def _check_whole(operation: Operation, written: str, others: Iterable[str]) -> None:
    """Judge a path as a whole: values side by side may be what none of them is alone."""
    try:
        read = plainest(written)
    except Hostile as fault:
        raise Unbuildable(f"/path: expected a path without dot segments, not {shown(written, 200)}: {fault}") from fault
    segments = segments_of(read)
    own = sent_path(operation.path)
    if len(segments) == own.count("/") + 1:
        return
    if "" in segments[1:-1] or (segments[-1] == "" and not own.endswith("/")):
        raise Unbuildable(f"/path: expected no empty segments, not {shown(read, 200)}")
    if other := other_at(operation, segments, others):
        raise Unbuildable(f"/path: expected no slash in a value, for {shown(read, 200)} could be read as {other}")


def segments_of(path: str) -> list[str]:
    """Return the segments of a path as whoever is careless reads them."""
    return re.split(r"[/\\]", path)


def other_at(operation: Operation, segments: list[str], others: Iterable[str]) -> str | None:
    """Return the operation of the same method, of those named, that a path may be taken for; its own does not count."""
    own = sent_path(operation.path)
    for other in others:
        method, _, path = other.partition(" ")
        if method == operation.method and sent_path(path) != own and _matches(sent_path(path), segments):
            return other
    return None


def _matches(path: str, segments: list[str]) -> bool:
    expressions = [_expression(part) for part in path.split("/")]
    pairs = zip(expressions, segments, strict=False)
    return len(expressions) == len(segments) and all(each.fullmatch(segment) for each, segment in pairs)


def _expression(part: str) -> re.Pattern[str]:
    return re.compile("".join("(.+)" if at % 2 else re.escape(text) for at, text in enumerate(TEMPLATE.split(part))))
