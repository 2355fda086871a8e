"""Pointers lead to values, and values come apart into leaves that pointers lead to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.pointers import ABSENT, at, leaves, pointer, put, tokens

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_a_leaf_is_found_where_it_was_said_to_be(value: Any) -> None:
    for path, leaf in leaves(value):
        if len(path) <= 32:
            assert tokens(pointer(*path)) == path
        assert at(value, path) is leaf


@given(VALUES, VALUES)
def test_what_is_put_somewhere_is_found_there(value: Any, new: Any) -> None:
    for path, _ in leaves(value):
        assert at(put(value, path, new), path) == new


@pytest.mark.parametrize("path", [("b",), ("a", "x"), ("a", "2"), ("a", "-1"), ("a", "01"), ("a", "١")])
def test_what_is_not_there_is_absent(path: tuple[str, ...]) -> None:
    assert at({"a": [1, 2]}, path) is ABSENT


def test_nothing_is_put_into_what_holds_nothing() -> None:
    assert put({}, ("body", "to"), "ann") == {"body": {"to": "ann"}}
    with pytest.raises(Invalid, match="Expected an object"):
        put({"body": [1]}, ("body", "5"), "ann")
    with pytest.raises(Invalid, match="Expected an object"):
        put({"body": "text"}, ("body", "to"), "ann")
