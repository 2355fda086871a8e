"""Who does not keep to graphql-transport-ws is told, or closed with the protocol's codes, and costs nobody else."""

import asyncio
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from api.graphql import over_websocket
from tests.api.graphql.conftest import Raw, raw

AGENTS = "{ agents { id } }"
LIVE = "subscription { sessionsChanged { position } }"
INIT: dict[str, Any] = {"type": "connection_init"}


async def test_a_query_is_answered_once_and_completed(client: httpx.AsyncClient) -> None:
    async with raw(client) as mine:
        await mine.begin()
        await mine.subscribe("1", "{ __typename }")
        assert await mine.hear() == {"id": "1", "type": "next", "payload": {"data": {"__typename": "Query"}}}
        assert await mine.hear() == {"id": "1", "type": "complete"}
        await mine.subscribe("1", AGENTS)
        assert (await mine.hear())["type"] == "next", "an id is free again once its operation is complete"


async def test_what_cannot_begin_is_an_error_of_its_operation_alone(client: httpx.AsyncClient) -> None:
    async with raw(client) as mine:
        await mine.begin()
        for document in ("{", "{ nothing }", "{ sessions(first: 99999) { nodes { tasks { id } } } }"):
            await mine.subscribe("1", document)
            told = await mine.hear()
            assert (told["id"], told["type"]) == ("1", "error")
            assert told["payload"][0]["extensions"] == {"code": "INVALID"}
        await mine.subscribe("1", AGENTS)
        assert (await mine.hear())["type"] == "next"


async def test_frames_out_of_protocol_end_the_connection(client: httpx.AsyncClient) -> None:
    frames: tuple[str | bytes, ...] = (
        "",
        "x",
        "[]",
        "7",
        "[" * 30_000,
        b"{}",
        "{}",
        '{"type": "start"}',
        '{"type": ["ping"]}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": {}, "payload": {"query": "{ a }"}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ a }", "variables": []}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ a }"}}',
        '{"type": "complete"}',
    )
    for frame in frames:
        async with raw(client) as mine:
            await mine.begin()
            await mine.connection.send(frame)
            code, reason = await mine.ended()
            assert code == 4400 and reason.startswith("Expected"), frame


async def test_messages_at_the_wrong_time_end_the_connection(client: httpx.AsyncClient) -> None:
    operation = {"type": "subscribe", "id": "1", "payload": {"query": LIVE}}
    for messages, code in (
        ([operation], 4401),
        ([INIT, INIT], 4429),
        ([INIT, operation, operation], 4409),
    ):
        async with raw(client) as mine:
            for message in messages:
                await mine.say(**message)
            assert (await mine.ended())[0] == code


async def test_a_ping_is_answered_at_any_time(client: httpx.AsyncClient) -> None:
    async with raw(client) as mine:
        await mine.say(type="ping", payload={"any": 1})
        assert await mine.hear() == {"type": "pong"}
        await mine.begin()
        await mine.say(type="pong")
        await mine.say(type="ping")
        assert await mine.hear() == {"type": "pong"}
        await mine.connection.send("x" * (1 << 20))
        assert (await mine.ended())[0] == 1009, "a frame that is too large"


async def test_who_does_not_begin_is_closed(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(over_websocket, "INIT_SECONDS", 2.0)
    async with raw(client) as late, raw(client) as prompt:
        await prompt.begin()
        assert (await late.ended())[0] == 4408
        await asyncio.sleep(0.5)
        await prompt.say(type="ping")
        assert await prompt.hear() == {"type": "pong"}


async def test_an_operation_that_the_client_ended_says_nothing_more(client: httpx.AsyncClient) -> None:
    async with raw(client) as mine:
        await mine.begin()
        for _ in range(20):
            await mine.subscribe("1", LIVE)
            await mine.say(type="complete", id="1")
        await mine.say(type="complete", id="nobody's")
        await mine.say(type="ping")
        assert await mine.hear() == {"type": "pong"}


async def test_a_connection_holds_so_many_operations_and_no_more(client: httpx.AsyncClient) -> None:
    async with raw(client) as mine:
        await mine.begin()
        for number in range(over_websocket.MOST_OPERATIONS):
            await mine.subscribe(str(number), LIVE)
        await mine.subscribe("more", LIVE)
        told = await mine.hear()
        assert (told["id"], told["type"], told["payload"][0]["extensions"]["code"]) == ("more", "error", "REFUSED")


async def test_another_protocol_is_not_spoken(client: httpx.AsyncClient) -> None:
    async with raw(client, subprotocols=["graphql-ws"]) as mine:
        assert (await mine.ended())[0] == 4406
    async with raw(client, subprotocols=None) as mine:
        assert (await mine.ended())[0] == 4406


async def test_a_query_parameter_that_nobody_reads_is_refused(client: httpx.AsyncClient) -> None:
    async with raw(client, "?after=1") as mine:
        code, reason = await mine.ended()
    assert code == 4400 and "'after'" in reason


async def test_a_page_from_elsewhere_does_not_get_in(client: httpx.AsyncClient) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with raw(client, origin="https://elsewhere.example"):
            pass
    assert refused.value.response.status_code == 403


async def test_the_rest_goes_on_when_one_leaves_in_the_middle(client: httpx.AsyncClient) -> None:
    async with raw(client) as staying:
        await staying.begin()
        for _ in range(5):
            async with raw(client) as leaving:
                await leaving.begin()
                await leaving.subscribe("1", LIVE)
                leaving.connection.transport.abort()
        await answers(staying)


async def answers(mine: Raw) -> None:
    """Assert that a connection still works."""
    await mine.subscribe("q", AGENTS)
    assert (await mine.hear())["type"] == "next"
