"""Show the calls of a case beside those that were expected, as a table in which what differs stands out."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from html import escape
from typing import Any, NamedTuple

from domain.encoding import canonical

Call = Mapping[str, Any]
_HEADS = ("", "expected", "made", "the policy said")


class Row(NamedTuple):
    """Hold an expected call and the one that was made in its place; None where there is no other."""

    expected: Call | None
    made: Call | None


def calls_table(expected: Sequence[Call], made: Sequence[Call]) -> str:
    """Return a table, a row for each call; where nothing was expected, without the column for it."""
    shown = [at for at in range(len(_HEADS)) if expected or _HEADS[at] != "expected"]
    heads = "".join(f"<th>{_HEADS[at]}</th>" for at in shown)
    rows = [_cells(number, row, graded=bool(expected)) for number, row in enumerate(aligned(expected, made), 1)]
    lines = ["".join(f"<td>{cells[at]}</td>" for at in shown) for cells in rows]
    return f'<table class="calls"><tr>{heads}</tr>' + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def aligned(expected: Sequence[Call], made: Sequence[Call]) -> Iterator[Row]:
    """Put calls side by side: those that are the same, then those of one tool; what is left stands alone."""
    matched = SequenceMatcher(None, [_key(each) for each in expected], [_key(each) for each in made], autojunk=False)
    for kind, first, last, start, end in matched.get_opcodes():
        if kind == "equal":
            yield from map(Row, expected[first:last], made[start:end])
        else:
            yield from _of_one_tool(list(expected[first:last]), made[start:end])


def _of_one_tool(expected: list[Call], made: Sequence[Call]) -> Iterator[Row]:
    for call in made:
        at = next((at for at, each in enumerate(expected) if each["tool"] == call["tool"]), None)
        if at is None:
            yield Row(None, call)
        else:
            yield from (Row(each, None) for each in expected[:at])
            yield Row(expected[at], call)
            del expected[: at + 1]
    yield from (Row(each, None) for each in expected)


def _key(call: Call) -> bytes:
    return canonical([call["tool"], _arguments(call)])


def _arguments(call: Call) -> dict[str, Any]:
    return {place: group for place, group in call["arguments"].items() if group}


def _cells(number: int, row: Row, *, graded: bool) -> tuple[str, str, str, str]:
    wanted = dict(_leaves(_arguments(row.expected))) if row.expected else {}
    done = dict(_leaves(_arguments(row.made))) if row.made else {}
    expected = _call(row.expected, wanted, done, "del") if row.expected else "<i>none</i>"
    made = _call(row.made, done, wanted if row.expected else {}, "ins" if graded else "") if row.made else ""
    said = escape(str(row.made.get("decision") or "not judged")) if row.made else ""
    sent = "" if row.made is None or row.made.get("sent") else ', <span class="no">not sent</span>'
    return str(number), expected, made or '<span class="no">not made</span>', f"{said}{sent}"


def _call(call: Call, own: Mapping[str, str], other: Mapping[str, str], mark: str) -> str:
    """Write a call with an argument a line, those marked that the other has not so."""
    lines = [f"<b>{escape(str(call['tool']))}</b>"]
    for where, value in own.items():
        said = escape(value) if not mark or other.get(where) == value else f"<{mark}>{escape(value)}</{mark}>"
        lines.append(f"<code>{escape(where)} {said}</code>")
    return "<br>".join(lines)


def _leaves(value: Any, where: str = "") -> Iterator[tuple[str, str]]:
    """Return the values of arguments by where they stand."""
    match value:
        case dict() if value:
            for name, held in value.items():
                yield from _leaves(held, f"{where}.{name}" if where else str(name))
        case list() if value:
            for at, held in enumerate(value):
                yield from _leaves(held, f"{where}[{at}]")
        case _:
            if where:
                yield where, canonical(value).decode()
