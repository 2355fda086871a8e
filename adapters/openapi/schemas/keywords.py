"""Say what each keyword of JSON Schema 2020-12 must hold; one that holds something else says nothing.

Real documents hold bounds written as strings and keywords of other drafts: the API itself will judge.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from adapters.openapi.schemas.expressions import usable
from adapters.openapi.schemas.values import exact

NOTHING: Final = object()
TYPES = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})
ONE = frozenset(
    {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)
"""Keywords that hold a schema."""
MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
"""Keywords that hold a list of schemas."""
NAMED = frozenset({"dependentSchemas", "properties"})
"""Keywords that hold schemas by name."""


def plain_value(keyword: str, value: Any) -> Any:
    """Return what a keyword without schemas in it says, in the form of 2020-12, or NOTHING."""
    check = _PLAIN.get(keyword)
    return NOTHING if check is None else check(value)


def is_schema(value: Any) -> bool:
    """Tell whether a value can be a schema."""
    return isinstance(value, dict | bool)


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite number."""
    return isinstance(value, int | Decimal | float) and not isinstance(value, bool) and -1e308 < value < 1e308


def _number(value: Any) -> Any:
    return exact(value) if is_number(value) else NOTHING


def _positive(value: Any) -> Any:
    return exact(value) if is_number(value) and value > 0 else NOTHING


def _count(value: Any) -> Any:
    return min(int(value), 2**62) if is_number(value) and value >= 0 and value == int(value) else NOTHING


def _flag(value: Any) -> Any:
    return value if isinstance(value, bool) else NOTHING


def _names(value: Any) -> Any:
    if not isinstance(value, list):
        return NOTHING
    return list(dict.fromkeys(each for each in value if isinstance(each, str)))


def _names_by_name(value: Any) -> Any:
    if not isinstance(value, dict):
        return NOTHING
    return {key: _names(each) for key, each in value.items() if isinstance(each, list)}


def _values(value: Any) -> Any:
    return exact(value) if isinstance(value, list) and value else NOTHING


def _type(value: Any) -> Any:
    if isinstance(value, list):
        known = value and all(isinstance(each, str) and each in TYPES for each in value)
        return list(dict.fromkeys(value)) if known else NOTHING
    return value if isinstance(value, str) and value in TYPES else NOTHING


def _pattern(value: Any) -> Any:
    return value if usable(value) else NOTHING


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "const": exact,
    "dependentRequired": _names_by_name,
    "enum": _values,
    "multipleOf": _positive,
    "pattern": _pattern,
    "required": _names,
    "type": _type,
    "uniqueItems": _flag,
    **dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"), _number),
    **dict.fromkeys(("maxContains", "maxItems", "maxLength", "maxProperties"), _count),
    **dict.fromkeys(("minContains", "minItems", "minLength", "minProperties"), _count),
}
PLAIN = frozenset(_PLAIN)
"""Keywords that hold no schemas."""
