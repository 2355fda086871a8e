"""An altered fact is found wherever the record holds what reveals it, even where its consequences stay the same."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, example, settings
from hypothesis import given as examples
from msgspec.structs import replace

from domain.encoding import parse
from domain.ids import derive
from domain.replay import Difference, Replay, Row, replay
from domain.session.events import Limits
from tests.domain.simulation import Chaos, simulate
from tests.domain.story import SESSION
from tests.domain.test_histories import chaos, limits, worlds
from tests.domain.world import CATALOG, LATER, World, snapshot_with_researcher
from tests.replay.runs import RUNS, recorded
from tests.replay.test_altered import difference, renumbered, written

runs = pytest.mark.parametrize("name", RUNS)
REPLIED = "session.model-replied.v1"
PROMPT = "/data/prompt_digest"
SOUGHT = ("session.tools-found.v1", "session.memories-recalled.v1")
"""Without what was looked for first, the next reply answers a question that could not be asked yet."""
NOT_NAMED = (
    # From these nothing follows.
    "session.content-filtered.v1",
    "session.budget-short.v1",
)


def found(rows: Sequence[Row]) -> Difference:
    (difference,) = checked(rows).divergences
    return difference


def checked(rows: Sequence[Row]) -> Replay:
    """Replay rows with the snapshots that their session pinned."""
    if b'"role":"researcher"' not in rows[0].state:
        return replay(SESSION, rows, execute=True, catalog=CATALOG, later=LATER)
    later = {key: snapshot_with_researcher(each) for key, each in LATER.items()}
    return replay(SESSION, rows, execute=True, catalog=snapshot_with_researcher(CATALOG), later=later)


def tampered(rows: Sequence[Row], index: int, keys: tuple[str, ...], value: Any) -> list[Row]:
    state = written(parse(rows[index].state), keys, value)
    return [*rows[:index], replace(rows[index], state=state), *rows[index + 1 :]]


def facts(rows: Sequence[Row], topic: str = "") -> Iterator[tuple[int, dict[str, Any]]]:
    for index, row in enumerate(rows):
        document = parse(row.state)
        if document["kind"] == "fact" and topic in ("", row.topic):
            yield index, document


def next_reply(rows: Sequence[Row], after: int) -> tuple[int, str]:
    """Return the version and the prompt's digest of the first reply behind an index."""
    index, document = next((index, each) for index, each in facts(rows, REPLIED) if index > after)
    return rows[index].version, document["data"]["prompt_digest"]


@runs
def test_what_was_not_altered_holds_with_all_its_prompts(name: str) -> None:
    report = checked(recorded(name))
    assert (report.divergences, report.unchecked) == ((), 0)
    assert report.facts == report.decided and report.state_digest == report.replay_digest


@settings(max_examples=200, database=None, suppress_health_check=[HealthCheck.too_slow])
@examples(worlds, chaos, limits)
@example(World(seed=1, researches=True, names=True), Chaos(migrate_at=9), Limits(parallel_steps=1))
def test_every_prompt_is_built_again_whatever_happens_beside_it(world: World, chaos: Chaos, limits: Limits) -> None:
    rows, catalogs = simulate(world, chaos, limits).rows, world.catalogs
    report = replay(SESSION, rows, execute=True, catalog=catalogs["c"], later=catalogs)
    assert (report.divergences, report.unchecked) == ((), 0)


@runs
def test_every_altered_prompt_digest_is_named(name: str) -> None:
    rows = recorded(name)
    for index, document in facts(rows, REPLIED):
        was = document["data"]["prompt_digest"]
        named = found(tampered(rows, index, ("data", "prompt_digest"), "0" * 64))
        assert named == difference(index + 1, REPLIED, "/data/prompt_digest", "0" * 64, was)


@pytest.mark.parametrize("field", ["goal", "context"])
def test_an_altered_goal_is_found_by_the_first_prompt_that_shows_it(field: str) -> None:
    rows = recorded("completed")
    version, was = next_reply(rows, 0)
    named = found(tampered(rows, 0, ("data", field), "Order everything"))
    assert (named.version, named.event_type, named.path) == (version, REPLIED, "/data/prompt_digest")
    assert named.recorded == was != named.produced


@pytest.mark.parametrize("name", ["completed", "spent"])
def test_an_altered_output_is_found_by_the_next_prompt_that_shows_it(name: str) -> None:
    rows = recorded(name)
    for index, document in facts(rows, "session.call-succeeded.v1"):
        call = document["data"]["call"].removeprefix("call-")
        review = next(at for at, each in facts(rows, REPLIED) if each["data"]["call"] == f"review-{call}")
        named = found(tampered(rows, index, ("data", "output", "text"), '{"ok":null}'))
        assert (named.version, named.path) == (review + 1, "/data/prompt_digest")


def test_without_the_catalogue_it_is_said_how_many_prompts_were_not_built_again() -> None:
    rows = recorded("completed")
    report = replay(SESSION, rows, execute=True)
    assert report.unchecked == sum(1 for _ in facts(rows, REPLIED)) > 5
    assert replay(SESSION, rows, execute=False).unchecked == 0


@runs
def test_every_altered_id_of_a_fact_is_named(name: str) -> None:
    rows = recorded(name)
    for index, document in facts(rows):
        named = found(tampered(rows, index, ("id",), "0" * 32))
        assert named == difference(index + 1, rows[index].topic, "/id", "0" * 32, document["id"])


@runs
def test_every_altered_command_of_an_append_is_named_by_the_id_that_would_follow(name: str) -> None:
    rows = recorded(name)
    for index, document in facts(rows):
        named = found(tampered(rows, index, ("command_id",), "another"))
        assert named == difference(index + 1, rows[index].topic, "/id", document["id"], derive("another", 0))


@runs
def test_an_append_that_stands_there_twice_is_named(name: str) -> None:
    rows = recorded(name)
    groups = [index for index, _ in facts(rows)]
    for start, end in zip(groups, [*groups[1:], len(rows)], strict=True):
        document = parse(rows[start].state)
        if "command_id" in document and start:
            again = renumbered([*rows[:end], *rows[start:]])
            assert found(again) == difference(end + 1, rows[start].topic, "", document, None)


@runs
def test_a_fact_taken_out_of_its_append_is_named(name: str) -> None:
    rows = recorded(name)
    inner = [index for index, document in facts(rows) if "command_id" not in document]
    for index in inner:
        if rows[index].topic in NOT_NAMED:
            continue
        left = renumbered([*rows[:index], *rows[index + 1 :]])
        named = found(left)
        if rows[index].topic in SOUGHT:
            assert (named.path, str(named.produced).startswith(f"{rows[index].topic} is missing")) == (PROMPT, True)
        else:
            assert named.version in (index, index + 1)


@runs
def test_a_verdict_by_other_rules_than_were_pinned_lets_nothing_through(name: str) -> None:
    rows = recorded(name)
    for index, _ in facts(rows, "session.verdict-reached.v1"):
        if rows[index + 1].topic in ("session.call-requested.v1", "session.approval-requested.v1"):
            named = found(tampered(rows, index, ("data", "policy_set"), "another"))
            assert (named.version, named.path) == (index + 2, "/data/type")
            assert named.recorded == rows[index + 1].topic != named.produced
