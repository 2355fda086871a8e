"""A tool's name is legal for every model, unique, and no matter of what stands beside or before it."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.openapi.model import Operation
from adapters.openapi.names import LONGEST, RESERVED, path_name, tool_names

LEGAL = re.compile(r"[a-z0-9_]{1,64}")

ids = st.one_of(
    st.just(""),
    st.sampled_from(["getUser", "get_user", "GET-USER", "reprise_describe", "a__b", "x" * 80, "日本", "get/user#1"]),
    st.text(max_size=90),
)
paths = st.lists(st.sampled_from(["users", "{id}", "a" * 70, "É", "..", "x_y", ""]), max_size=4).map("/".join)
operations = st.lists(
    st.builds(
        Operation,
        method=st.sampled_from(["GET", "POST", "DELETE"]),
        path=paths.map("/{}".format),
        operation_id=ids,
    ),
    max_size=12,
    unique_by=lambda each: each.name,
)


def operation(path: str, operation_id: str = "", method: str = "GET") -> Operation:
    return Operation(method=method, path=path, operation_id=operation_id)


def names_of(found: list[Operation]) -> dict[str, str]:
    return dict(zip((each.name for each in found), tool_names(found), strict=True))


@given(operations)
def test_names_are_legal_unique_and_not_reserved(found: list[Operation]) -> None:
    names = list(names_of(found).values())
    assert all(LEGAL.fullmatch(name) for name in names)
    assert len(set(names)) == len(found)
    assert not any(name.startswith(RESERVED) for name in names)


@given(operations, st.randoms(use_true_random=False))
def test_names_do_not_depend_on_the_order(found: list[Operation], chance: object) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert names_of(shuffled) == names_of(found)


@settings(max_examples=200)
@given(operations, operations)
def test_a_name_stays_when_others_are_added_unless_they_claim_the_same_id(
    found: list[Operation], more: list[Operation]
) -> None:
    added = [each for each in more if each.name not in names_of(found)]
    before, after = names_of(found), names_of([*found, *added])
    claimed = {name for name in names_of(added).values()} | {each for each in after.values() if "__" in each}
    changed = {name for name in before if after[name] != before[name]}
    assert all(after[name] in claimed for name in changed), "who changes gets a name of its path"
    assert names_of(found) == before


def test_the_operation_id_is_the_name_where_it_does_and_the_path_where_not() -> None:
    names = names_of(
        [
            operation("/a", "listOrdersByID"),
            operation("/a", "list-orders-by-id", "POST"),
            operation("/b", "x" * 80),
            operation("/b", "getHTTPThing2", "POST"),
            operation("/c/{id}"),
            operation("/d", "reprise_describe"),
        ]
    )
    assert names["POST /b"] == "get_http_thing2"
    assert names["GET /a"].startswith("get_a__") and names["POST /a"].startswith("post_a__")
    assert names["GET /c/{id}"].startswith("get_c_id__") and names["GET /d"].startswith("get_d__")


def test_where_short_hashes_meet_long_ones_tell_apart() -> None:
    long = "/" + "a" * 80
    tails = [path_name(f"GET {long}{number}") for number in range(3)]
    assert len(set(tails)) == 3 and all(len(name) <= LONGEST for name in tails)
    assert len(path_name("GET /a", 32).rpartition("__")[2]) == 32
