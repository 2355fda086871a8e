"""Read a dataset from its file, and say at once whatever is wrong with it: nothing is run where anything is."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from domain.errors import Invalid
from domain.pointers import tokens
from ops.bootstrap.evaluation import schema_fault
from ops.evaluation.tasks.dataset import Case, Dataset

PLACES = ("path", "query", "header", "cookie", "body")
LONGEST_ID = 100
MOST_SAID = 10


def read_dataset(file: Path) -> Dataset:
    """Read a dataset from its file; raise Invalid where it is none."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Dataset)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise Invalid(f"Expected a dataset in {file}, but it cannot be read: {fault}.") from fault
    problems = [*_of_all(found), *(f"case {case.id[:100]!r}: {each}" for case in found.cases for each in _of(case))]
    if problems:
        more = f"; and {len(problems) - MOST_SAID} more" if len(problems) > MOST_SAID else ""
        raise Invalid(f"Expected a dataset in {file}, but {'; '.join(problems[:MOST_SAID])}{more}.")
    return found


def _of_all(dataset: Dataset) -> Iterator[str]:
    ids = [case.id for case in dataset.cases]
    if not dataset.name.strip():
        yield "its name is empty"
    if not ids:
        yield "it has no cases"
    for twice in sorted({each for each in ids if ids.count(each) > 1}):
        yield f"{ids.count(twice)} cases have the id {twice[:100]!r}"
    if bool(dataset.document) != bool(dataset.base_url):
        yield "it names a document or a base_url: expected both, or neither for the sample shop"


def _of(case: Case) -> Iterator[str]:
    if not (case.id.strip() and case.id.isprintable() and len(case.id) <= LONGEST_ID):
        yield f"its id is not of 1 to {LONGEST_ID} characters that can be printed"
    if not case.goal.strip():
        yield "its goal is empty"
    for call in case.calls:
        for place in call.arguments.keys() - set(PLACES):
            yield f"{call.tool} has arguments in {place[:100]!r}: expected {', '.join(PLACES)}"
    yield from _of_state(case)
    if fault := schema_fault(case.answer):
        yield f"its answer is no JSON Schema, at {fault}"
    if not all(each.strip() for each in (*case.rubric, *case.tools)):
        yield "a criterion of its rubric, or one of its tools, is empty"


def _of_state(case: Case) -> Iterator[str]:
    for where, values in case.state.items():
        if not where.startswith("/"):
            yield f"its state names {where[:100]!r}: expected a path of the API, which begins with /"
        if not values:
            yield f"its state expects nothing of {where[:100]}"
        for each in values:
            try:
                tokens(each)
            except Invalid as fault:
                yield f"its state of {where[:100]}: {fault}".removesuffix(".")
