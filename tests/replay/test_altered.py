"""Every single alteration of a recorded consequence is found, and named by version, type and path with both values."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.encoding import canonical, encode, parse
from domain.replay import Difference, Row, replay
from domain.session.decide import BEHAVIOUR
from tests.domain.story import SESSION
from tests.replay.runs import RUNS, consequences, recorded

runs = pytest.mark.parametrize("name", RUNS)


def found(rows: Sequence[Row]) -> Difference:
    (difference,) = replay(SESSION, rows, execute=True).divergences
    return difference


def difference(version: int, topic: str, path: str, was: Any, now: Any) -> Difference:
    return Difference(session_id=SESSION, version=version, event_type=topic, path=path, recorded=was, produced=now)


def renumbered(rows: Sequence[Row]) -> list[Row]:
    return [replace(row, version=version) for version, row in enumerate(rows, 1)]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield everything inside a JSON value, containers included, with the keys that lead to it."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    for key, held in inner:
        yield (*path, key), held
        yield from places(held, (*path, key))


def altered(value: Any) -> list[Any]:
    """Return another value of the same type where there is one, then of each type that might be confused with it."""
    match value:
        case bool():
            return [not value, int(value), str(value).lower(), None]
        case int():
            return [value + 1, bool(value), str(value), [value], None]
        case str():
            return [value + "x", {"text": value}, None, 0]
        case list():
            return [{}, None, "x"]
        case _:
            return [[], None, "x"]


def written(document: dict[str, Any], keys: tuple[Any, ...], value: Any) -> bytes:
    """Write a document again with another value at one place."""
    copy = parse(canonical(document))
    place = copy
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    return encode(copy)


def removed(document: dict[str, Any], keys: tuple[Any, ...]) -> bytes:
    """Write a document again without what stands at one place."""
    copy = parse(canonical(document))
    place = copy
    for key in keys[:-1]:
        place = place[key]
    del place[keys[-1]]
    return encode(copy)


def pointer(keys: tuple[Any, ...]) -> str:
    return "".join(f"/{key}" for key in keys)


def check_every_place(rows: tuple[Row, ...], index: int, roots: Sequence[str]) -> int:
    """Alter one event at every place below the roots; return how many alterations were found.

    Each place gets another value, one of another type (a number or a truth value gets all), and none at all.
    """
    row, count = rows[index], 0
    document = parse(row.state)
    for number, (keys, value) in enumerate(places(document)):
        if keys[0] not in roots:
            continue
        first, *others = altered(value)
        if not isinstance(value, int):  # only numbers and truth values are equal in Python though their types differ
            others = [others[number % len(others)]]
        for other in (first, *others):
            changed = replace(row, state=written(document, keys, other))
            expected = difference(row.version, row.topic, pointer(keys), other, value)
            assert found([*rows[:index], changed, *rows[index + 1 :]]) == expected
            count += 1
        changed = replace(row, state=removed(document, keys))
        named = found([*rows[:index], changed, *rows[index + 1 :]])
        assert (named.version, named.event_type) == (row.version, row.topic)
        if not isinstance(keys[-1], int):  # in a list, those behind move up
            assert named == difference(row.version, row.topic, pointer(keys), None, value)
        assert named.path.startswith(pointer(keys[:-1]))
        count += 1
    return count


@runs
def test_every_altered_payload_field_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = recorded(name)
    count = sum(check_every_place(rows, index, ["data"]) for index in consequences(rows))
    with capsys.disabled():
        print(f"\n  {name}: {count:,} alterations", end="")


@pytest.mark.parametrize("name", ["refused", "cancelled"])
def test_every_altered_envelope_field_is_named(name: str) -> None:
    rows = recorded(name)
    roots = ("id", "kind", "actor", "at", "correlation", "fact", "causation")
    assert sum(check_every_place(rows, index, roots) for index in consequences(rows))


@pytest.mark.parametrize("where", ["data", "actor"])
@pytest.mark.parametrize("value", [None, 0, "x"])
def test_a_field_that_was_added_is_named(where: str, value: Any) -> None:
    rows = recorded("refused")
    for index in consequences(rows):
        row = rows[index]
        changed = replace(row, state=written(parse(row.state), (where, "zz/z~"), value))
        named = found([*rows[:index], changed, *rows[index + 1 :]])
        assert named == difference(row.version, row.topic, f"/{where}/zz~1z~0", value, None)


def test_a_list_that_grew_is_named() -> None:
    rows = recorded("completed")
    index = next(index for index, row in enumerate(rows) if row.topic == "session.plan-proposed.v1")
    document = parse(rows[index].state)
    changed = replace(rows[index], state=written(document, ("data", "steps"), [*document["data"]["steps"], None]))
    named = found([*rows[:index], changed, *rows[index + 1 :]])
    assert named == difference(index + 1, rows[index].topic, "/data/steps/3", None, None)


def test_another_topic_over_the_same_event_is_named() -> None:
    rows = recorded("refused")
    for index in range(1, len(rows)):
        changed = replace(rows[index], topic="session.answered-quickly.v1")
        named = found([*rows[:index], changed, *rows[index + 1 :]])
        assert (named.version, named.event_type) == (index + 1, "session.answered-quickly.v1")


@runs
def test_every_removed_consequence_is_named(name: str) -> None:
    rows = recorded(name)
    for index in consequences(rows):
        expected = difference(index + 1, rows[index].topic, "", None, parse(rows[index].state))
        left = [*rows[:index], *rows[index + 1 :]]
        assert found(left) == expected
        assert found(renumbered(left)) == expected


@runs
def test_every_doubled_consequence_is_named(name: str) -> None:
    rows = recorded(name)
    for index in consequences(rows):
        doubled = renumbered([*rows[: index + 1], *rows[index:]])
        assert found(doubled) == difference(index + 2, rows[index].topic, "", parse(rows[index].state), None)


@runs
def test_every_consequence_swapped_with_its_neighbour_is_named(name: str) -> None:
    rows = recorded(name)
    for index in consequences(rows):
        swapped = renumbered([*rows[: index - 1], rows[index], rows[index - 1], *rows[index + 1 :]])
        first, second = rows[index - 1], rows[index]
        if index - 1 in set(consequences(rows)):
            expected = difference(index, second.topic, "/data/type", second.topic, first.topic)
        else:  # it stands before its fact now, where nothing is expected
            expected = difference(index, second.topic, "", parse(second.state), None)
        assert found(swapped) == expected


def test_a_gap_in_the_versions_is_named() -> None:
    rows = recorded("refused")
    late = [row if row.version < 5 else replace(row, version=row.version + 1) for row in rows]
    assert found(late) == difference(5, rows[4].topic, "/version", 6, 5)


def test_an_event_written_with_blanks_is_no_difference() -> None:
    rows = [replace(row, state=row.state.replace(b'":', b'" : ', 1)) for row in recorded("refused")]
    assert not replay(SESSION, rows, execute=True).divergences


def test_an_unknown_event_is_carried_by_the_fold_and_named_by_the_execution() -> None:
    refused = recorded("refused")
    after = len(refused) + 1
    rows = [*refused, Row(version=after, topic="session.hummed.v1", state=b'{"kind":"fact"}')]
    assert replay(SESSION, rows, execute=False).divergences == ()
    assert found(rows) == difference(after, "session.hummed.v1", "", {"kind": "fact"}, None)


def test_a_session_of_a_newer_release_is_named() -> None:
    rows = list(recorded("refused"))
    rows[0] = replace(rows[0], state=written(parse(rows[0].state), ("data", "behaviour"), BEHAVIOUR + 1))
    named = found(rows)
    assert (named.version, named.event_type) == (1, "session.goal-submitted.v1")
    assert "use the newer release" in named.produced


def test_bytes_that_are_no_event_are_named_by_both_replays() -> None:
    rows = list(recorded("refused"))
    rows[7] = replace(rows[7], state=b"\xff")
    for execute in (False, True):
        report = replay(SESSION, rows, execute=execute)
        assert report.state_digest == ""
        assert (report.divergences[0].version, report.divergences[0].event_type) == (8, rows[7].topic)


noise = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"", b"[" * 100_000, b"5", b"null", b'{"kind":5}', b'{"data":{}}', b"9" * 5_000]),
)


@settings(max_examples=400, database=None)
@examples(st.sampled_from(list(RUNS)), st.data(), st.booleans())
def test_replay_never_raises_whatever_the_bytes(name: str, data: st.DataObject, execute: bool) -> None:
    rows = list(recorded(name))
    index = data.draw(st.integers(0, len(rows) - 1))
    state = rows[index].state
    where = data.draw(st.integers(0, len(state)))
    topic = data.draw(st.sampled_from([rows[index].topic, *(row.topic for row in rows), "session.x.v1", ""]))
    spoilt = state[:where] + data.draw(noise) + state[where + data.draw(st.integers(0, 30)) :]
    rows[index] = Row(version=data.draw(st.integers(-1, 99)), topic=topic, state=data.draw(noise) or spoilt)
    assert encode(replay(SESSION, rows, execute=execute))


@settings(max_examples=400, database=None)
@examples(st.sampled_from(list(RUNS)), st.data())
def test_replay_never_raises_whatever_the_values(name: str, data: st.DataObject) -> None:
    rows = list(recorded(name))
    index = data.draw(st.integers(0, len(rows) - 1))
    document = parse(rows[index].state)
    keys, _ = data.draw(st.sampled_from(list(places(document))))
    odd: st.SearchStrategy[Any] = st.sampled_from(
        [-1, 0, 2**63, 2**64, 10**30, "", "plan", "\x00", [], {}, None, True, 1.5, 99]
    )
    rows[index] = replace(rows[index], state=written(document, keys, data.draw(odd)))
    for execute in (True, False):
        assert encode(replay(SESSION, rows, execute=execute))
