"""Events come over graphql-transport-ws, recorded ones and then each new one, without a gap or a repeat."""

from contextlib import aclosing
from typing import Any

import httpx

from tests.api.conftest import Parts
from tests.api.graphql.conftest import exploring, follow

EVENTS = "subscription ($id: ID!, $after: Position) { sessionEvents(id: $id, after: $after) { position version type } }"


async def cancel(client: httpx.AsyncClient, session: str) -> str:
    """End a session; give the position of its last event."""
    response = await client.post(f"/sessions/{session}/cancel", json={"reason": "enough"})
    position: str = response.json()["position"]
    return position


async def test_a_subscription_goes_from_what_is_recorded_to_what_happens(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    heard, last = list[dict[str, Any]](), ""
    async with exploring(client) as explorer, aclosing(follow(explorer, EVENTS, id=started["sessionId"])) as results:
        async for result in results:
            heard.append(result["sessionEvents"])
            if heard[-1]["position"] == started["position"]:
                last = await cancel(client, started["sessionId"])
            if heard[-1]["type"] == "session.cancelled.v1":
                break
    assert [each["version"] for each in heard] == list(range(1, len(heard) + 1))
    assert heard[-1]["position"] == last
