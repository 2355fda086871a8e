"""Compare two runs of a suite: which cases came out otherwise, and at which step they first went apart."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from domain.encoding import canonical, encode
from domain.errors import Invalid
from ops.evaluation.suite import Figures
from ops.evaluation.tasks.grading import Outcome


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """Be a run as `--save` writes it; other figures are not looked at."""

    suite: str
    model: str
    outcomes: tuple[Outcome, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Say where a case went apart: at a ``step`` from 1, 0 for its end, and what both did there."""

    case: str
    step: int
    first: str
    second: str
    grades: tuple[str, ...] = ()


def read_file(file: Path) -> bytes:
    """Return what was saved in a file; raise Invalid where it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as fault:
        raise Invalid(f"Expected the number of a kept run or a file that `--save` wrote, but got: {fault}.") from fault


def read_saved(data: bytes, place: str) -> Saved:
    """Read a run; raise Invalid where the data are none of which every case is told."""
    try:
        return msgspec.json.decode(data, type=Saved)
    except msgspec.MsgspecError as fault:
        raise Invalid(f"Expected a run of tasks in {place}, as `--save` and `--keep` write them: {fault}.") from fault


def check_place(file: Path) -> None:
    """Raise Invalid where no file can be written, before there is anything to write."""
    if file.is_dir() or not file.parent.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        raise Invalid(f"Expected a file that can be written in a folder that is there, but got {file}.")


def save(file: Path, figures: Figures) -> None:
    """Write a run's figures and outcomes; raise Invalid where the file cannot be written."""
    try:
        file.write_bytes(encode(figures))
    except OSError as fault:
        raise Invalid(f"Expected a file that can be written, but {file} cannot: {fault}.") from fault


def differences(first: Saved, second: Saved) -> list[Difference]:
    """Return what differs, a difference a case; raise Invalid where the runs are of other suites."""
    if first.suite != second.suite:
        raise Invalid(f"Expected two runs of one suite, but one is of {first.suite}, the other of {second.suite}.")
    others = {each.case: each for each in second.outcomes}
    found = [_difference(each, others.pop(each.case, None)) for each in first.outcomes]
    missing = [
        Difference(case=name, step=0, first="it was not run", second=_end(each)) for name, each in others.items()
    ]
    return [each for each in (*found, *missing) if each]


def _difference(one: Outcome, other: Outcome | None) -> Difference | None:
    if other is None:
        return Difference(case=one.case, step=0, first=_end(one), second="it was not run")
    grades = tuple(name for name in one.grades if one.grades[name] != other.grades.get(name))
    for step, first, second in _steps(one, other):
        if first != second:
            return Difference(case=one.case, step=step, first=first, second=second, grades=grades)
    if (_end(one), grades) == (_end(other), ()):
        return None
    return Difference(case=one.case, step=0, first=_end(one), second=_end(other), grades=grades)


def _steps(one: Outcome, other: Outcome) -> Iterator[tuple[int, str, str]]:
    for step in range(max(len(one.calls), len(other.calls))):
        yield step + 1, _call(one, step), _call(other, step)


def _call(outcome: Outcome, step: int) -> str:
    if step >= len(outcome.calls):
        return "nothing more"
    call = outcome.calls[step]
    return f"{call.tool} {_text(call.arguments)}, {call.decision or 'not judged'}{'' if call.sent else ', not sent'}"


def _end(outcome: Outcome) -> str:
    return f"{outcome.status}: {outcome.answer}"


def _text(value: Any) -> str:
    return canonical(value).decode()
