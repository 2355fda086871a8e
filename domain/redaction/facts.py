"""Hide the values of a fact: of every text in it but names, ids and digests of our own."""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, cast

import msgspec
from msgspec import inspect
from msgspec.structs import replace

from domain.content import Content
from domain.redaction.hiding import Hider
from domain.redaction.recorded import HiddenPlace
from domain.redaction.texts import Marks, hide_text
from domain.session.events import Fact

OURS = frozenset(
    {
        "account", "agent", "agent_policy_set", "agents", "api", "approval", "attempt", "before", "blob", "budget",
        "by", "call", "catalog", "credentials", "demands", "digest", "document", "effect_class", "environment", "found",
        "hidden", "id", "key", "lane", "letter", "method", "model", "operation", "policy_set", "prompt_digest", "proof",
        "redacted", "request_digest", "roles", "rules", "session", "source", "space", "standing", "tenant", "tool",
        "user", "worker",
    }
)  # fmt: skip
"""Fields that hold what we, or those who run us, call things; whatever is not among them is looked through."""

_MOST_PLACES = 200

Known = TypeVar("Known", bound=Fact)
Places = Counter[tuple[str, str]]


def hide_fact(hider: Hider, fact: Known, *, marks: Mapping[str, Marks] | None = None, trusted: bool = False) -> Known:
    """Return a fact with tokens in the place of its values, and with how many were hidden where.

    ``marks`` are those of the texts in its fields. Of more than 200 places the first are named.
    """
    if not any((marks or {}).values()) and not any(map(hider.may_hide, _texts(fact))):
        return fact  # most are as they should be, which is quicker to see than to take them apart
    places = Places()
    hidden: Known = _hide_fields(hider, fact, "", places, marks or {}, trusted)
    named = (HiddenPlace(kind=kind, at=at, count=count) for (kind, at), count in [*places.items()][:_MOST_PLACES])
    return replace(hidden, redacted=tuple(named)) if places else hidden


def size_of(fact: Fact) -> int:
    """Return about how many characters of a fact are looked through."""
    return sum(_size(getattr(fact, name)) for name in texts_of(type(fact)))


@cache
def texts_of(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    """Return the fields of a fact, or of what it holds, that are looked through: what can hold no text is not."""
    return _texts_in(cast(inspect.StructType, inspect.type_info(kind)))


def _texts_in(struct: inspect.StructType) -> tuple[str, ...]:
    return tuple(each.name for each in struct.fields if each.name not in OURS and _holds_text(each.type))


def _holds_text(kind: inspect.Type) -> bool:
    match kind:
        case inspect.IntType() | inspect.BoolType() | inspect.NoneType() | inspect.DateTimeType():
            return False
        case inspect.LiteralType():
            return False  # one of our own words
        case inspect.UnionType(types=kinds):
            return any(map(_holds_text, kinds))
        case inspect.VarTupleType(item_type=item):
            return _holds_text(item)
        case inspect.StructType():
            return bool(_texts_in(kind))
        case _:
            return True


def _size(value: Any) -> int:
    match value:
        case str():
            return len(value)
        case msgspec.Raw():
            return len(bytes(value))
        case Content():
            return len(value.text)
        case _:
            return 0


def _texts(value: Any) -> set[str]:
    """Return every text in a value that is looked through."""
    found: set[str] = set()
    _add_texts(value, found)
    return found


def _add_texts(value: Any, found: set[str]) -> None:
    match value:
        case str():
            found.add(value)
        case msgspec.Raw():
            found.add(bytes(value).decode())
        case Content(blob=""):
            found.add(value.text)
        case Content():
            pass
        case msgspec.Struct():
            for name in texts_of(type(value)):
                _add_texts(getattr(value, name), found)
        case tuple():
            for each in value:
                _add_texts(each, found)
        case _:
            pass


def _hide_fields(
    hider: Hider, held: msgspec.Struct, at: str, places: Places, marks: Mapping[str, Marks], trusted: bool
) -> Any:
    changed = {}
    for name in texts_of(type(held)):
        value = getattr(held, name)
        if not value:
            continue
        new = _hide(hider, value, f"{at}/{name}", places, marks.get(name), trusted)
        if new is not value:
            changed[name] = new
    return replace(held, **changed) if changed else held


def _hide(hider: Hider, value: Any, at: str, places: Places, marks: Marks | None, trusted: bool) -> Any:
    match value:
        case str():
            text = _hide_text(hider, value, at, places, marks, trusted)
            return value if text == value else text
        case msgspec.Raw():
            written = bytes(value).decode()
            text = _hide_text(hider, written, at, places, marks, trusted)
            return value if text == written else msgspec.Raw(text.encode())
        case Content(blob=""):
            text = _hide_text(hider, value.text, at, places, marks, trusted)
            return value if text == value.text else Content(text=text, size=len(text.encode()))
        case Content():
            return value
        case msgspec.Struct():
            return _hide_fields(hider, value, at, places, {"value": marks} if marks else {}, trusted)
        case tuple():
            new = tuple(_hide(hider, each, f"{at}/{n}", places, None, trusted) for n, each in enumerate(value))
            return value if all(one is other for one, other in zip(new, value, strict=True)) else new
        case _:
            return value


def _hide_text(hider: Hider, text: str, at: str, places: Places, marks: Marks | None, trusted: bool) -> str:
    if not marks and not hider.may_hide(text):
        return text
    hidden = hide_text(hider, text, marks=marks, trusted=trusted)
    for (kind, pointer), count in hidden.places.items():
        places[kind, at + pointer] += count
    return hidden.text
