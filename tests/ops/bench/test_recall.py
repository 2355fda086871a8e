"""The benchmark of recall finds every memory one by one, and says what an index finds of them."""

from typing import Any

from adapters.embedded.postgres import PostgresServer
from ops.bench.recall import run
from ops.bootstrap.benches import recall_parts

MEMORIES = 400


async def test_an_index_is_measured_beside_what_is_exact(postgres: PostgresServer) -> None:
    figures: dict[str, Any] = await run(postgres.url, recall_parts(), memories=MEMORIES)
    assert figures["memories"] == MEMORIES and "made up" in figures["stubbed"]
    assert figures["exact_ms"] > 0 and figures["exact_ms_of_a_tenth"] > 0 and figures["hnsw_mb"] > 0
    for most in (100, 400):
        assert 0.5 < figures[f"hnsw_{most}"]["recall_at_5"] <= 1
        assert figures[f"hnsw_{most}"]["recall_at_100_of_a_tenth"] > 0.9  # forty are all that there are
