"""Be the second opinion on a value: the jsonschema library as it is, but for numbers with all their digits."""

from decimal import Decimal
from typing import Any

import jsonschema  # type: ignore[import-untyped]


def _is_integer(_: Any, value: Any) -> bool:
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return whole or (isinstance(value, int) and not isinstance(value, bool))


_TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
Independent = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=_TYPES)
"""It has its own expressions, and nothing in it is bounded."""
