"""Say in words what does not fit, each problem with the JSON pointer of its place.

The words are those of the jsonschema library, which reads the same schema. It is slow where alternatives nest and where
values are many, so its steps are counted.
"""

import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from decimal import Decimal
from fractions import Fraction
from itertools import islice
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from adapters.openapi.schemas.conversion import BROKEN, Schema
from adapters.openapi.schemas.expressions import matches
from domain.encoding import encode
from domain.pointers import pointer
from domain.redaction.clipping import clipped

MOST = 10
MOST_STEPS = 20_000
_TEXT = 300
_DECIMAL = re.compile(r"Decimal\('([^']*)'\)")
_left: ContextVar[int] = ContextVar("steps that are left")


class TooMuch(Exception):
    """Report that a value was not judged within the bound of steps."""


class Words:
    """Explain what does not fit one self-contained schema."""

    def __init__(self, schema: Schema) -> None:
        # The library would match names by itself, without any bound; there the other engine alone has the word.
        engine = _WithoutUnevaluated if "'patternProperties':" in str(schema) else _Counting
        self._validator = engine(schema)

    def problems(self, instance: Any) -> tuple[str, ...]:
        """Return at most ten problems in the order of their places; raises TooMuch."""
        _left.set(MOST_STEPS)
        try:
            errors = list(islice(self._validator.iter_errors(instance), MOST * MOST))
        except BaseException as fault:
            if isinstance(fault, RecursionError) or is_panic(fault):  # of the library's types, where recursion ends
                raise TooMuch from fault
            raise
        said = dict.fromkeys(map(_message, sorted(errors, key=lambda each: each.json_path)))
        return tuple(said)[:MOST]


def is_panic(fault: BaseException) -> bool:
    """Tell whether what is written in Rust broke down: its panics pass by every ``except Exception``."""
    return type(fault).__name__ == "PanicException"


def problem(path: Iterable[str | int], text: str) -> str:
    """Return a problem at a place, short enough to be read."""
    return f"{_shortened(pointer(*path)) or '/'}: {_shortened(text)}"


def _shortened(text: str) -> str:
    return clipped(text, _TEXT)


def _message(error: jsonschema.ValidationError) -> str:
    deepest = _deepest(error)
    value = deepest.validator_value
    broken = value.get(BROKEN) if deepest.validator == "not" and isinstance(value, dict) else None
    said = _DECIMAL.sub(r"\1", broken or deepest.message)
    return problem(deepest.absolute_path, said)


def _deepest(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """Follow alternatives to the one that was meant: of those whose constants the value has, what came furthest."""
    while error.context:
        others = {_alternative(each) for each in error.context if _rules_out(each)}
        error = max(error.context, key=lambda each: (_alternative(each) not in others, len(each.absolute_path)))
    return error


def _alternative(error: jsonschema.ValidationError) -> Any:
    """Say which of the alternatives found a problem; one that is just ``false`` has no place of its own."""
    return next(iter(error.relative_schema_path), None)


def _rules_out(error: jsonschema.ValidationError) -> bool:
    """Tell whether an alternative is for other values: for those of another type, or with another word at their top."""
    match error.validator:
        case None:
            return True
        case "type":
            return not error.relative_path
        case "const":
            return len(error.relative_path) <= 1
        case "enum":
            return len(error.relative_path) <= 1 and len(error.validator_value) == 1
        case _:
            return False


def _counted(check: Any) -> Any:
    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        _left.set(_left.get() - 1)
        if _left.get() < 0:
            raise TooMuch
        yield from check(validator, value, instance, schema) or ()

    return checked


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _named_by_pattern(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    for pattern, sketch in patterns.items() if isinstance(instance, dict) else ():
        for name in instance:
            if matches(pattern, name):
                yield from validator.descend(instance[name], sketch, path=name, schema_path=pattern)


def _additional(validator: Any, sketch: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """Judge the names that neither ``properties`` nor a pattern knows; the library would match without any bound."""
    patterns = schema.get("patternProperties", {})
    if patterns and isinstance(instance, dict):
        known = [name for name in instance if any(matches(pattern, name) for pattern in patterns)]
        instance = {name: value for name, value in instance.items() if name not in known}
        schema = {keyword: value for keyword, value in schema.items() if keyword != "patternProperties"}
    yield from _LIBRARY["additionalProperties"](validator, sketch, instance, schema) or ()


def _unchecked(validator: Any, sketch: Any, instance: Any, schema: Any) -> Iterator[Any]:
    yield from ()


def _unique(validator: Any, demanded: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    # The library compares each with each.
    if demanded and isinstance(instance, list) and len({encode(_same(each)) for each in instance}) < len(instance):
        yield jsonschema.ValidationError(f"{instance!r} has non-unique elements")


def _multiple(validator: Any, divisor: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    # The library divides within 28 digits and fails on any number that needs more. Nought is a multiple of anything,
    # and its exponent, which nothing bounds, is not to be written out.
    if instance and validator.is_type(instance, "number") and Fraction(instance) % Fraction(divisor):
        yield jsonschema.ValidationError(f"{instance!r} is not a multiple of {divisor!r}")


def _same(value: Any) -> Any:
    """Return a value so that equal ones are written alike: 1.0 is 1, and 1.10 is 1.1."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else value.normalize()
        case list():
            return [_same(each) for each in value]
        case dict():
            return {name: _same(each) for name, each in value.items()}
        case _:
            return value


def _is_integer(checker: Any, value: Any) -> bool:
    if isinstance(value, Decimal):
        return value == value.to_integral_value()
    return isinstance(value, int) and not isinstance(value, bool)


_LIBRARY = jsonschema.Draft202012Validator.VALIDATORS
_OWN = {
    "multipleOf": _multiple,
    "pattern": _pattern,
    "patternProperties": _named_by_pattern,
    "additionalProperties": _additional,
    "uniqueItems": _unique,
}
_Counting = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {keyword: _counted(check) for keyword, check in (_LIBRARY | _OWN).items()},
    type_checker=jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer),
)
_WithoutUnevaluated = jsonschema.validators.extend(_Counting, {"unevaluatedProperties": _unchecked})
