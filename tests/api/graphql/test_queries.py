"""People explore sessions over GraphQL: what REST shows, in one request, page by page."""

from typing import Any

import httpx

from tests.api.conftest import GOAL, Parts, finish
from tests.api.graphql.conftest import ask

SESSION = """
query ($id: ID!) {
  session(id: $id) {
    id userId goal status lane model createdAt updatedAt finishedAt version position answer reason
    tasks {
      id step agentId goal criteria after status round inputJson outputJson reason startedAt finishedAt
      actions {
        id toolId operation effectClass status reason requestJson requestDigest responseJson httpStatus latencyMs
        retryCount verdict rules startedAt finishedAt
      }
    }
    verdicts { call step toolId decision rules policySet reason requestDigest at version position }
    violations { id severity rule details createdAt }
    approvals { id question status requestDigest decidedBy }
    cost { modelCalls toolCalls tokensIn tokensOut tokens latencyMs breakdown { step purpose modelCalls } }
    messages(first: 500) { nodes { position version at role title detail step call } }
    events(first: 500) { nodes { position version type kind at actor title detail step call role event } }
    stateAt { version schema digest state changes { path op before after } }
  }
}
"""


async def test_a_session_is_shown_as_rest_shows_it(
    client: httpx.AsyncClient, tools: dict[str, Any], parts: Parts
) -> None:
    finished = await finish(client, parts)
    path = f"/sessions/{finished['sessionId']}"
    shown = (await client.get(path)).json()
    found = (await ask(client, SESSION, id=finished["sessionId"]))["session"]
    assert found["goal"] == GOAL
    for name in ("id", "userId", "status", "createdAt", "updatedAt", "version", "position", "answer", "reason"):
        assert found[name] == shown[name], name
