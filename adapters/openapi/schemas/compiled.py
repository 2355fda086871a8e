"""Hold values against one schema: jsonschema-rs judges, jsonschema finds the words, or judges where the first fails."""

from itertools import islice
from typing import Any

import jsonschema_rs

from adapters.openapi.schemas.conversion import Schema
from adapters.openapi.schemas.expressions import LINEAR
from adapters.openapi.schemas.words import MOST, TooMuch, Words, problem

UNJUDGED = "/: the value is too large for this schema to be judged"
UNEXPLAINED = "/: the value does not fit, and it is too large for this schema to say where"


class Compiled:
    """Judge values by one self-contained schema; ``fast`` is None where jsonschema-rs cannot compile it."""

    def __init__(self, schema: Schema) -> None:
        self._words = Words(schema)
        self.fast = _fast(schema)

    def problems(self, value: Any) -> tuple[str, ...]:
        """Return at most ten problems of a value as `read_value` reads it; none means that all fits."""
        fits = _fits(self.fast, value) if self.fast else None
        if fits is None:
            return self._judged_slowly(value)
        if fits:
            return ()
        try:
            return self._words.problems(value) or self._bare(value)
        except TooMuch:
            # The other engine would list every way through the alternatives, however many.
            return (UNEXPLAINED,)

    def _judged_slowly(self, value: Any) -> tuple[str, ...]:
        try:
            return self._words.problems(value)
        except TooMuch:
            return (UNJUDGED,)

    def _bare(self, value: Any) -> tuple[str, ...]:
        """Say it in the words of jsonschema-rs, where jsonschema finds none."""
        errors = islice(self.fast.iter_errors(value), MOST) if self.fast else ()
        return tuple(problem(each.instance_path, each.message) for each in errors)


def _fits(fast: jsonschema_rs.Draft202012Validator, value: Any) -> bool | None:
    """Tell whether a value fits, None where the engine broke down: its panics pass by every ``except Exception``."""
    try:
        return fast.is_valid(value)
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":
            raise
        return None


def _fast(schema: Schema) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=LINEAR, offline=True)
    except (ValueError, TypeError, OverflowError, RecursionError, jsonschema_rs.ReferencingError):
        return None
