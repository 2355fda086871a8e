"""Read the part of YAML that is JSON: no timestamps, no tags, no merge keys, every key a string as it is written.

``200:`` is the key ``"200"``. Aliases are expanded, and their expansion counts towards the limit.
"""

import re
from math import isfinite
from typing import Any

import yaml  # type: ignore[import-untyped]

from adapters.openapi.reading.limits import MAX_DEPTH, MAX_DIGITS, MAX_NODES, too_deep, too_many
from domain.errors import Invalid

_CORE = "tag:yaml.org,2002:"
_PLAIN = {
    f"{_CORE}null": (re.compile(r"^(?:null|Null|NULL|~|)$"), ["n", "N", "~", ""]),
    f"{_CORE}bool": (re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    f"{_CORE}int": (re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789")),
    f"{_CORE}float": (re.compile(r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"), list("-0123456789")),
}


class _JsonSubset(yaml.CSafeLoader):  # type: ignore[misc]
    """Resolve plain scalars as JSON would; everything else is a string."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (the class attribute is yaml's registry)


for _tag, (_expression, _first) in _PLAIN.items():
    _JsonSubset.add_implicit_resolver(_tag, _expression, _first)


def read_yaml(data: bytes) -> Any:
    """Return the value that a YAML text says; raises Invalid with the place of the fault, and TooLarge."""
    try:
        root = yaml.compose(data.decode(), Loader=_JsonSubset)
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise Invalid(f"Expected JSON or YAML, but {' '.join(str(fault).split())}.") from fault
    except RecursionError as fault:
        raise too_deep() from fault
    if root is None:
        raise Invalid("Expected an OpenAPI document, but it is empty.")
    return _Construction().value(root, MAX_DEPTH)


class _Construction:
    """Build JSON values from YAML nodes, counting them, so that nested aliases cannot explode."""

    def __init__(self) -> None:
        self._left = MAX_NODES

    def value(self, node: yaml.Node, depth: int) -> Any:
        """Return a node's value."""
        self._left -= 1
        if self._left < 0:
            raise too_many(_place(node))
        if depth < 0:
            raise too_deep()
        match node:
            case yaml.ScalarNode():
                return _scalar(node)
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return self._object(node, depth - 1)
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.value(value, depth - 1) for value in node.value]
            case _:
                raise _not_json(node)

    def _object(self, node: yaml.Node, depth: int) -> dict[str, Any]:
        found = {_key(key): self.value(value, depth) for key, value in node.value}
        if len(found) < len(node.value):
            raise _doubled(node)
        return found


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.value == "<<":
        raise Invalid(f"Expected a plain key{_place(node)}; merge keys and nested keys are not JSON.")
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


def _place(node: yaml.Node) -> str:
    return f" in line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"
