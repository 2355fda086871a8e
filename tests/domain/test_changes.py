"""The changes between two values are all of them: applied to the one, they make the other."""

from typing import Any

import msgspec
from hypothesis import given as examples
from hypothesis import strategies as st

from domain.changes import Change, changes
from domain.encoding import canonical, parse
from domain.session.events import BudgetSpent
from tests.domain.test_encoding import JSON


def applied(value: Any, change: Change) -> Any:
    """Apply one change as a JSON Patch does (RFC 6902)."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in change.path.split("/")[1:]]
    if not names:
        return parse(canonical(change.after))
    parent = value
    for name in names[:-1]:
        parent = parent[int(name) if isinstance(parent, list) else name]
    last: Any = int(names[-1]) if isinstance(parent, list) else names[-1]
    if change.op == "remove":
        assert canonical(parent.pop(last)) == canonical(change.before)
    elif change.op == "add" and isinstance(parent, list):
        parent.insert(last, parse(canonical(change.after)))
    else:
        assert change.op == "add" or canonical(parent[last]) == canonical(change.before)
        parent[last] = parse(canonical(change.after))
    return value


@examples(JSON, JSON, st.integers(1, 12))
def test_changes_applied_to_the_one_make_the_other(before: Any, after: Any, most: int) -> None:
    found = changes(before, after, most=most)
    value = parse(canonical(before))
    for change in found:
        value = applied(value, change)
    assert canonical(value) == canonical(after)
    assert len(found) <= most


@examples(JSON)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert changes(value, value) == ()


def test_a_change_names_its_place_and_both_values() -> None:
    before = {"a/b": [1, {"~": None}], "kept": True, "gone": 1}
    after = {"a/b": [1, {"~": 2}, 3], "kept": True}
    assert changes(before, after) == (
        Change(path="/a~1b/1/~0", op="replace", before=None, after=2),
        Change(path="/a~1b/2", op="add", after=3),
        Change(path="/gone", op="remove", before=1),
    )


def test_what_leaves_an_array_leaves_from_its_end() -> None:
    assert [change.path for change in changes([1, 2, 3], [])] == ["/2", "/1", "/0"]


def test_too_many_changes_are_one_of_the_whole() -> None:
    before, after = {"many": list(range(300)), "one": 1}, {"many": list(range(1, 301)), "one": 2}
    assert [change.path for change in changes(before, after)] == ["/many", "/one"]


def test_numbers_that_are_written_differently_differ() -> None:
    (change,) = changes(msgspec.Raw(b"[1.0]"), msgspec.Raw(b"[1]"))
    assert canonical(change.before) == b"1.0" and canonical(change.after) == b"1"
    assert changes(True, 1) and changes(0, False)


def test_structs_are_compared_by_what_they_are_stored_as() -> None:
    (change,) = changes(BudgetSpent(tokens=3), BudgetSpent(tokens=3, tool_calls=1))
    assert (change.path, change.op, change.after) == ("/tool_calls", "add", 1)


def test_a_value_that_comes_into_being_is_replaced_as_a_whole() -> None:
    assert changes(None, {"a": 1}) == (Change(path="", op="replace", before=None, after={"a": 1}),)


def test_values_of_any_depth_are_compared() -> None:
    one, other = (msgspec.Raw(b"[" * 900 + digit + b"]" * 900) for digit in (b"1", b"2"))
    for before, after in ((one, other), (None, one)):
        assert len(changes({"deep": before}, {"deep": after})) == 1
