"""What was recorded once replays for ever, byte for byte."""

from pathlib import Path

import pytest

from domain.replay import replay, replay_state
from domain.session.events import SESSION_EVENTS
from domain.upcasting import topic_of
from tests.domain.story import SESSION
from tests.replay.golden_files import FOLDER, digest_in, read
from tests.replay.runs import RUNS

GOLDEN = sorted(FOLDER.glob("*.jsonl"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_history_still_replays(path: Path) -> None:
    rows, expected = read(path)
    found = replay(SESSION, rows, execute=True)
    assert found.divergences == ()
    assert found.state_digest == found.replay_digest
    assert digest_in(expected.schema, replay_state(rows)) == expected.state_digest
    assert (found.events, found.facts, found.decided) == (expected.events, expected.facts, expected.facts)


def test_every_run_has_its_golden_history() -> None:
    assert {path.name for path in GOLDEN} >= {f"{name}.v1.jsonl" for name in RUNS}


def test_the_golden_histories_hold_every_type_of_event() -> None:
    held = {row.topic for path in GOLDEN for row in read(path)[0]}
    assert held == {topic_of(event) for event in SESSION_EVENTS}
