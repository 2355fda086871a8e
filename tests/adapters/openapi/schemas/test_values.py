"""Foreign numbers keep their digits, and what no engine can hold is refused with its place."""

from decimal import Decimal

import pytest

from adapters.openapi.schemas.values import exact, read_value
from domain.errors import Invalid


def test_numbers_keep_their_digits() -> None:
    assert repr(read_value(b"[1, 1.10, -0.0, 12345678901234567890]")) == (
        "[1, Decimal('1.10'), Decimal('-0.0'), 12345678901234567890]"
    )
    assert exact({"a": [0.1, 1e-7, 5e-324, 1, True]}) == {
        "a": [Decimal("0.1"), Decimal("1e-7"), Decimal("5e-324"), 1, True]
    }


@pytest.mark.parametrize(
    "text",
    [b"1e309", b'{"a": [-1e999]}', b"1e-999999999999999999999", b"1e99999999999999999999", b"NaN", b"[Infinity]",
     b"1" * 309, b"1" * 5_000, b"[" * 100_000, b'"\xff"', b'"\\ud800"', b"01", b"", b"{"],
)  # fmt: skip
def test_what_no_engine_can_hold_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match="Expected"):
        read_value(text)


def test_digits_in_a_text_are_no_number() -> None:
    assert read_value(b'"' + b"1" * 400 + b'"') == "1" * 400
