"""Show what a suite measured as one HTML page: it loads nothing, runs nothing, and can be kept or mailed.

Shares and counts are bars, each group of figures scaled by its largest; what has no number stands in tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import msgspec

from domain.encoding import encode
from domain.errors import Invalid
from ops.evaluation.calls_page import calls_table

NAMES = ("case", "tool")
WIDTH, ROW, LABEL = 320, 22, 260
_STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; margin: .5rem 0 1.5rem } td, th { text-align: left; padding: .2rem .8rem .2rem 0;
vertical-align: top; border-bottom: 1px solid #dde3ea } .no { color: #b3261e } text { font: 13px system-ui, sans-serif }
rect { fill: #3b6fb5 } code { font-size: 13px; overflow-wrap: anywhere } th { font-weight: 600; color: #5a6472 }
table.calls { width: 100%; table-layout: fixed } table.calls th:first-child { width: 1.5rem } del { color: #b3261e;
background: #fbe9e7; text-decoration: none } ins { color: #1b5e20; background: #e6f4e7; text-decoration: none }
table.calls th:last-child { width: 9rem } details { margin: .3rem 0 } summary { cursor: pointer }
@media (prefers-color-scheme: dark) { body { color: #dde3ea; background: #14181f } td, th { border-color: #323a45 }
text { fill: #dde3ea } rect { fill: #6ea0e0 } th { color: #97a3b3 } .no, del { color: #ff8a80 }
del { background: #3a1f1f } ins { color: #9be29f; background: #1d3320 } }"""


def write_report(file: Path, figures: Mapping[str, Any]) -> None:
    """Write the page of a run's figures; raise Invalid where the file cannot be written."""
    try:
        file.write_text(page(figures), "utf-8")
    except OSError as fault:
        raise Invalid(f"Expected a file that can be written, but {file} cannot: {fault}.") from fault


def page(figures: Mapping[str, Any]) -> str:
    """Return the page of a run's figures."""
    plain: dict[str, Any] = msgspec.json.decode(encode(figures))
    title = f"Evaluation: {plain.get('suite', '')}"
    body = "\n".join(_sections({name: value for name, value in plain.items() if name != "suite"}))
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n<h1>{escape(title)}</h1>\n{body}\n</html>\n"
    )


def _sections(figures: Mapping[str, Any]) -> Iterable[str]:
    shares = [name for name, value in figures.items() if isinstance(value, float)]
    for name, value in figures.items():
        if isinstance(value, str) and value:
            yield f"<p>{escape(_words(name))}: <b>{escape(value)}</b></p>"
    yield from _charted("Counts", {name: value for name, value in figures.items() if name not in shares})
    yield from _charted("Shares and rates", {name: figures[name] for name in shares})
    for name, value in figures.items():
        match value:
            case dict() if value and all(isinstance(each, dict) for each in value.values()):
                yield f"<h2>{escape(_words(name))}</h2>"
                for figure in dict.fromkeys(key for each in value.values() for key in each):
                    yield from _charted(_words(figure), {key: each.get(figure) for key, each in value.items()}, 3)
            case [dict(), *_]:
                apart = [{key: held for key, held in row.items() if key not in ("calls", "expected")} for row in value]
                made = [row for row in value if _has_calls(row)]
                yield f"<h2>{escape(_words(name))}</h2>{_table(apart if made else value)}"
                yield from map(_calls_of, made)
            case dict() | list() if value:
                yield f"<h2>{escape(_words(name))}</h2>{_listed(value)}"
            case _:
                pass


def _has_calls(row: Mapping[str, Any]) -> bool:
    calls = [*(row.get("calls") or ()), *(row.get("expected") or ())]
    return bool(calls) and all(isinstance(each, dict) and {"tool", "arguments"} <= each.keys() for each in calls)


def _calls_of(row: Mapping[str, Any]) -> str:
    """Show the calls of a case, at once where it is not as it should be."""
    fine = all((row.get("grades") or {}).values()) and row.get("status", "completed") == "completed"
    case = escape(str(row.get("case", "")))
    table = calls_table(row.get("expected") or (), row.get("calls") or ())
    begun = "<details>" if fine else '<details open="open">'
    return f"{begun}<summary>calls of {case}</summary>{table}</details>"


def _charted(title: str, values: Mapping[str, Any], level: int = 2) -> Iterable[str]:
    numbers = {name: value for name, value in values.items() if _is_number(value)}
    if numbers:
        yield f"<h{level}>{escape(title)}</h{level}>\n{_bars(numbers)}"


def _bars(numbers: Mapping[str, float]) -> str:
    """Draw a bar for each number; shares are scaled by 1, everything else by the largest."""
    shares = all(0 <= each <= 1 for each in numbers.values())
    largest = 1.0 if shares else max(map(abs, numbers.values())) or 1.0
    rows = [_bar(row, name, value, abs(value) / largest) for row, (name, value) in enumerate(numbers.items())]
    height = ROW * len(rows)
    return f'<svg role="img" width="{LABEL + WIDTH + 90}" height="{height}">{"".join(rows)}</svg>'


def _bar(row: int, name: str, value: float, share: float) -> str:
    top, width = row * ROW, round(WIDTH * share, 1)
    return (
        f'<text x="0" y="{top + 15}">{escape(_words(name))}</text>'
        f'<rect x="{LABEL}" y="{top + 3}" width="{width}" height="{ROW - 7}"/>'
        f'<text x="{LABEL + width + 6}" y="{top + 15}">{value:,}</text>'
    )


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Lay out rows, what names each first, without columns in which nothing stands."""
    named = (name for name in NAMES if name in rows[0])
    told = (key for row in rows for key, value in row.items() if value not in (None, "", [], {}))
    heads = list(dict.fromkeys((*named, *told)))
    lines = ["".join(f"<th>{escape(_words(head))}</th>" for head in heads)]
    lines += ["".join(f"<td>{_cell(row.get(head))}</td>" for head in heads) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _listed(value: Mapping[str, Any] | Sequence[Any]) -> str:
    items = value.items() if isinstance(value, Mapping) else ((each, "") for each in value)
    return (
        "<table>" + "".join(f"<tr><td>{_cell(key)}</td><td>{_cell(held)}</td></tr>" for key, held in items) + "</table>"
    )


def _cell(value: Any) -> str:
    match value:
        case True:
            return "yes"
        case False:
            return '<span class="no">no</span>'
        case None:
            return ""
        case dict() if all(isinstance(each, bool) for each in value.values()):
            return ", ".join(f"{escape(name)}: {_cell(each)}" for name, each in value.items())
        case str() | int() | float():
            return escape(str(value))
        case [str(), *_]:
            return "<br>".join(escape(str(each)) for each in value)
        case []:
            return ""
        case dict() if value:
            return _listed(value)
        case [dict(), *_]:
            return "<br>".join(f"<code>{escape(msgspec.json.encode(each).decode())}</code>" for each in value)
        case _:
            return f"<code>{escape(msgspec.json.encode(value).decode())}</code>"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _words(name: str) -> str:
    return name.replace("_", " ")
