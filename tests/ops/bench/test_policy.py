"""The policy bench judges as many rules and as many recorded decisions as it says."""

from adapters.embedded.postgres import PostgresServer
from ops.bench.policy import RULES, many_rules, run
from ops.bootstrap.benches import bench_parts


def test_the_large_set_is_one_that_the_engine_takes() -> None:
    judge = bench_parts().judge
    assert len(judge.check(many_rules(judge.default))) == RULES


async def test_every_recorded_decision_is_judged_again(postgres: PostgresServer) -> None:
    seen: list[tuple[int, int]] = []
    figures = await run(postgres.url, bench_parts(), decisions=50, drawn=lambda *far: seen.append(far))
    assert figures["decisions"] == 50 and figures["unjudged"] == 0 and seen[-1] == (50, 50)
    assert {"verdict_p50_ms", "verdict_p95_ms", "default_set_p50_ms", "backtest_seconds"} <= figures.keys()
