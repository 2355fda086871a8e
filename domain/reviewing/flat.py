"""Write JSON and tables of a claim as lines of words, so that all claims are checked in one way.

``{"order_id": "#W1", "items": [{"name": "Lamp", "price": 3}]}`` becomes the lines ``#W1: order id #W1`` and ``#W1 Lamp:
price 3``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from domain.encoding import parse
from domain.errors import Invalid
from domain.reviewing.evidence import Evidence
from domain.reviewing.records import is_naming
from domain.reviewing.terms import key_terms, terms

_FENCE = re.compile(r"```\w*")
_RULE = re.compile(r"^\s*\|?[\s:|-]*-{2,}[\s:|-]*$")


def flat(claim: str, evidence: Evidence) -> str:
    """Return a claim whose JSON and tables are lines of words."""
    claim = _FENCE.sub("\n", claim)
    if found := _json_in(claim):
        lines = "\n".join(_lines(found.value, "", "", evidence))
        return f"{_tables(claim[: found.start])}\n{lines}\n{_tables(claim[found.end :])}"
    return _tables(claim)


def objects_in(claim: str) -> Iterator[dict[str, Any]]:
    """Return the objects of the JSON in a claim, those within others too."""
    found = _json_in(_FENCE.sub("\n", claim))
    due = [found.value] if found else []
    while due:
        value = due.pop()
        if isinstance(value, dict):
            yield value
            due += value.values()
        elif isinstance(value, list):
            due += value


class _Json(NamedTuple):
    """Hold the JSON of a claim, and where it stands."""

    start: int
    end: int
    value: Any


def _json_in(claim: str) -> _Json | None:
    start = min((at for mark in "{[" if (at := claim.find(mark)) >= 0), default=-1)
    end = max(claim.rfind("}"), claim.rfind("]")) + 1
    try:
        value = parse(claim[start:end]) if start >= 0 else None
    except Invalid:
        return None
    is_told = isinstance(value, dict) or (isinstance(value, list) and any(isinstance(each, dict) for each in value))
    return _Json(start, end, value) if is_told else None


def _lines(value: Any, whose: str, key: str, evidence: Evidence) -> Iterator[str]:
    match value:
        case dict():
            name = _name_of(value, evidence)
            inner = f"{whose} {name}".strip() if name and name not in whose.split() else whose
            for under, held in value.items():
                if isinstance(held, dict | list) and terms(under) in evidence.names:
                    yield from _lines(held, f"{whose} {under}".strip(), "", evidence)
                else:
                    yield from _lines(held, inner, under, evidence)
        case list():
            for each in value:
                yield from _lines(each, whose, key, evidence)
        case None:
            yield f"{whose}: {_words(key)} unknown"
        case bool():
            yield f"{whose}: {'' if value else 'not '}{_words(key)}"
        case _:
            said = str(value).strip() or "unknown"
            yield f"{whose}: {_words(key)} {said}" if said not in whose.split(" ") or not whose else f"{whose}"


def _name_of(value: Mapping[str, Any], evidence: Evidence) -> str:
    """Return what an object calls its record: a name that the evidence knows, else any."""
    named = [str(held) for key, held in value.items() if isinstance(held, str | int) and is_naming(key_terms(key))]
    return next((name for name in named if terms(name) in evidence.names), named[0] if named else "")


def _words(key: str) -> str:
    return " ".join(key_terms(key))


def _tables(text: str) -> str:
    """Write the rows of tables as ``first cell: head cell, head cell``."""
    lines: list[str] = []
    heads: list[str] = []
    rows = text.split("\n")
    for index, row in enumerate(rows):
        cells = [cell.strip(" *`") for cell in row.strip().strip("|").split("|")]
        if row.count("|") < 2:
            lines.append(row)
            heads = []
        elif _RULE.match(row):
            continue
        elif index + 1 < len(rows) and _RULE.match(rows[index + 1]):
            heads = cells
        elif heads and len(cells) == len(heads):
            said = ", ".join(f"{head} {cell}" for head, cell in zip(heads[1:], cells[1:], strict=True))
            lines.append(f"{cells[0]}: {said}")
        else:
            lines.append(" ".join(cells))
    return "\n".join(lines)
