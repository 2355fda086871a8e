"""Hold values against one schema: jsonschema-rs judges, jsonschema finds the words, or judges where the first fails."""

from itertools import islice
from typing import Any

import jsonschema_rs

from adapters.openapi.schemas.conversion import Schema
from adapters.openapi.schemas.expressions import LINEAR
from adapters.openapi.schemas.ways import too_many_ways
from adapters.openapi.schemas.words import MOST, TooMuch, Words, problem

UNJUDGED = "/: the value is too large for this schema to be judged"
ANY: tuple[Any, ...] = (None, "", 0, [], {})
UNEXPLAINED = "/: the value does not fit, and it is too large for this schema to say where"


class Compiled:
    """Judge values by one self-contained schema; ``fast`` is None where jsonschema-rs cannot, or might not end."""

    def __init__(self, schema: Schema) -> None:
        self._words = Words(schema)
        # What has too many ways is judged in counted steps, for nothing ends the fast engine.
        self.fast = None if too_many_ways(schema) else _fast(schema)

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


def fault_of(schema: Schema) -> str:
    """Say why a schema cannot be judged by, with its place; nothing if it can. Nothing that it refers to is fetched."""
    try:
        jsonschema_rs.Draft202012Validator(schema, pattern_options=LINEAR, offline=True)
        for value in ANY:
            Words(schema).problems(value)
    except TooMuch:
        return "/: it refers to itself without end"
    except jsonschema_rs.ValidationError as fault:
        return problem(fault.instance_path, fault.message)
    except (ValueError, TypeError, OverflowError, RecursionError, jsonschema_rs.ReferencingError) as fault:
        return problem((), str(fault))
    return ""


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
