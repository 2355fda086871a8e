"""Hold values against one schema: jsonschema-rs judges, jsonschema finds the words, or judges where the first fails."""

from itertools import islice
from typing import Any

import jsonschema_rs

from adapters.openapi.schemas.conversion import Schema
from adapters.openapi.schemas.expressions import LINEAR
from adapters.openapi.schemas.values import depth_of, size_of
from adapters.openapi.schemas.ways import ways
from adapters.openapi.schemas.words import MOST, TooMuch, Words, is_panic, problem

MOST_WAYS = 2_000
"""In how many ways the fast engine may judge one place; those of large real documents have some hundreds."""
MOST_WORK = 100_000_000
"""In how many ways times how many bytes it may judge a value: some seconds of its time at most, for nothing ends it."""
UNJUDGED = "/: the value is too large for this schema to be judged"
_DEEP = 30
ANY: tuple[Any, ...] = (None, "", 0, [], {})
UNEXPLAINED = "/: the value does not fit, and it is too large for this schema to say where"


class Compiled:
    """Judge values by one self-contained schema; ``fast`` is None where jsonschema-rs cannot, or might not end."""

    def __init__(self, schema: Schema) -> None:
        self._words = Words(schema)
        self._ways = ways(schema)
        self.fast = None if self._ways > MOST_WAYS else _fast(schema)

    def problems(self, value: Any, *, size: int | None = None) -> tuple[str, ...]:
        """Return at most ten problems of a value as `read_value` reads it; none means that all fits.

        ``size`` is how many bytes it has as JSON, and is counted where it is not said. What might take the fast engine
        too long is judged in counted steps.
        """
        size = size_of(value) if size is None else size
        fits = _fits(self.fast, value) if self.fast and self._ways * size <= MOST_WORK else None
        if fits is None:
            return self._judged_slowly(value)
        if fits:
            return ()
        try:
            return self._words.problems(value) or self._bare(value, size)
        except TooMuch:
            # The other engine would list every way through the alternatives, however many.
            return (UNEXPLAINED,)

    def _judged_slowly(self, value: Any) -> tuple[str, ...]:
        try:
            return self._words.problems(value)
        except TooMuch:
            return (UNJUDGED,)

    def _bare(self, value: Any, size: int) -> tuple[str, ...]:
        """Say it in the words of jsonschema-rs, where jsonschema finds none."""
        # It takes every way each time that the schema leads back to itself, unlike where it only judges.
        if self.fast is None or self._ways ** min(depth_of(value), _DEEP) * size > MOST_WORK:
            return (UNEXPLAINED,)
        return tuple(problem(each.instance_path, each.message) for each in islice(self.fast.iter_errors(value), MOST))


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
    """Tell whether a value fits, None where the engine broke down."""
    try:
        return fast.is_valid(value)
    except BaseException as fault:
        if is_panic(fault):
            return None
        raise


def _fast(schema: Schema) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator(schema, pattern_options=LINEAR, offline=True)
    except (ValueError, TypeError, OverflowError, RecursionError, jsonschema_rs.ReferencingError):
        return None
