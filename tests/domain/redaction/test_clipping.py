"""A text is cut where no value is cut in two."""

from hypothesis import given
from hypothesis import strategies as st

from domain.redaction.clipping import clipped

VALUES = st.sampled_from(
    ["ada.lovelace@example.org", "4111 1111 1111 1111", "GB82 WEST 1234 5698 7654 32", "4111111111111111"]
)


@given(st.text('ab {":', max_size=40), VALUES, st.integers(0, 90))
def test_of_a_value_at_the_cut_nothing_is_left_that_tells_it(before: str, value: str, most: int) -> None:
    left = clipped(f"{before} {value} and more of it all", most)
    start = left.find(value[:6])
    assert start < 0 or value in left


def test_what_is_short_enough_stays_whole() -> None:
    assert clipped("to ada@example.org", 18) == "to ada@example.org"
    assert clipped('{"error":"no such person as ada@example.org"}', 35) == '{"error":"no such person as …'
