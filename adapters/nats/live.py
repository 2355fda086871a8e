"""Tell over core NATS what models are saying, and hear it: `reprise.live.<session>`. What is lost is lost."""

from collections.abc import AsyncGenerator
from contextlib import suppress
from uuid import UUID

import msgspec
from nats.aio.client import Client
from nats.aio.subscription import Subscription

from adapters.nats.connection import FAULTS
from commands.ports import Said
from domain.errors import Unavailable

MOST_WAITING = 1_000
MOST_BYTES = 4 << 20
"""How much waits for a slow watcher before the newest parts are dropped."""
_DECODER = msgspec.json.Decoder(Said)


def subject(session: UUID) -> str:
    """Return where the models of a session are heard."""
    return f"reprise.live.{session}"


class NatsLive:
    """Implement the Live port."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def tell(self, session: UUID, said: Said) -> None:
        """Publish it, or drop it where NATS is away: nobody waits for it."""
        if self._client.is_connected:
            with suppress(*FAULTS):
                await self._client.publish(subject(session), msgspec.json.encode(said))

    async def follow(self, session: UUID) -> AsyncGenerator[Said]:
        """Yield what the models of a session say from now on; whatever is no part of a reply is passed over."""
        subscription = await self._subscribed(session)
        try:
            async for message in subscription.messages:
                with suppress(msgspec.DecodeError):
                    yield _DECODER.decode(message.data)
        finally:
            with suppress(*FAULTS):
                await subscription.unsubscribe()

    async def _subscribed(self, session: UUID) -> Subscription:
        try:
            return await self._client.subscribe(
                subject(session), pending_msgs_limit=MOST_WAITING, pending_bytes_limit=MOST_BYTES
            )
        except FAULTS as fault:
            raise Unavailable("Expected NATS, to hear what models say, but it is away: try again.") from fault
