"""Events come over graphql-transport-ws, recorded ones and then each new one, without a gap or a repeat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from api.live import feeds as feeding
from api.live.queue import Limits
from commands.shell import to_log
from domain.session.events import SessionPaused
from tests.api.conftest import Parts, Serve
from tests.api.graphql.conftest import Raw, exploring, follow, raw, record
from tests.beside import running_beside
from tests.projections.histories import event_of

EVENTS = """subscription ($id: ID!, $after: Position) {
  sessionEvents(id: $id, after: $after) { position version type kind title detail event }
}"""
CHANGED = """subscription ($after: Position) {
  sessionsChanged(after: $after) { position sessionId version type session { id version tasks { step } } }
}"""


async def pause(parts: Parts, session: str, times: int, *, size: int = 10, wait: float = 0.0) -> None:
    """Append events to a session."""
    stream = UUID(session)
    for _ in range(times):
        (*_, last) = await parts.store.read_stream(stream)
        await parts.store.append(to_log(stream, last.originator_version, [event_of(SessionPaused(reason="x" * size))]))
        await asyncio.sleep(wait)


async def test_a_subscription_goes_from_what_is_recorded_to_what_happens(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    session, last = await record(parts)
    heard: list[dict[str, Any]] = []
    async with exploring(client) as explorer, aclosing(follow(explorer, EVENTS, id=session)) as results:
        async for result in results:
            heard.append(result["sessionEvents"])
            if heard[-1]["position"] == last:
                await pause(parts, session, 1)
            if heard[-1]["type"] == "session.paused.v1" and heard[-1]["detail"] == "x" * 10:
                break
    assert [each["version"] for each in heard] == list(range(1, len(heard) + 1))
    stored = (await client.get(f"/sessions/{session}/events", params={"limit": 500})).json()["events"]
    assert [each["event"] for each in heard] == [each["event"] for each in stored]
    assert heard[0]["title"] == "ada submitted a goal"


async def test_a_subscription_goes_on_behind_any_position(client: httpx.AsyncClient, parts: Parts) -> None:
    session, _ = await record(parts, most=12)
    positions = [each["position"] async for each in taken(client, session, None, 12)]
    for index in (0, 5, 11):
        await pause(parts, session, 1)
        rest = [each["version"] async for each in taken(client, session, positions[index], 11 - index + 1)]
        assert rest == list(range(index + 2, index + 2 + len(rest)))


async def taken(
    client: httpx.AsyncClient, session: str, after: str | None, number: int
) -> AsyncIterator[dict[str, Any]]:
    """Yield so many events behind a position."""
    async with exploring(client) as explorer, aclosing(follow(explorer, EVENTS, id=session, after=after)) as results:
        for _ in range(number):
            yield (await anext(results))["sessionEvents"]


async def test_reconnects_at_random_moments_bring_every_event_once(client: httpx.AsyncClient, parts: Parts) -> None:
    (session, after), draw, heard = await record(parts, most=1), Random(7), list[int]()
    async with running_beside(pause(parts, session, 60, wait=0.005)):
        while not heard or heard[-1] < 61:
            async with raw(client) as mine:
                await mine.begin()
                await mine.subscribe("1", EVENTS, id=session, after=after)
                for _ in range(draw.randint(0, 4)):
                    if heard and heard[-1] == 61:
                        break
                    event = (await mine.hear())["payload"]["data"]["sessionEvents"]
                    after = event["position"]
                    heard.append(event["version"])
                mine.connection.transport.abort()
    assert heard == list(range(2, 62))


async def test_a_slow_reader_is_told_from_where_to_come_back(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, last = await record(parts, most=3)
    with monkeypatch.context() as narrow:
        narrow.setattr(feeding, "SESSION_LIMITS", Limits(events=0, bytes=1 << 20))
        async with following(client, EVENTS, id=session) as mine:
            for _ in range(3):
                assert "errors" not in (await mine.hear())["payload"]
            await pause(parts, session, 1)
            told = await mine.hear()
            assert told["payload"]["errors"][0]["extensions"] == {"code": "RESYNC", "after": last}
            assert await mine.hear() == {"id": "1", "type": "complete"}
    assert [each["version"] async for each in taken(client, session, last, 1)] == [4]


async def test_what_cannot_be_followed_says_why_and_completes(client: httpx.AsyncClient, parts: Parts) -> None:
    session, last = await record(parts, most=3)
    log, _, number = last.rpartition(":")
    for id, after, code in (
        (str(uuid4()), None, "NOT_FOUND"),
        ("x", None, "NOT_FOUND"),
        (session, "x", "INVALID"),
        (session, f"{log}:{int(number) + 1_000}", "INVALID"),
        (session, f"{uuid4()}:1", "WRONG_LOG"),
    ):
        async with following(client, EVENTS, id=id, after=after) as mine:
            assert (await mine.hear())["payload"]["errors"][0]["extensions"] == {"code": code}
            assert await mine.hear() == {"id": "1", "type": "complete"}


async def test_a_log_that_is_replaced_ends_what_is_followed(client: httpx.AsyncClient, parts: Parts) -> None:
    session, last = await record(parts, most=1)
    before = f"{last.rpartition(':')[0]}:0"
    async with (
        following(client, EVENTS, id=session, after=before) as mine,
        following(client, CHANGED, after=before) as theirs,
    ):
        for listener in (mine, theirs):  # what has not begun yet would begin on the new log
            assert "errors" not in (await listener.hear())["payload"]
        await parts.store.renew_log_id()
        for listener in (mine, theirs):
            assert (await listener.hear())["payload"]["errors"][0]["extensions"] == {"code": "WRONG_LOG"}
            assert await listener.hear() == {"id": "1", "type": "complete"}


async def test_a_change_comes_with_the_session_as_new_as_it(client: httpx.AsyncClient, parts: Parts) -> None:
    first, before = await record(parts, most=1)
    async with following(client, CHANGED, after=before) as mine:
        second, _ = await record(parts, seed=2, most=30)
        await pause(parts, first, 1)
        told = [(await mine.hear())["payload"]["data"]["sessionsChanged"] for _ in range(31)]
    assert [each["version"] for each in told[:30]] == list(range(1, 31)) and told[30]["version"] == 2
    assert [each["sessionId"] for each in told] == [second] * 30 + [first]
    for each in told:
        assert each["session"]["id"] == each["sessionId"] and each["session"]["version"] >= each["version"]


async def test_no_session_comes_where_the_read_models_are_behind_its_change(serve: Serve, parts: Parts) -> None:
    session, before = await record(parts, most=1)
    async with serve() as client:
        listed = (await client.get("/sessions", params={"after": before})).json()["sessions"]
        assert [each["id"] for each in listed] == [session]
    async with (
        parts.without_projector(),
        serve(read_patience=0.05) as client,
        following(client, CHANGED, after=before) as mine,
    ):
        await pause(parts, session, 1)
        told = (await mine.hear())["payload"]["data"]["sessionsChanged"]
    assert (told["version"], told["session"]) == (2, None)


async def test_changes_are_told_from_now_on_where_no_position_is_named(client: httpx.AsyncClient, parts: Parts) -> None:
    session, _ = await record(parts, most=20)
    async with following(client, "subscription { sessionsChanged { sessionId version } }") as mine:
        await mine.subscribe("q", "{ __typename }")
        while (await mine.hear())["id"] != "q":  # by then, what was said before has been heard
            pass
        await mine.hear()
        await asyncio.sleep(0.1)
        await pause(parts, session, 1)
        assert (await mine.hear())["payload"]["data"]["sessionsChanged"] == {"sessionId": session, "version": 21}


async def test_a_client_that_never_reads_loses_its_place_and_others_go_on(serve: Serve, parts: Parts) -> None:
    session, _ = await record(parts, most=1)
    await pause(parts, session, 20, size=100_000)
    places = asyncio.Semaphore(2)
    async with serve(live_streams=places) as client, following(client, EVENTS, max_queue=1, id=session):
        async with following(
            client, "subscription ($id: ID!) { sessionEvents(id: $id) { version } }", id=session
        ) as mine:
            heard = [(await mine.hear())["payload"]["data"]["sessionEvents"]["version"] for _ in range(21)]
            assert heard == list(range(1, 22))
        await places.acquire()
        await places.acquire()


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, query: str, /, *, max_queue: int = 16, **variables: Any
) -> AsyncIterator[Raw]:
    """Subscribe as operation 1."""
    async with raw(client, max_queue=max_queue) as mine:
        await mine.begin()
        await mine.subscribe("1", query, **variables)
        yield mine
