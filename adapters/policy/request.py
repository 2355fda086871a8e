"""Put a case into the engine's words: who calls what, and everything else that rules may read."""

from collections.abc import Callable
from decimal import ROUND_UP, Decimal
from typing import Any

from adapters.policy.reading import Reads, only
from commands.ports import Case
from domain.catalog.policies import Arguments, Kind
from domain.encoding import encode, parse
from domain.errors import Invalid
from domain.labels import Label, Provenance
from domain.pointers import pointer
from domain.session.events import BudgetSpent, Limits

_MOST = 2**63 - 1
_MOST_DECIMAL = Decimal("922337203685477.5807")
_STEP = Decimal("0.0001")


def request(case: Case, arguments: Arguments, reads: Reads = None) -> dict[str, Any]:
    """Return the question for the engine, with what ``reads`` names of the context, in its own JSON.

    Raises Invalid where an argument is not what the set declares.
    """
    return {
        "principal": {"type": "Agent", "id": case.agent.id},
        "action": {"type": "Action", "id": "call"},
        "resource": {"type": "Operation", "id": _operation(case)},
        "context": encode(only(reads, _context(case, arguments))).decode(),
    }


def _context(case: Case, arguments: Arguments) -> dict[str, Any]:
    return {
        "listed": case.listed,
        "scopes": sorted(case.scopes),
        "user": case.user,
        "roles": sorted(case.roles),
        "lane": case.lane,
        "environment": case.environment,
        "hour": case.at.hour,
        "weekday": case.at.isoweekday(),
        "spent": _use(case.spent),
        "left": _use(_left(case.limits, case.spent)),
        "arguments": _arguments(case, arguments),
        "plan": case.provenance.plan,
        "bound": case.provenance.bound,
        "sends": case.provenance.sends,
        "label": _label(case.provenance.label),
        "labels": _labels(case.provenance, arguments),
        "seen": _label(case.provenance.seen),
    }


def entities(case: Case) -> str:
    """Return the agent, the operation and its API, as the engine reads them."""
    api = {"type": "Api", "id": case.tool.api}
    method, _, path = case.tool.operation.partition(" ")
    operation = {
        "tool": case.tool.name,
        "method": method,
        "path": path,
        "effect": case.effect_class,
        "repeatable": case.tool.repeatable,
    }
    described = (
        {"uid": {"type": "Agent", "id": case.agent.id}, "attrs": {"role": case.agent.role}, "parents": []},
        {"uid": api, "attrs": {}, "parents": []},
        {"uid": {"type": "Operation", "id": _operation(case)}, "attrs": operation, "parents": [api]},
    )
    return encode(described).decode()


def _operation(case: Case) -> str:
    return f"{case.tool.api} {case.tool.operation}"


def _left(limits: Limits, spent: BudgetSpent) -> BudgetSpent:
    return BudgetSpent(
        model_calls=max(0, limits.model_calls - spent.model_calls),
        tool_calls=max(0, limits.tool_calls - spent.tool_calls),
        tokens=max(0, limits.tokens - spent.tokens),
        money=_MOST if limits.money is None else max(0, limits.money - spent.money),
    )


def _use(spent: BudgetSpent) -> dict[str, int]:
    return {
        "modelCalls": spent.model_calls,
        "toolCalls": spent.tool_calls,
        "tokens": spent.tokens,
        "money": min(spent.money, _MOST),
    }


def _arguments(case: Case, declared: Arguments) -> dict[str, Any]:
    given = parse(bytes(case.arguments))
    return {
        place: {name: _value(f"{place}.{name}", group[name], kind) for name, kind in names.items() if name in group}
        for place, names in declared.items()
        for group in [_group(given, place)]
    }


def _label(label: Label) -> dict[str, Any]:
    return {"trusted": label.trusted, "private": label.private, "sources": list(label.sources)}


def _labels(provenance: Provenance, declared: Arguments) -> dict[str, Any]:
    """Return the labels of the declared arguments that a call gives."""
    known = {each.argument: each for each in provenance.arguments}
    return {
        place: {
            name: {**_label(found.label), "sink": found.sink, "bound": found.bound}
            for name in names
            for found in [known.get(pointer(place, name))]
            if found
        }
        for place, names in declared.items()
    }


def _group(given: Any, place: str) -> dict[str, Any]:
    group = given.get(place) if isinstance(given, dict) else None
    return group if isinstance(group, dict) else {}


def _value(where: str, value: Any, kind: Kind) -> Any:
    read = _READ[kind](value)
    if read is None:
        raise Invalid(f"Expected the argument {where} to be of the kind {kind}, but it is {_kind_of(value)}.")
    return read


def _kind_of(value: Any) -> str:
    """Name the kind of a value, and nothing of the value: it may be one that the log hides."""
    match value:
        case bool():
            return "true or false"
        case int() | Decimal():
            return "another number"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "nothing"


def _integer(value: Any) -> int | None:
    """Clamp a whole number to what the engine holds; a fraction is none."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    clamped = max(-_MOST, min(_MOST, value))  # first: nothing bounds an exponent, and 1e999999 has a million digits
    return int(clamped) if clamped == int(clamped) else None


def _decimal(value: Any) -> dict[str, Any] | None:
    """Round a number away from zero to the engine's four digits, so that no limit is passed by a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    clamped = max(-_MOST_DECIMAL, min(_MOST_DECIMAL, Decimal(value)))
    return {"__extn": {"fn": "decimal", "arg": str(clamped.quantize(_STEP, rounding=ROUND_UP))}}


def _texts(value: Any) -> list[str] | None:
    return value if isinstance(value, list) and all(isinstance(each, str) for each in value) else None


_READ: dict[Kind, Callable[[Any], Any]] = {
    "text": lambda value: value if isinstance(value, str) else None,
    "texts": _texts,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": lambda value: value if isinstance(value, bool) else None,
}
