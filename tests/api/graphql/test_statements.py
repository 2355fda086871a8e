"""However many sessions are shown with all that belongs to them, the read models are asked as often."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from queries.ports import ReadStore
from tests.api.conftest import Parts, Serve
from tests.api.graphql.conftest import ask, record

EVERYTHING = """
query ($first: Int!) {
  sessions(first: $first) {
    nodes {
      id goal status position
      tasks { id goal actions { id toolId status } }
      verdicts { decision } violations { rule } approvals { id status } deadLetters { id }
      cost { tokens }
      messages(first: 2) { nodes { title } }
      events(first: 2) { nodes { title event } }
    }
  }
}
"""


class Counting:
    """Be a read store that counts what it is asked."""

    def __init__(self, inner: ReadStore):
        self._inner = inner
        self.asked: Counter[str] = Counter()

    async def fetch(self, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        """Count, and ask."""
        self.asked[statement] += 1
        return await self._inner.fetch(statement, **values)


async def test_statements_do_not_grow_with_the_sessions_that_are_shown(serve: Serve, parts: Parts) -> None:
    *_, (_, position) = [await record(parts, seed=seed) for seed in range(50)]
    counting = Counting(parts.services.reads)
    async with serve(reads=counting) as client:
        fresh = await client.post("/graphql", json={"query": "{ __typename }"}, params={"after": position})
        assert fresh.status_code == 200, fresh.text
        counts, rows = [], 0
        for first in (1, 10, 50):
            counting.asked.clear()
            found = (await ask(client, EVERYTHING, first=first))["sessions"]["nodes"]
            assert len(found) == first
            rows = sum(len(task["actions"]) for each in found for task in each["tasks"])
            counts.append(dict(counting.asked))
    assert rows > 100
    assert counts[0] == counts[1] == counts[2], counts
    assert set(counts[0].values()) == {1}, counts[0]
