"""Steps that wait for nothing run at once, as many as the limit says and no more."""

import pytest

from ops.bench.parallel import run
from ops.bootstrap.benches import parallel_parts
from ops.settings import load


@pytest.mark.parametrize(("room", "wait_ms"), [(4, 2_000), (2, 1_000), (1, 100)])
async def test_independent_steps_overlap_up_to_their_limit(database: str, room: int, wait_ms: int) -> None:
    figures = await run(database, parallel_parts(load()), steps=4, room=room, wait_ms=wait_ms, rounds=1)
    assert figures["most_at_once"] == room
