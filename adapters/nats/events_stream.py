"""Own the JetStream stream that mirrors the log: its sequence is the log's position."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
from nats.aio.client import Client
from nats.js.api import DiscardPolicy, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from adapters.nats.connection import REQUEST_SECONDS, heed_cancellation, jetstream
from adapters.nats.messages import EVENT_ID, headers, subject
from commands.ports import LogNotification

LOG_ID = "reprise-log-id"
BATCH_MESSAGES = 1_000  # the server's own bound on an atomic batch
BATCH_BYTES = 4 << 20
_WRONG_SEQUENCE = (10071, 10164)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Configure the window that the stream keeps; a new one starts with the log's last ``refill`` events."""

    name: str = "REPRISE_EVENTS"
    prefix: str = "reprise.events"
    max_age_seconds: float = 7 * 86_400
    max_bytes: int = 1 << 30
    refill: int = 1_000_000


class Mirror(msgspec.Struct, frozen=True, kw_only=True):
    """Say what the stream holds; ``event_id`` is that of its last message, empty where it holds none."""

    last: int
    log_id: str
    event_id: str = ""


class Overtaken(Exception):
    """Report that the stream's last sequence is not where this relay thought: another one publishes too."""


class EventsStream:
    """Create, inspect, fill and delete the stream; raises what NATS raises, and Overtaken."""

    def __init__(self, client: Client, settings: Settings):
        self.settings = settings
        self._client = client
        self._jetstream = jetstream(client)

    async def look(self) -> Mirror | None:
        """Return what the stream holds, None where it does not exist."""
        try:
            info = await self._jetstream.stream_info(self.settings.name)
        except NotFoundError:
            return None
        log_id = (info.config.metadata or {}).get(LOG_ID, "")
        event_id = await self._event_id(info.state.last_seq) if info.state.messages else ""
        return Mirror(last=info.state.last_seq, log_id=log_id, event_id=event_id)

    async def _event_id(self, sequence: int) -> str:
        try:
            message = await self._jetstream.get_msg(self.settings.name, sequence)
        except NotFoundError:  # it aged out meanwhile
            return ""
        return str((message.headers or {}).get(EVENT_ID, ""))

    async def create(self, log_id: str, first: int) -> None:
        """Create the stream empty, its next sequence ``first``; this cannot be changed later."""
        config = StreamConfig(
            name=self.settings.name,
            subjects=[f"{self.settings.prefix}.>"],
            max_age=self.settings.max_age_seconds,
            max_bytes=self.settings.max_bytes,
            discard=DiscardPolicy.OLD,
            storage=StorageType.FILE,
            num_replicas=1,
            first_seq=first,
            allow_atomic=True,
            allow_direct=True,
            metadata={LOG_ID: log_id},
        )
        await self._jetstream.add_stream(config)

    async def delete(self) -> None:
        """Delete the stream where it exists."""
        try:
            await self._jetstream.delete_stream(self.settings.name)
        except NotFoundError:
            return

    async def publish(self, events: Sequence[LogNotification], log_id: str) -> None:
        """Publish at most `BATCH_MESSAGES` events, all or nothing, right behind their predecessor."""
        source = f"/reprise/{log_id}"
        expected = {"Nats-Expected-Last-Sequence": str(events[0].id - 1)}
        if len(events) == 1:
            await self._request(events[0], headers(events[0], source) | expected)
            return
        batch = uuid4().hex
        for place, event in enumerate(events, 1):
            given = headers(event, source)
            given["Nats-Batch-Id"] = batch
            given["Nats-Batch-Sequence"] = str(place)
            if place == 1:
                await self._request(event, given | expected)
            elif place == len(events):
                await self._request(event, given | {"Nats-Batch-Commit": "1"})
            else:
                await self._client.publish(subject(self.settings.prefix, event), event.state, headers=given)

    async def _request(self, event: LogNotification, given: dict[str, str]) -> None:
        answer = await self._client.request(
            subject(self.settings.prefix, event), event.state, timeout=REQUEST_SECONDS, headers=given
        )
        heed_cancellation()
        said: dict[str, Any] = json.loads(answer.data) if answer.data else {}
        if error := said.get("error"):
            if error.get("err_code") in _WRONG_SEQUENCE:
                raise Overtaken(str(error.get("description")))
            raise APIError.from_error(error)


def batches(events: Sequence[LogNotification]) -> list[Sequence[LogNotification]]:
    """Cut events into batches that the server takes: bounded by count and by bytes."""
    cut: list[Sequence[LogNotification]] = []
    start, size = 0, 0
    for place, event in enumerate(events):
        if place > start and (place - start >= BATCH_MESSAGES or size + len(event.state) > BATCH_BYTES):
            cut.append(events[start:place])
            start, size = place, 0
        size += len(event.state)
    if events:
        cut.append(events[start:])
    return cut
