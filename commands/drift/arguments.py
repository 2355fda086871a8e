"""Say why arguments that once made a request make none any more: what is new, gone, elsewhere or refused.

What an operation takes is read off the views of its two tools, which name each argument by its place. A view may be cut
short, so what it says counts only where a problem that the check found speaks of the same name.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from commands.drift.report import Reason
from domain.catalog.events import Tool
from domain.encoding import Json, parse

PLACES = ("path", "query", "header", "cookie", "body")

Slot: TypeAlias = tuple[str, str]
"""The place and the name of an argument; of a body, its first level."""


def refused(arguments: Json, problems: Iterable[str], before: Tool | None, now: Tool) -> tuple[Reason, ...]:
    """Return the reasons behind the problems of a check, each with its place."""
    problems = tuple(problems)
    given, taken, needed = _given(arguments), dict(_taken(now)), set(_needed(now))
    gone = [slot for slot in given if slot not in taken and _is_told(slot, problems)]
    missing = [slot for slot in sorted(needed) if slot not in given and _is_told(slot, problems)]
    elsewhere = {slot: place for slot in gone for place, name in taken if name == slot[1] and place != slot[0]}
    reasons = [_moved(slot, place) for slot, place in elsewhere.items()]
    reasons += [_gone(slot, missing) for slot in gone if slot not in elsewhere]
    met = {(place, slot[1]) for slot, place in elsewhere.items()}
    reasons += [_required(slot, before) for slot in missing if slot not in met]
    explained = {"/", *(f"/{place}" for place, _ in (*gone, *missing)), *(f"/{p}/{n}" for p, n in gone)}
    left = [problem for problem in problems if not reasons or _pointer(problem) not in explained]
    return (*reasons, *map(_refused, left))


def asks_for_pages(arguments: Json) -> bool:
    """Tell whether arguments ask for several pages of an answer."""
    groups = parse(bytes(arguments))
    return isinstance(groups, dict) and "pages" in groups


def _is_told(slot: Slot, problems: Iterable[str]) -> bool:
    """Tell whether a problem with an argument's whole place names it, or one with all arguments names the place."""
    names = {f"/{slot[0]}": slot[1], "/": slot[0]}
    told = (problem.partition(": ") for problem in problems)
    return any(pointer in names and names[pointer] in message for pointer, _, message in told)


def _given(arguments: Json) -> list[Slot]:
    groups = parse(bytes(arguments))
    return [
        (place, name) for place in PLACES for name in _names(groups.get(place) if isinstance(groups, dict) else None)
    ]


def _names(group: Any) -> Iterable[str]:
    return group if isinstance(group, dict) else ()


def _groups(tool: Tool) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    view = parse(bytes(tool.parameters))
    properties = view.get("properties") if isinstance(view, dict) else None
    for place, group in (properties or {}).items():
        if isinstance(group, dict):
            yield place, group, place in view.get("required", ())


def _taken(tool: Tool) -> Iterator[tuple[Slot, bool]]:
    for place, group, _ in _groups(tool):
        for name in _names(group.get("properties")):
            yield (place, name), True


def _needed(tool: Tool) -> Iterator[Slot]:
    for place, group, required in _groups(tool):
        if required or place != "body":
            yield from ((place, name) for name in group.get("required", ()) if isinstance(name, str))


def _moved(slot: Slot, place: str) -> Reason:
    message = f"{slot[1]} is no longer taken in the {slot[0]} but in the {place}"
    return Reason(cause="argument-moved", pointer=_at(slot), message=message)


def _gone(slot: Slot, missing: list[Slot]) -> Reason:
    same = [name for place, name in missing if place == slot[0]]
    renamed = f"; {same[0]} is new and required there: perhaps it was renamed" if len(same) == 1 else ""
    return Reason(cause="argument-gone", pointer=_at(slot), message=f"{slot[1]} is no longer taken{renamed}")


def _required(slot: Slot, before: Tool | None) -> Reason:
    known = before is not None and slot in dict(_taken(before))
    how = "is required now" if known else "is new and required"
    return Reason(cause="argument-required", pointer=_at(slot), message=f"{slot[1]} {how}")


def _refused(problem: str) -> Reason:
    pointer, _, message = problem.partition(": ")
    if not pointer.startswith("/"):
        pointer, message = "/", problem
    return Reason(cause="argument-refused", pointer=pointer, message=message)


def _pointer(problem: str) -> str:
    return problem.partition(": ")[0]


def _at(slot: Slot) -> str:
    place, name = slot
    return f"/{place}/{name.replace('~', '~0').replace('/', '~1')}"
