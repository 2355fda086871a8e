"""What models say is heard beside the events by who asks for it, and nobody who is slow holds anybody up."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from adapters.embedded.nats import NatsServer
from adapters.identity import TokenIssuer, TokenVerifier, create_keys
from adapters.nats.connection import connect
from adapters.nats.live import NatsLive
from api.live import voices
from api.live.voices import Ear, Voices
from commands.ports import Said
from domain.errors import Unavailable
from tests.api.conftest import Parts, Serve
from tests.api.graphql.conftest import exploring, follow
from tests.api.live.clients import part, saying, streaming

SAID = "subscription ($id: ID!) { sessionSaid(id: $id) { call attempt part missed text } }"


@pytest.fixture
async def live(parts: Parts, nats_server: NatsServer) -> AsyncIterator[NatsLive]:
    """Let the service hear what models say, and the test say it."""
    client = await connect(nats_server.url, "telling")
    parts.services.shell.live = live = NatsLive(client)
    async with asyncio.timeout(60):
        yield live
    parts.services.shell.live = None
    await client.close()


async def test_a_stream_of_server_sent_events_has_it_where_it_is_asked_for(
    client: httpx.AsyncClient, started: dict[str, Any], live: NatsLive
) -> None:
    session = started["sessionId"]
    async with streaming(client, session, tokens="true") as events, streaming(client, session) as others:
        async with saying(live, session):
            heard = [await anext(events) for _ in range(4)]
        await client.post(f"/sessions/{session}/pause")
        while (last := await anext(events))["event"] == "said":
            pass
        other = [await anext(others) for _ in range(3)][-1]
    assert [each["event"] for each in heard] == [
        "session.goal-submitted.v1",
        "session.model-call-requested.v1",
        *["said"] * 2,
    ]
    first, second = (json.loads(each["data"]) for each in heard[2:])
    assert "id" not in heard[2] and first["missed"] == first["part"] - 1
    assert second == {"call": "plan", "attempt": 1, "part": first["part"] + 1, "missed": 0, "text": "so"}
    assert last == other and last["event"] == "session.paused.v1"


async def test_a_subscription_has_it(client: httpx.AsyncClient, started: dict[str, Any], live: NatsLive) -> None:
    session = started["sessionId"]
    async with (
        exploring(client) as explorer,
        aclosing(follow(explorer, SAID, id=session)) as results,
        saying(live, session),
    ):
        first, second = [(await anext(results))["sessionSaid"] for _ in range(2)]
    assert second == {**first, "part": first["part"] + 1, "missed": 0}


async def test_it_is_only_for_who_may_read_the_session(
    serve: Serve, started: dict[str, Any], live: NatsLive, tmp_path: Any
) -> None:
    create_keys(tmp_path)
    issuer = TokenIssuer(tmp_path, issuer="reprise", audience="reprise")
    verifier, session = TokenVerifier(tmp_path, issuer="reprise", audience="reprise"), started["sessionId"]
    theirs = f"Bearer {issuer.issue('eve', ['admin'], 'other')}"
    async with serve(verifier=verifier, loopback_without_token=False) as client:
        path = f"/sessions/{session}/events?tokens=true"
        told = await client.get(path, headers={"Accept": "text/event-stream", "Authorization": theirs})
        assert told.status_code == 404
        async with exploring(client, authorization=theirs) as explorer:
            with pytest.raises(Exception, match="Expected a session that exists"):
                await anext(follow(explorer, SAID, id=session))


async def test_where_it_cannot_be_heard_the_events_come_and_a_subscription_ends(
    client: httpx.AsyncClient, started: dict[str, Any]
) -> None:
    async with streaming(client, started["sessionId"], tokens="true") as events:
        assert (await anext(events))["event"] == "session.goal-submitted.v1"
    async with exploring(client) as explorer:
        assert [each async for each in follow(explorer, SAID, id=started["sessionId"])] == []
    told = await client.get(f"/sessions/{started['sessionId']}/events?tokens=perhaps")
    assert told.status_code == 400 and "tokens" in told.text


class Mouth:
    """Say what a test says, to as many as follow; the first of them finds nobody there."""

    def __init__(self) -> None:
        self.followed = 0
        self.said: asyncio.Queue[Said] = asyncio.Queue()

    async def tell(self, session: UUID, said: Said) -> None:
        """Say it."""
        await self.said.put(said)

    async def follow(self, session: UUID) -> AsyncGenerator[Said]:
        """Yield what is said."""
        self.followed += 1
        if self.followed == 1:
            raise Unavailable("not yet")
        while True:
            yield await self.said.get()


async def test_all_readers_of_a_session_share_what_listens_and_it_ends_with_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(voices, "AGAIN_SECONDS", 0.0)
    mouth, session, heard = Mouth(), uuid4(), Voices()
    async with asyncio.timeout(60), heard.ear(mouth, session) as first:
        async with heard.ear(mouth, session) as second:
            assert first and second
            await mouth.tell(session, part(1))
            assert await first.take() == await second.take()
        await mouth.tell(session, part(2))
        assert [each.part for each in await first.take()] == [2]
        assert mouth.followed == 2
    assert heard._listening == {} and not heard._ears


async def test_a_slow_reader_misses_the_oldest_parts_and_is_told_how_many() -> None:
    ear = Ear()
    for number in range(1, 1_001):
        ear.put(part(number))
        ear.put(part(number, call="review-1-1"))
    taken = [each for each in await ear.take() if each.call == "plan"]
    assert len(taken) == voices.MOST_PARTS // 2
    assert (taken[0].part, taken[0].missed, taken[1].missed) == (901, 900, 0)
    for number in range(1_001, 1_100):
        ear.put(part(number, "x" * 10_000))
    taken = list(await ear.take())
    assert sum(len(each.text) for each in taken) <= voices.MOST_CHARACTERS and taken[-1].part == 1_099
    ear.put(part(1_101))
    assert [each.missed for each in await ear.take()] == [1]
