"""Ask a model that somebody serves over HTTP: what its protocols have in common."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

from adapters.models.endpoint import Endpoint
from adapters.models.faults import refused
from adapters.models.refusals import Standing, used_up_ms
from adapters.models.spoken import Answered, Spoken, fault_of, reply_of
from adapters.models.sse import Events, Malformed
from adapters.models.wanted import Wanted, blamed, traits_of
from commands.model_options import ModelOptions
from commands.ports import (
    DialFault,
    HttpRequest,
    HttpResponse,
    HttpStream,
    ModelFault,
    Question,
    Reply,
    StreamingDialer,
    Telling,
)
from domain.redaction.clipping import clipped

EVENTS = "text/event-stream"
MOST_REFUSAL = 64 * 1024
LONGEST_GOODBYE = 0.1
_EXCERPT = 200


class Collector(Protocol):
    """Collect one streamed answer."""

    ended: bool

    def take(self, data: bytes) -> str:
        """Take one event and return what it adds to what is said; raises Answered."""
        ...

    def spoken(self) -> Spoken:
        """Return what was said in all; raises Answered where the stream ended before it was whole."""
        ...


class ModelProtocol(Protocol):
    """Speak one protocol: where a question goes, with which headers and body, and what the answer says."""

    path: str

    def headers(self, api_key: str) -> tuple[tuple[str, str], ...]:
        """Return the protocol's own headers; ``api_key`` may be empty."""
        ...

    def body(self, name: str, wanted: Wanted) -> object:
        """Return the question as the protocol writes it, to be encoded as JSON."""
        ...

    def whole(self, body: bytes) -> Spoken:
        """Read an answer with status 200 that came whole; raises Answered."""
        ...

    def collector(self) -> Collector:
        """Return what collects an answer with status 200 that comes as a stream."""
        ...


class Refusal(Exception):
    """Hold an answer with another status than 200."""

    def __init__(self, response: HttpResponse):
        super().__init__(response.status)
        self.response = response


class HttpModel:
    """Ask one model at one base URL by its protocol; ``api_key`` may be empty."""

    def __init__(
        self,
        endpoint: Endpoint,
        protocol: ModelProtocol,
        dialer: StreamingDialer,
        options: ModelOptions,
        *,
        api_key: str,
    ) -> None:
        self._endpoint, self._protocol, self._dialer = endpoint, protocol, dialer
        self._options, self._api_key, self._standing = options, api_key, Standing()

    async def ask(self, question: Question) -> Reply:
        """Ask once, again at once without what the server refuses to know; raises ModelFault."""
        started = time.monotonic()
        await self._standing.turn(self._endpoint.name, question.timeout_ms)
        form = question.form() if question.form and self._options.form != "text" else None
        traits, without = traits_of(self._options, form) - self._standing.lacks, self._standing.without
        while True:
            wanted = Wanted(prompt=question.prompt, traits=traits, most_tokens=question.most_tokens, form=form)
            try:
                reply = await self._once(question, wanted, without, started)
            except Refusal as refusal:
                response = refusal.response
                lacks = blamed(response.status, response.body, traits)
                if not lacks:
                    raise self._refused(response) from refusal
                without = without or clipped(response.body.decode("utf-8", "replace"), _EXCERPT)
                traits -= lacks
            else:
                self._standing.refuse(traits_of(self._options, form) - traits, without)
                return reply

    async def _once(self, question: Question, wanted: Wanted, without: str, started: float) -> Reply:
        """Ask one way; raises Refusal and ModelFault."""
        request = self._request(wanted, question.timeout_ms - int((time.monotonic() - started) * 1000))
        name = self._endpoint.name
        try:
            async with self._dialer.stream(request) as answer:
                streamed = await self._check(answer)
                spoken = await self._collected(answer, question.telling) if streamed else await self._whole(answer)
        except DialFault as fault:
            raise ModelFault(
                f"The model {name} did not answer: {fault}", retryable=not fault.refused, uncertain=fault.sent
            ) from fault
        except Answered as fault:
            raise fault_of(name, fault) from fault
        asked = wanted.asked(streamed=streamed, without=without)
        return reply_of(name, spoken, asked, question.prompt, started)

    async def _check(self, answer: HttpStream) -> bool:
        """Tell whether an answer comes as a stream; raises Refusal for another status than 200."""
        headers = dict(answer.headers)
        self._standing.quiet(used_up_ms(headers, datetime.now(UTC)))
        if answer.status != 200:
            body = await _read(answer.pieces, MOST_REFUSAL)
            raise Refusal(HttpResponse(status=answer.status, headers=answer.headers, body=body, latency_ms=0))
        return headers.get("content-type", "").strip().lower().startswith(EVENTS)

    async def _whole(self, answer: HttpStream) -> Spoken:
        return self._protocol.whole(b"".join([piece async for piece in answer.pieces]))

    async def _collected(self, answer: HttpStream, telling: Telling) -> Spoken:
        """Read a stream to the end of what is said, and tell it meanwhile; raises Answered."""
        events, collector = Events(), self._protocol.collector()
        try:
            async for piece in answer.pieces:
                said = "".join(collector.take(data) for data in events.take(piece) if not collector.ended)
                if said:
                    await telling(said)
                if collector.ended:
                    break
        except Malformed as fault:
            raise Answered(f"answered, but not with a completion: its stream has {fault}.") from fault
        spoken = collector.spoken()
        await _say_goodbye(answer.pieces)
        return spoken

    def _refused(self, response: HttpResponse) -> ModelFault:
        fault = refused(self._endpoint.name, response)
        fault.retry_after_ms = fault.retry_after_ms or used_up_ms(dict(response.headers), datetime.now(UTC))
        self._standing.quiet(fault.retry_after_ms)
        return fault

    def _request(self, wanted: Wanted, timeout_ms: int) -> HttpRequest:
        return self._endpoint.post(
            self._protocol.path,
            self._protocol.headers(self._api_key),
            self._protocol.body(self._endpoint.name, wanted),
            accept=EVENTS if wanted.streamed else "application/json",
            timeout_ms=max(1, timeout_ms),
            idle_ms=self._options.idle_seconds * 1000,
        )


async def _read(pieces: AsyncIterator[bytes], most: int) -> bytes:
    """Return the beginning of a body."""
    body = bytearray()
    async for piece in pieces:
        body += piece
        if len(body) >= most:
            break
    return bytes(body[:most])


async def _say_goodbye(pieces: AsyncIterator[bytes]) -> None:
    """Read what little may follow a reply, so that its connection can serve the next; a loss of it is none."""
    with suppress(DialFault, TimeoutError):
        async with asyncio.timeout(LONGEST_GOODBYE):
            async for _ in pieces:
                pass
