"""Say which arguments of a tool decide where something goes: one rule that reads method, path, names and schemas.

Sinks are told by the words in an argument's name, split at its capitals, dashes and underscores:

1. What cannot lead anywhere is none: true and false, nothing, a value out of an enumeration, a date or a time (`TIMES`,
   by the last word). But who may see something is said by such values too (`AUDIENCE`), and what has the form of an
   address is no time.
2. What is said to whoever gets it is none, and how much of it: a body, a subject, a note, an amount (`CONTENT` and
   `MEASURES`, by the last word), and whatever stands in an attachment.
3. Of a tool that only reads, sinks are those that lead out: an address on the net (`NET`), by name, by format or by
   its own form.
4. Of every other tool, everything that rules 1 and 2 leave is a sink, whatever it is called: a name that nobody thought
   of is no way past. So are all parts of its path.
5. Where rules 1 and 2 leave nothing, what is said is, and where nothing is said, everything.

A call sends where something leaves to others: a sink names a receiver (`RECEIVERS`) or an address on the net, or the
tool's own name says that it does (`SENDING`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from domain.catalog.arguments import any_of, leaves_out, properties, schemas_of
from domain.catalog.events import Tool
from domain.catalog.vocabulary import AUDIENCE, CONTENT, MEASURES, NET, RECEIVERS, SENDING, TIMES, words
from domain.pointers import leaves, pointer

_URL = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*:)?(?://|\\\\)\S|\s*www\.", re.IGNORECASE)
_PERSONAL = re.compile(r"\S+@\S+\.\S+|\[[a-z-]+:\d+\]")
_ATTACHED = frozenset(["attachment", "attached"])
_TIME_FORMATS = ("date", "date-time", "time", "duration")
_NET_FORMATS = ("uri", "uri-reference", "iri", "url", "hostname", "idn-hostname", "ipv4", "ipv6")


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """Be one value that a call gives, by the path to it; ``sink``: it decides where something goes."""

    path: tuple[str, ...]
    sink: bool


class Sinks(msgspec.Struct, frozen=True, kw_only=True):
    """Say of everything that a call gives whether it is a sink, and whether the call takes something to others."""

    arguments: tuple[Argument, ...]
    sends: bool


def sinks_of(tool: Tool, arguments: Any, *, reads: bool) -> Sinks:
    """Tell the sinks among the arguments of a call, as they were parsed."""
    schemas = schemas_of(tool.parameters)
    given = [_Given(path, leaf, _schema(schemas, path)) for path, leaf in leaves(arguments) if _is_given(path, leaf)]
    found = [each for each in given if not _leads_nowhere(each) and _on_the_net(each)] if reads else _deciding(given)
    sinks = {each.path for each in found}
    says_so = not reads and not SENDING.isdisjoint(_of_tool(tool.name, tool.operation))
    return Sinks(
        arguments=tuple(Argument(path=each.path, sink=each.path in sinks) for each in given),
        sends=says_so or any(_receives(each) for each in found),
    )


def _is_given(path: Sequence[str], leaf: Any) -> bool:
    """Tell a value from a place that holds none; a body may be one value by itself."""
    return len(path) > 1 or (list(path) == ["body"] and leaf not in (None, "", [], {}))


class _Given(NamedTuple):
    """Be a value that a call gives, the path to it, and its own schema where that is known."""

    path: tuple[str, ...]
    leaf: Any
    schema: Any


def _schema(schemas: Mapping[str, Any], path: Sequence[str]) -> Any:
    schema = schemas.get(pointer(*path[:2]), {})
    for name in path[2:]:
        schema = _inner(schema, name)
    return schema


def _inner(schema: Any, name: str) -> Any:
    """Return the schema of a part, nothing where it is not known; of several alternatives, all."""
    if name.isdecimal() and isinstance(schema, dict):
        return schema.get("items", schema)
    return any_of([inner for each, inner, _ in properties(schema) if each == name] + [{}] * leaves_out(schema))


def _deciding(given: Sequence[_Given]) -> Sequence[_Given]:
    """Return the sinks of a call that may change something (rules 1, 2, 4 and 5)."""
    leading = [each for each in given if not _leads_nowhere(each)]
    said = [each for each in leading if _is_said(each)]
    left = [each for each in leading if each not in said]
    return left or said or [each for each in given if not _empty(each)]


def _leads_nowhere(given: _Given) -> bool:
    if _empty(given) or given.path[0] == "path":
        return _empty(given)
    own = words(_own_name(given.path))
    if _is_address(given.leaf):
        return False
    if (own and own[-1] in TIMES) or own[-2:] == ("time", "zone") or _only(given.schema, _is_time):
        return True
    return AUDIENCE.isdisjoint(own) and (isinstance(given.leaf, bool) or _only(given.schema, _is_choice))


def _empty(given: _Given) -> bool:
    return given.leaf is None or given.leaf in ("", [], {})


def _is_said(given: _Given) -> bool:
    own = words(_own_name(given.path))
    attached = any(not _ATTACHED.isdisjoint(words(name)) for name in given.path[1:])
    return given.path[0] != "path" and (attached or (bool(own) and own[-1] in CONTENT | MEASURES))


def _own_name(path: Sequence[str]) -> str:
    """Return the name of a value: the last on the way to it that is no index."""
    return next((name for name in reversed(path[1:]) if not name.isdecimal()), "")


def _on_the_net(given: _Given) -> bool:
    named = not NET.isdisjoint(words(_own_name(given.path))) or _may_be(given.schema, _NET_FORMATS)
    return named or _is_url(given.leaf)


def _receives(given: _Given) -> bool:
    return not RECEIVERS.isdisjoint(_every_word(given)) or _on_the_net(given)


def _is_url(leaf: Any) -> bool:
    return isinstance(leaf, str) and _URL.match(leaf) is not None


def _is_address(leaf: Any) -> bool:
    """Tell whether a value has the form of an address, or is a token that stands for a personal value."""
    return _is_url(leaf) or (isinstance(leaf, str) and _PERSONAL.fullmatch(leaf.strip()) is not None)


def _every_word(given: _Given) -> frozenset[str]:
    return frozenset(word for name in given.path[1:] for word in words(name))


@lru_cache(maxsize=4_096)
def _of_tool(name: str, operation: str) -> frozenset[str]:
    """Return the words of a tool's name and path; its method says nothing of what it sends."""
    return frozenset((*words(name), *words(operation.partition(" ")[2])))


def _is_choice(schema: dict[str, Any]) -> bool:
    return "enum" in schema or "const" in schema


def _is_time(schema: dict[str, Any]) -> bool:
    return schema.get("format") in _TIME_FORMATS


def _only(schema: Any, holds: Callable[[dict[str, Any]], bool]) -> bool:
    """Tell whether a schema is of a kind, or everything that it may be instead is, null aside."""
    kinds = [each for each in _alternatives(schema) if each.get("type") != "null"]
    return bool(kinds) and all(holds(each) for each in kinds)


def _may_be(schema: Any, formats: Sequence[str]) -> bool:
    return any(each.get("format") in formats for each in _alternatives(schema))


def _alternatives(schema: Any) -> Sequence[dict[str, Any]]:
    """Return what a schema may be instead, or itself where it says nothing of that."""
    if not isinstance(schema, dict):
        return ()
    listed = [each for choice in ("anyOf", "oneOf") for each in schema.get(choice) or () if isinstance(each, dict)]
    return listed or [schema]
