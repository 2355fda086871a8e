"""Read the part of YAML that is JSON: no timestamps, no tags, no merge keys, every key a string as it is written.

``200:`` is the key ``"200"``. Aliases are expanded, and their expansion counts towards the limits.
"""

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any, TypeAlias

import yaml  # type: ignore[import-untyped]

from adapters.openapi.reading.limits import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_NODES,
    too_deep,
    too_long,
    too_many,
)
from domain.errors import Invalid

Extent: TypeAlias = tuple[int, int]
"""How many values there are, and how many characters of text."""

_CORE = "tag:yaml.org,2002:"
_PLAIN = {
    f"{_CORE}null": (re.compile(r"^(?:null|Null|NULL|~|)$"), ["n", "N", "~", ""]),
    f"{_CORE}bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    f"{_CORE}int": (re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789")),
    f"{_CORE}float": (re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"), list("-0123456789")),
}
_NO_NUMBER = re.compile(r"^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$")
"""What YAML takes for numbers and JSON has none of."""


class _JsonSubset(yaml.CSafeLoader):  # type: ignore[misc]
    """Resolve plain scalars as JSON would; everything else is a string."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (the class attribute is yaml's registry)


for _tag, (_expression, _first) in _PLAIN.items():
    _JsonSubset.add_implicit_resolver(_tag, _expression, _first)
_JsonSubset.add_implicit_resolver(f"{_CORE}float", _NO_NUMBER, list("-+."))


def read_yaml(data: bytes) -> Any:
    """Return the value that a YAML text says; raises Invalid with the place of the fault, and TooLarge."""
    try:
        text = data.decode()
        _check_extent(text)
        root = yaml.compose(text, Loader=_JsonSubset)
    except UnicodeDecodeError as fault:
        raise Invalid(f"Expected a document in UTF-8, but {fault}; save it as UTF-8.") from fault
    except yaml.YAMLError as fault:
        raise Invalid(f"Expected JSON or YAML, but {' '.join(str(fault).split())}.") from fault
    if root is None:
        raise Invalid("Expected an OpenAPI document, but it is empty.")
    _count(root, {}, MAX_DEPTH)
    return _value(root, MAX_DEPTH)


def _check_extent(text: str) -> None:
    """Refuse what is nested too deep or written too long before it is composed.

    The composer is in C and calls itself: what is nested deep enough would end the whole process.
    """
    depth = values = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        values += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH + 1:
            raise too_deep()
        if values > 2 * MAX_NODES:  # keys count here too
            raise too_many(_place(event))


def _count(node: yaml.Node, counted: dict[int, Extent], depth: int) -> Extent:
    """Return how much a node is with all aliases expanded, before any of it is built; raises TooLarge.

    What is counted already is not counted again, so that aliases of aliases cost nothing.
    """
    if depth < 0:
        raise too_deep()
    if id(node) not in counted:
        below = [_count(each, counted, depth - 1) for each in _below(node)]
        values, characters = 1 + sum(many for many, _ in below), _own_text(node) + sum(long for _, long in below)
        if values > MAX_NODES:
            raise too_many(_place(node))
        if characters > MAX_BYTES:
            raise too_long(_place(node))
        counted[id(node)] = values, characters
    return counted[id(node)]


def _own_text(node: yaml.Node) -> int:
    """Count the characters of a scalar, or of an object's keys."""
    if isinstance(node, yaml.MappingNode):
        return sum(len(key.value) for key, _ in node.value)
    return len(node.value) if isinstance(node, yaml.ScalarNode) else 0


def _below(node: yaml.Node) -> Iterable[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return (value for _, value in node.value)
    return node.value if isinstance(node, yaml.SequenceNode) else ()


def _value(node: yaml.Node, depth: int) -> Any:
    """Return a node's value; aliases may be nested deeper where they stand than where they were counted."""
    if depth < 0:
        raise too_deep()
    match node:
        case yaml.ScalarNode():
            return _scalar(node)
        case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
            return _object(node, depth - 1)
        case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
            return [_value(each, depth - 1) for each in node.value]
        case _:
            raise _not_json(node)


def _object(node: yaml.Node, depth: int) -> dict[str, Any]:
    found = {_key(key): _value(value, depth) for key, value in node.value}
    if len(found) < len(node.value):
        raise _doubled(node)
    return found


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.value == "<<":
        raise Invalid(
            f"Expected a plain key{_place(node)}; merge keys and nested keys are not JSON: "
            "write out what is merged, or save the document as JSON."
        )
    return str(node.value)


def _doubled(node: yaml.Node) -> Invalid:
    seen: set[str] = set()
    for key, _ in node.value:
        if key.value in seen:
            break
        seen.add(key.value)
    return Invalid(f"Expected every key of an object once, but {key.value[:80]!r} stands again{_place(key)}.")


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if node.tag == f"{_CORE}str":
        return text
    if _NO_NUMBER.match(text) and node.tag == f"{_CORE}float":
        raise Invalid(f"Expected a number that JSON has, not {text}{_place(node)}; text goes in quotes.")
    if node.tag not in _PLAIN or not _PLAIN[node.tag][0].match(text):
        raise _not_json(node)
    match node.tag.removeprefix(_CORE):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case _:
            return _number(node, text)


def _number(node: yaml.Node, text: str) -> int | float:
    if len(text) > MAX_DIGITS or not isfinite(float(text)):
        expected = f"numbers of at most {MAX_DIGITS} digits that fit into a double"
        raise Invalid(f"Expected {expected}, not {text[:40]}…{_place(node)}.")
    return float(text) if "float" in node.tag else int(text)


def _not_json(node: yaml.Node) -> Invalid:
    return Invalid(f"Expected a value that JSON has, not {node.tag[:80]}{_place(node)}.")


def _place(node: yaml.Node | yaml.Event) -> str:
    return f" in line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"
