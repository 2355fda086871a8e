"""The replay bench measures a whole session, and its figures have the names that acceptance reads."""

from domain.replay import replay
from ops.bench.replay import EVENTS, SESSION, run, session_rows


def test_the_measured_session_has_a_thousand_events_of_a_real_run() -> None:
    rows = session_rows()
    assert len(rows) == EVENTS
    kinds = {row.topic for row in rows}
    assert {"session.call-succeeded.v1", "session.step-accepted.v1", "session.tool-chosen.v1"} <= kinds
    assert len(session_rows(100)) == 100


def test_the_measured_session_replays() -> None:
    # The last group may be cut off where the count is reached: that is all there is to find.
    found = replay(SESSION, session_rows(), execute=True)
    assert found.state_digest
    assert all(difference.version > EVENTS - 8 and difference.recorded is None for difference in found.divergences)


async def test_every_figure_is_there() -> None:
    figures = await run(rounds=1)
    assert {"fold_1000_ms", "bare_decode_1000_ms", "execute_events_per_s", "machine", "stubbed"} <= figures.keys()
