"""A wake-up reaches one worker, comes again unless it is acknowledged, and never troubles its sender."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from uuid import UUID, uuid4

from nats.aio.client import Client

from adapters.embedded.nats import NatsServer
from adapters.nats.wakeups import NatsWakeups, Queue, Wakeup
from domain.tracing import traceparent

Dial = Callable[[], Awaitable[Client]]
LANES = ("interactive", "standard", "batch")


async def take(wakeups: NatsWakeups, count: int, seconds: float = 60.0) -> list[Wakeup]:
    """Pull and acknowledge ``count`` wake-ups."""
    taken: list[Wakeup] = []
    async with asyncio.timeout(seconds), aclosing(wakeups.pull(LANES)) as arriving:
        async for wakeup in arriving:
            await wakeup.ack()
            taken.append(wakeup)
            if len(taken) == count:
                break
    return taken


async def test_every_lane_is_heard(dial: Dial) -> None:
    wakeups = NatsWakeups(await dial())
    await wakeups.prepare(LANES)
    sessions = {lane: uuid4() for lane in LANES}
    for lane, session in sessions.items():
        await wakeups.wake(session, lane)
    assert {wakeup.lane: wakeup.session for wakeup in await take(wakeups, 3)} == sessions


async def test_a_wakeup_carries_the_sessions_trace(dial: Dial) -> None:
    client = await dial()
    heard = await client.subscribe("reprise.work.standard")
    session = uuid4()
    await NatsWakeups(client).wake(session, "standard")
    message = await heard.next_msg(timeout=60)
    assert message.headers == {"traceparent": traceparent(session)}


async def test_an_unacknowledged_wakeup_comes_again(dial: Dial) -> None:
    wakeups = NatsWakeups(await dial(), Queue(ack_wait_seconds=0.5))
    await wakeups.prepare(LANES)
    session = uuid4()
    await wakeups.wake(session, "standard")
    async with asyncio.timeout(60), aclosing(wakeups.pull(LANES)) as arriving:
        first = await anext(arriving)
    assert first.session == session
    assert [wakeup.session for wakeup in await take(wakeups, 1)] == [session]


async def test_a_sender_does_not_notice_that_nats_is_gone(dial: Dial, fresh_nats: NatsServer) -> None:
    wakeups = NatsWakeups(await dial())
    await wakeups.prepare(LANES)
    await fresh_nats.stop()
    async with asyncio.timeout(60):
        for _ in range(100):
            await wakeups.wake(uuid4(), "standard")


async def test_a_lost_store_is_made_anew_under_a_waiting_worker(dial: Dial, fresh_nats: NatsServer) -> None:
    wakeups = NatsWakeups(await dial())
    taking = asyncio.create_task(take(wakeups, 1, 120))
    await asyncio.sleep(0.3)
    os.kill(fresh_nats.pid, signal.SIGKILL)
    shutil.rmtree(fresh_nats.home / "jetstream")
    await fresh_nats.restart()
    session = uuid4()
    while not taking.done():
        await wakeups.wake(session, "standard")
        await asyncio.sleep(0.2)
    assert sessions_of(await taking) == {session}


def sessions_of(taken: list[Wakeup]) -> set[UUID]:
    """Return the sessions that wake-ups name."""
    return {wakeup.session for wakeup in taken}
