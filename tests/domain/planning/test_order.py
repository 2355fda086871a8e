"""A plan whose steps can never start is refused in words that name them; any other order is let through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.planning.order import order_problems


@pytest.mark.parametrize(
    ("waits", "problems"),
    [
        ([[], [1], [1, 2]], ()),
        ([[1]], ("step 1 waits for itself",)),
        ([[], [7]], ("step 2 waits for step 7, but the steps are numbered 1 to 2",)),
        ([[], [0]], ("step 2 waits for step 0, but the steps are numbered 1 to 2",)),
        (
            [[], [4], [2], [3]],
            ("the plan goes in a circle: step 2 waits for step 4 waits for step 3 waits for step 2",),
        ),
        (
            [[2], []],
            ("step 1 waits for step 2, which comes later: put each step behind those that it waits for",),
        ),
    ],
)
def test_what_is_wrong_with_an_order_is_said_in_words(waits: list[list[int]], problems: tuple[str, ...]) -> None:
    assert order_problems(waits) == problems


@given(st.lists(st.lists(st.integers(-1, 9), max_size=4), max_size=9))
def test_exactly_those_orders_pass_in_which_each_step_waits_for_earlier_ones(waits: list[list[int]]) -> None:
    startable = all(1 <= other < number for number, others in enumerate(waits, 1) for other in others)
    assert (order_problems(waits) == ()) is startable


def test_a_long_chain_that_bites_its_tail_is_found() -> None:
    waits = [[2000], *([number] for number in range(1, 2000))]
    assert order_problems(waits)[0].startswith("the plan goes in a circle: step 1 waits for step 2000 waits for")
