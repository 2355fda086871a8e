"""Connect to NATS, stay connected over restarts, and say in our words what is wrong."""

import asyncio
import logging

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from domain.errors import Unavailable

LOGGER = logging.getLogger("reprise.nats")
PATIENCE_SECONDS = 10.0
REQUEST_SECONDS = 5.0
# What a call to NATS may end in while the server is away, restarting or without its store.
FAULTS = (NatsError, OSError, TimeoutError)


async def connect(url: str, name: str, patience: float = PATIENCE_SECONDS) -> Client:
    """Connect as ``name`` and reconnect for ever after; raise Unavailable where nobody answers in time."""
    said: list[Exception] = []
    client: list[Client] = []

    async def note(fault: Exception) -> None:
        # A server that refuses says why and hangs up: that the line broke must not stand in place of the reason.
        if not said or not isinstance(fault, OSError):
            said[:] = [fault]
        LOGGER.debug("%s: %s", name, fault)

    async def lost() -> None:
        if not (client and client[0].is_closed):  # closing is no loss
            LOGGER.warning("%s lost NATS and tries to reach it again.", name)

    async def found() -> None:
        LOGGER.info("%s reached NATS again.", name)

    try:
        async with asyncio.timeout(patience):
            client[:] = [
                await nats.connect(
                    url,
                    name=name,
                    connect_timeout=2,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,
                    ping_interval=3,
                    max_outstanding_pings=2,
                    pending_size=16 << 20,
                    error_cb=note,
                    disconnected_cb=lost,
                    reconnected_cb=found,
                )
            ]
            return client[0]
    except FAULTS as fault:
        reason = str(said[0] if said else fault) or "nobody answered"
        raise Unavailable(
            f"Expected NATS to answer within {patience:.0f} s, but: {reason}. "
            "Try again; where REPRISE_NATS_URL is set, see that it is right and that NATS runs there."
        ) from fault


def jetstream(client: Client) -> JetStreamContext:
    """Return the connection's JetStream calls, each bounded in time."""
    return client.jetstream(timeout=REQUEST_SECONDS)


def heed_cancellation() -> None:
    """Raise CancelledError where this task was told to stop but a call to NATS has swallowed that.

    nats-py waits with `asyncio.wait_for`, which until Python 3.12 forgets a cancellation that comes in the same
    moment as the answer; a task that is cancelled once would then run for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
