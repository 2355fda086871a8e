"""Say things on the terminal: for people, or with ``--json`` for programs."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click
from msgspec import Struct, json, structs

from api.positions import outside
from domain.encoding import encode, parse

_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
POSITIONS = ("position", "head")


def say(text: str = "") -> None:
    """Print a line for people; in JSON mode people read it on the error stream."""
    click.echo(text, err=json_wanted())


def hint(text: str) -> None:
    """Say beside a result what to do next; always on the error stream, for the output is the result."""
    click.echo(text, err=True)


def plain(text: str) -> str:
    """Return a stranger's text without what commands a terminal, or turns its reading direction."""
    return _COMMANDS.sub("\ufffd", text)


def result(value: Any, text: Callable[[], str] | None = None) -> None:
    """Print a command's result: as one line of JSON if asked for, else as text."""
    if json_wanted():
        click.echo(encode(value).decode())
    elif text:
        click.echo(text())


def json_wanted() -> bool:
    """Tell whether ``--json`` was given anywhere on the line."""
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().meta.get("json"))


def placed(shown: Struct, log_id: str) -> dict[str, Any]:
    """Return what is shown with its positions as they are written outside, bound to their log."""
    fields = structs.asdict(shown)
    return fields | {name: outside(log_id, fields[name]) for name in POSITIONS if name in fields}


def cut(text: str, most: int = 60) -> str:
    """Shorten a text for a table, and show that it was."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def sentences(text: str) -> str:
    """Put lines on one line, each as a sentence of its own where it reads as one."""
    return " ".join(re.sub(r"(?<=\w)\s*\n\s*", ". ", text.strip()).split())


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out rows under their heads, columns as wide as needed."""
    lines = [[str(head).upper() for head in heads], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return plain(" ".join(text.split()))


def count(number: int, noun: str) -> str:
    """Say how many there are, in the right number."""
    many = noun[:-1] + "ies" if noun.endswith("ry") else noun + "s"
    return f"{number} {noun if number == 1 else many}"


def pretty(value: Any) -> str:
    """Show a value as indented JSON."""
    return json.format(encode(parse(encode(value))), indent=2).decode()


class Progress:
    """Show how far long work is, on one line, if a terminal is attached."""

    def __init__(self, label: str):
        self._label = label
        self._shown = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Show ``done`` of ``total``."""
        if self._shown:
            share = 100 * done // total if total else 100
            print(f"\r{self._label}: {done:,} of {total:,} ({share} %)", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._shown:
            print(file=sys.stderr)
