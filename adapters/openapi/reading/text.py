"""Read the text of a document, JSON or YAML, into plain JSON values within limits.

YAML is read as its JSON subset: no timestamps, no tags, no merge keys, every key a string as it is written
(``200:`` is ``"200"``). Aliases are expanded, and their expansion counts towards the limit.
"""

import re
from typing import Any

import msgspec
import yaml  # type: ignore[import-untyped]

from domain.errors import Invalid, TooLarge

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 100
MAX_NODES = 3_000_000


def read_text(data: bytes) -> dict[str, Any]:
    """Return a document's tree; raises TooLarge, and Invalid with the place of the fault."""
    if len(data) > MAX_BYTES:
        raise TooLarge(f"Expected a document of at most {MAX_BYTES} bytes, not {len(data)}; split it.")
    tree = _read_json(data) if data.lstrip()[:1] in (b"{", b"[") else _read_yaml(data)
    if not isinstance(tree, dict):
        raise Invalid(f"Expected an OpenAPI document, an object, not {type(tree).__name__}.")
    return tree


def _read_json(data: bytes) -> Any:
    try:
        tree = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise Invalid(f"Expected JSON, but {fault}.") from fault
    except RecursionError as fault:
        raise _too_deep() from fault
    _check_depth(tree)
    return tree


def _check_depth(tree: Any) -> None:
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for value in level for child in _children(value)]
    if level:
        raise _too_deep()


def _children(value: Any) -> list[Any]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [child for child in values if isinstance(child, dict | list)]


def _too_deep() -> Invalid:
    return Invalid(f"Expected a document nested at most {MAX_DEPTH} deep; flatten it with $ref.")


class _JsonSubset(yaml.CSafeLoader):  # type: ignore[misc]
    """Resolve plain scalars as JSON would; everything else is a string."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (the class attribute is yaml's registry)


_PLAIN = {
    "tag:yaml.org,2002:null": (r"^(?:null|Null|NULL|~|)$", ["n", "N", "~", ""]),
    "tag:yaml.org,2002:bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    "tag:yaml.org,2002:int": (r"^-?(?:0|[1-9][0-9]*)$", list("-0123456789")),
    "tag:yaml.org,2002:float": (
        r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$",
        list("-0123456789"),
    ),
}


def _register() -> None:
    for tag, (expression, first) in _PLAIN.items():
        _JsonSubset.add_implicit_resolver(tag, re.compile(expression), first)


_register()


def _read_yaml(data: bytes) -> Any:
    try:
        root = yaml.compose(data.decode("utf-8-sig"), Loader=_JsonSubset)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as fault:
        raise Invalid(f"Expected JSON or YAML, but {' '.join(str(fault).split())}.") from fault
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
            raise Invalid(f"Expected at most {MAX_NODES} values with all aliases expanded{_place(node)}.")
        if depth <= 0:
            raise _too_deep()
        match node:
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return {_key(key): self.value(value, depth - 1) for key, value in node.value}
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.value(value, depth - 1) for value in node.value]
            case _:
                return _scalar(node)


def _key(node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or node.value == "<<":
        raise Invalid(f"Expected a plain key{_place(node)}; merge keys and nested keys are not JSON.")
    return str(node.value)


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text) if len(text) <= 100 else float(text)
        case "float":
            return float(text)
        case "str":
            return text
        case _:
            raise Invalid(f"Expected a value that JSON has, not {node.tag}{_place(node)}.")


def _place(node: yaml.Node) -> str:
    return f" in line {node.start_mark.line + 1}, column {node.start_mark.column + 1}"
