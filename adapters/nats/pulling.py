"""Pull messages from a JetStream consumer, with a mark of time whenever nothing came."""

import json
from collections.abc import AsyncIterator

from nats.aio.client import Client
from nats.aio.msg import Msg

from adapters.nats.connection import heed_cancellation

# The server answers an expired request itself; only a lost one stays unanswered longer than this.
GRACE_SECONDS = 2.0
_NOTHING_CAME = ("404", "408")


class Lost(ConnectionError):
    """Report that the consumer or its stream is gone."""


async def pull(client: Client, stream: str, consumer: str, *, batch: int, expires: float) -> AsyncIterator[Msg | None]:
    """Yield messages as they come, None after ``expires`` seconds of silence; raise Lost, TimeoutError."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    request = json.dumps({"batch": batch, "expires": int(expires * 1e9)}).encode()
    try:
        while True:
            await client.publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", request, reply=inbox)
            for _ in range(batch):
                message = await subscription.next_msg(timeout=expires + GRACE_SECONDS)
                heed_cancellation()
                if status := (message.headers or {}).get("Status"):
                    _raise_if_lost(status, message)
                    yield None
                    break
                yield message
    finally:
        if not client.is_closed:
            await subscription.unsubscribe()


def _raise_if_lost(status: str, message: Msg) -> None:
    if status not in _NOTHING_CAME:
        raise Lost(f"{status} {(message.headers or {}).get('Description', 'no consumer')}")
