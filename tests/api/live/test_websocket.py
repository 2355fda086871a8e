"""A session is watched over a WebSocket as over server-sent events; whatever is wrong is said before it is closed."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from adapters.embedded.nats import NatsServer
from adapters.identity import TokenIssuer, TokenVerifier, create_keys
from adapters.nats.connection import connect
from adapters.nats.live import NatsLive
from api.live import feeds as feeding
from api.live.queue import Limits
from api.live.websocket import PROTOCOL
from commands.authorize import LOCAL, Principal
from tests.api.conftest import Parts, Serve, problem
from tests.api.live.clients import SSE, saying, socket, streaming, take

pytestmark = pytest.mark.usefixtures("bounded")


@pytest.fixture
async def bounded() -> AsyncIterator[None]:
    """Let no test wait for ever."""
    async with asyncio.timeout(60):
        yield


async def refusal(
    client: httpx.AsyncClient, session: str, after: str | None = None, *, says: str = ""
) -> tuple[int, str]:
    """Open a stream that is refused, say something where that is wanted, and return the code and the problem."""
    async with socket(client, session, after) as frames:
        if says:
            await frames.send(says)
        with pytest.raises(ConnectionClosed) as closed:
            while (frame := json.loads(await frames.recv()))["type"] == "event":
                continue
            await frames.recv()
    assert frame["type"] == "problem" and frame["problem"]["instance"] == f"/streams/{session}"
    assert closed.value.rcvd is not None and closed.value.rcvd.reason == frame["problem"]["title"]
    return closed.value.rcvd.code, frame["problem"]["type"].removeprefix("/docs/problems/")


async def test_what_models_say_is_shown_to_who_asks_for_it(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts, nats_server: NatsServer
) -> None:
    session = started["sessionId"]
    telling = await connect(nats_server.url, "telling")
    parts.services.shell.live = live = NatsLive(telling)
    async with socket(client, session, query="?tokens=true") as frames, socket(client, session) as others:
        await take(frames, 2)
        await take(others, 2)
        async with saying(live, session):
            first, second = await take(frames, 2)
        await client.post(f"/sessions/{session}/pause")
        while (paused := (await take(frames, 1))[0])["type"] == "said":
            pass
        (other,) = await take(others, 1)
    assert (first["type"], first["missed"]) == ("said", first["part"] - 1)
    assert second == {**first, "part": first["part"] + 1, "missed": 0}
    assert {each: second[each] for each in ("call", "attempt", "text")} == {"call": "plan", "attempt": 1, "text": "so"}
    assert paused == other and other["eventType"] == "session.paused.v1"
    async with socket(client, session, query="?tokens=perhaps") as frames:
        assert "`tokens`" in json.loads(await frames.recv())["problem"]["detail"]
    parts.services.shell.live = None
    await telling.close()


async def test_a_stream_begins_with_what_is_recorded_and_goes_on_live(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    async with socket(client, started["sessionId"]) as frames:
        recorded = await take(frames, 2)
        await client.post(f"/sessions/{started['sessionId']}/pause")
        (live,) = await take(frames, 1)
    rows = [row for row in await parts.store.read_log(0, 100) if row.topic.startswith("session.")]
    log = await parts.store.log_id()
    assert [*recorded, live] == [
        {
            "type": "event",
            "position": f"{log}:{row.id}",
            "version": row.originator_version,
            "eventType": row.topic,
            "event": json.loads(row.state),
        }
        for row in rows
    ]


async def test_a_stream_goes_on_behind_a_position(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    session = started["sessionId"]
    async with socket(client, session) as frames:
        first, _ = await take(frames, 2)
    await client.post(f"/sessions/{session}/pause")
    async with socket(client, session, first["position"]) as frames:
        rest = await take(frames, 2)
    assert [frame["version"] for frame in rest] == [2, 3]


async def test_what_is_wrong_is_said_before_the_connection_is_closed(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    session, log = started["sessionId"], await parts.store.log_id()
    head = await parts.store.head()
    assert await refusal(client, str(uuid4())) == (4404, "not-found")
    assert await refusal(client, "nobody") == (4404, "not-found")
    assert await refusal(client, session, "7") == (4400, "invalid")
    assert await refusal(client, session, f"{log}:{head + 1}") == (4400, "invalid")
    assert await refusal(client, session, f"another:{head}") == (4410, "wrong-log")
    assert await refusal(client, session, f"{log}:1&aftr={log}:2") == (4400, "invalid")
    assert await refusal(client, session, "") == (4400, "invalid")
    for says in ("hello", "{}", '{"type":"connection_init"}', "x" * 60_000):
        assert await refusal(client, session, says=says) == (4400, "invalid")


async def test_a_message_that_is_too_large_ends_the_connection(
    client: httpx.AsyncClient, started: dict[str, Any]
) -> None:
    async with socket(client, started["sessionId"]) as frames:
        await frames.send("x" * (1 << 20))
        with pytest.raises(ConnectionClosed) as closed:
            await take(frames, 3)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


async def test_a_text_that_is_no_utf_8_ends_the_connection(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    async with socket(client, started["sessionId"]) as frames:
        await take(frames, 2)
        frames.transport.write(b"\x81\x82\0\0\0\0\xff\xfe")
        with pytest.raises(ConnectionClosed):
            await frames.recv()


async def test_a_client_that_is_gone_frees_its_place(serve: Serve, started: dict[str, Any]) -> None:
    one_place = asyncio.Semaphore(1)
    async with serve(live_streams=one_place) as client:
        async with socket(client, started["sessionId"]) as frames:
            await take(frames, 1)
            assert await refusal(client, started["sessionId"]) == (1013, "unavailable")
        await one_place.acquire()


async def test_a_slow_client_comes_back_with_the_position_it_is_told(
    serve: Serve, started: dict[str, Any], parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "SESSION_LIMITS", Limits(events=0, bytes=1 << 20))
    session = started["sessionId"]
    async with serve() as client:
        async with socket(client, session) as frames, streaming(client, session) as events:
            await take(frames, 2)
            (await anext(events), await anext(events))
            await client.post(f"/sessions/{session}/pause")
            told, last = json.loads(await frames.recv()), await anext(events)
            with pytest.raises(ConnectionClosed) as closed:
                await frames.recv()
            with pytest.raises(StopAsyncIteration):
                await anext(events)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
        assert told == {"type": "resync", "after": started["position"]}
        assert last == {"event": "resync", "data": json.dumps({"after": started["position"]}, separators=(",", ":"))}
        async with socket(client, session, told["after"]) as frames:
            assert (await take(frames, 1))[0]["eventType"] == "session.paused.v1"


@pytest.fixture
def issuer(tmp_path: Path) -> TokenIssuer:
    """Issue tokens of this service."""
    create_keys(tmp_path)
    return TokenIssuer(tmp_path, issuer="reprise", audience="reprise")


@asynccontextmanager
async def denied(client: httpx.AsyncClient, session: str, **options: Any) -> AsyncIterator[dict[str, Any]]:
    """Open a stream that is refused by HTTP, and give the problem."""
    with pytest.raises(InvalidStatus) as refused:
        await socket(client, session, **options)
    response = refused.value.response
    assert response.headers["content-type"] == "application/problem+json"
    told = json.loads(response.body or b"")
    assert told["status"] == response.status_code
    yield told


async def test_a_stranger_gets_an_answer_and_no_websocket(
    serve: Serve, issuer: TokenIssuer, tmp_path: Path, started: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    verifier = TokenVerifier(tmp_path, issuer="reprise", audience="reprise")
    session, theirs = started["sessionId"], issuer.issue("eve", ["admin"], "other")
    async with serve(verifier=verifier, loopback_without_token=False) as client:
        async with denied(client, session) as told:
            assert told["type"] == "/docs/problems/unauthenticated"
        async with denied(client, session, additional_headers={"Authorization": "Bearer x"}) as told:
            assert told["status"] == 401
        async with denied(client, session, origin="https://evil.example") as told:
            assert told["status"] == 403
        async with denied(client, session, name="evil.example") as told:
            assert told["status"] == 421
        assert not [each for each in caplog.records if each.levelname == "ERROR"]
        async with socket(client, session, subprotocols=[PROTOCOL, f"reprise.bearer.{theirs}"]) as frames:
            (frame,) = await take(frames, 1)
    assert frame["problem"]["type"] == "/docs/problems/not-found"


async def test_a_page_shows_its_token_as_a_subprotocol(
    serve: Serve, issuer: TokenIssuer, tmp_path: Path, started: dict[str, Any]
) -> None:
    verifier = TokenVerifier(tmp_path, issuer="reprise", audience="reprise")
    token = issuer.issue("ada", ["viewer"], "local")
    async with serve(verifier=verifier, loopback_without_token=False) as client:
        origin = str(client.base_url).rstrip("/")
        offered = [PROTOCOL, f"reprise.bearer.{token}"]
        async with socket(client, started["sessionId"], subprotocols=offered, origin=origin) as frames:
            assert frames.subprotocol == PROTOCOL
            assert len(await take(frames, 2)) == 2


class Lapsing:
    """Let anybody in, for a moment."""

    def verify(self, token: str) -> Principal:
        """Return the local person, until soon."""
        expires = datetime.now(UTC) + timedelta(seconds=0.5)
        return Principal(tenant=LOCAL.tenant, actor="ada", roles=LOCAL.roles, expires_at=expires)


async def test_a_token_that_expires_ends_the_streams_it_opened(serve: Serve, started: dict[str, Any]) -> None:
    headers = {"Authorization": "Bearer x"}
    async with (
        serve(verifier=Lapsing(), loopback_without_token=False) as client,
        streaming(client, started["sessionId"], **headers) as events,
        socket(client, started["sessionId"], additional_headers=headers) as frames,
    ):
        heard, told = [event async for event in events][-1], list[Any]()
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                told += await take(frames, 1)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401
    assert heard["event"] == "problem"
    for said in (json.loads(heard["data"]), told[-1]["problem"]):
        assert (said["type"], said["status"]) == ("/docs/problems/unauthenticated", 401)


async def test_the_server_ends_before_its_patience_though_streams_are_open(
    serve: Serve, started: dict[str, Any], parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.web.GRACE_SECONDS", 60)
    session, feeds = started["sessionId"], feeding.Feeds(parts.services.feeds._follower, parts.services.feeds._history)
    running = asyncio.create_task(feeds.run())
    async with serve(feeds=feeds) as client:
        frames = await socket(client, session)
        async with client.stream("GET", f"/sessions/{session}/events", headers=SSE) as response:
            await take(frames, 2)
            running.cancel()
            assert b"event: problem" in await response.aread()
        (told,) = await take(frames, 1)
        assert told["problem"]["type"] == "/docs/problems/unavailable"
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 30
    with pytest.raises(ConnectionClosed):
        await frames.recv()


async def test_what_is_no_websocket_of_ours_is_refused_quietly(
    client: httpx.AsyncClient, started: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    for path in ("nothing", "streams", f"streams/{started['sessionId']}/more", "sessions"):
        with pytest.raises(InvalidStatus) as refused:
            await socket(client, f"../{path}")
        assert refused.value.response.status_code in (403, 404), path
    async with socket(client, started["sessionId"]) as frames:
        await take(frames, 2)
        frames.transport.abort()
    problem(await client.get(f"/streams/{started['sessionId']}"), 405, "method-not-allowed")
    assert not [each for each in caplog.records if each.levelname in ("ERROR", "CRITICAL")], caplog.text
