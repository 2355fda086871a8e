"""Send one request to exactly the origin it was meant for, within one time-out and one size."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeAlias

import httpcore
import httpx

from adapters.http.egress import AddressRefused, Egress
from adapters.http.hosts import Target, UrlRefused, target_of
from adapters.http.pinned import PinnedBackend, PinnedTransport, Resolve, resolve, tls
from adapters.http.redirects import next_url
from adapters.http.retry_after import normalised
from adapters.http.unpacking import unpacker_of
from commands.ports import DialFault, HttpRequest, HttpResponse, HttpStream

for _name in ("httpx", "httpcore"):
    # They log whole URLs and headers, credentials included, as soon as anybody asks for that level.
    logging.getLogger(_name).setLevel(logging.WARNING)

Answer: TypeAlias = tuple[int, tuple[tuple[str, str], ...], bytes]
"""A status, headers with their names in lower case, and a body."""

_HEADERS = {"accept-encoding": "identity", "user-agent": "reprise"}


class HttpDialer:
    """Implement the StreamingDialer port over httpx, with pooled connections; close it, or use it as a context.

    ``timeout_ms`` is the total from dialling to the last byte. An answer larger than ``max_bytes`` is cut
    right behind the first byte too many, so that the caller sees ``len(body) > max_bytes`` and still knows
    the status. A ``retry-after`` header is given in whole seconds even where the server wrote a date.
    """

    def __init__(
        self,
        egress: Egress | None = None,
        *,
        connections: int = 100,
        resolve: Resolve = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._egress = egress or Egress()
        context, inner = tls(self._egress.ca_file), network or httpcore.AnyIOBackend()

        def transport(allow_private: bool) -> PinnedTransport:
            backend = PinnedBackend(self._egress, allow_private=allow_private, resolve=resolve, inner=inner)
            return PinnedTransport(backend, context=context, connections=connections)

        # Two pools: a connection that was opened to a private address must not serve a request that
        # forbids it.
        self._transports = {private: transport(private) for private in (False, True)}

    async def __aenter__(self) -> "HttpDialer":
        """Give the dialer."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        for transport in self._transports.values():
            await transport.aclose()

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send once; raises DialFault, with ``sent=False`` only if surely nothing was written."""
        target = self._checked(request)
        writing = Writing(request)
        started = time.monotonic()
        async with _translated(request, writing):
            status, headers, body = await self._followed(request, target, writing)
        latency_ms = int((time.monotonic() - started) * 1000)
        return HttpResponse(status=status, headers=normalised(headers), body=body, latency_ms=latency_ms)

    @asynccontextmanager
    async def stream(self, request: HttpRequest) -> AsyncIterator[HttpStream]:
        """Send once and give the answer while it comes; raises DialFault like ``send``, and where it is too large."""
        target = self._checked(request)
        writing = Writing(request)
        async with _translated(request, writing):
            response = await self._sent(request, target.url, writing)
            try:
                async with aclosing(_pieces(response, request)) as pieces:
                    yield HttpStream(status=response.status_code, headers=normalised(_headers(response)), pieces=pieces)
            finally:
                await response.aclose()

    def _checked(self, request: HttpRequest) -> Target:
        """Return where a request leads; raises DialFault where that is not to be dialled."""
        try:
            target, origin = target_of(request.url), target_of(request.origin).place
            if target.place != origin:
                raise UrlRefused("nothing else is dialled")
            self._egress.check_place(origin, listed_port=request.listed_port)
        except UrlRefused as fault:
            # A query may hold a credential.
            shown = request.url.partition("?")[0][:200]
            reason = f"Expected a URL at {request.origin[:200]!r}, not {shown!r}: {fault}."
            raise DialFault(reason, sent=False, refused=True) from fault
        except AddressRefused as fault:
            raise DialFault(str(fault), sent=False, refused=True) from fault
        return target

    async def _followed(self, request: HttpRequest, target: Target, writing: "Writing") -> Answer:
        """Send, and as often as is asked for again where a redirect leads within the origin and the prefix."""
        url = target.url
        for _ in range(request.follow):
            answer = await self._exchange(request, url, writing)
            location = dict(answer[1]).get("location", "")
            further = next_url(request.method, url, answer[0], location, place=target.place, prefix=request.prefix)
            if further is None:
                return answer
            url = further
        return await self._exchange(request, url, writing)

    async def _exchange(self, request: HttpRequest, url: httpx.URL, writing: "Writing") -> Answer:
        response = await self._sent(request, url, writing)
        try:
            body = await _read(response, request.max_bytes + 1)
        finally:
            await response.aclose()
        return response.status_code, _headers(response), body

    async def _sent(self, request: HttpRequest, url: httpx.URL, writing: "Writing") -> httpx.Response:
        """Send a request, and return its answer as far as its headers."""
        outgoing = httpx.Request(
            request.method,
            url,
            headers=[*_HEADERS.items(), *request.headers],
            content=request.body or None,
            extensions={"trace": writing.watch},
        )
        # httpx's client would read cookies and the place of a redirect out of answers: nobody asked it to.
        return await self._transports[request.allow_private].handle_async_request(outgoing)


class Writing:
    """Notice when the first byte of a request may have been written, and forbid it once that is too late."""

    def __init__(self, request: HttpRequest) -> None:
        self.begun = False
        self._not_after = request.not_after
        self._has_body = bool(request.body)

    async def watch(self, event: str, info: dict[str, Any]) -> None:
        """Take one of httpcore's trace events; raises DialFault right before what would be written too late."""
        late = self._not_after is not None and datetime.now(UTC) > self._not_after
        match event:
            case "http11.send_request_headers.started" if late:
                raise DialFault("Nothing was sent: this process was stopped until it was too late.", sent=False)
            case "http11.send_request_headers.started":
                self.begun = True
            case "http11.send_request_body.started" if late and self._has_body:
                raise DialFault("The body was not sent: this process was stopped until it was too late.", sent=True)


@asynccontextmanager
async def _translated(request: HttpRequest, writing: Writing) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(request.timeout_ms / 1000):
            yield
    except AddressRefused as fault:
        raise DialFault(str(fault), sent=writing.begun, refused=True) from fault
    except TimeoutError as fault:
        raise DialFault(f"{request.origin} did not answer in {request.timeout_ms} ms.", sent=writing.begun) from fault
    except (httpx.HTTPError, httpx.StreamError, ValueError) as fault:
        reason = str(fault).rstrip(".") or type(fault).__name__
        raise DialFault(f"No whole answer came from {request.origin}: {reason}.", sent=writing.begun) from fault


def _headers(response: httpx.Response) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), value) for name, value in response.headers.multi_items())


async def _read(response: httpx.Response, limit: int) -> bytes:
    unpacker = unpacker_of(response.headers.get("content-encoding", ""))
    body = bytearray()
    async for chunk in response.aiter_raw():
        left = limit - len(body)
        body += unpacker.take(chunk, left) if unpacker else chunk[:left]
        if len(body) >= limit:
            return bytes(body)
    if unpacker:
        unpacker.end()
    return bytes(body)


async def _pieces(response: httpx.Response, request: HttpRequest) -> AsyncGenerator[bytes]:
    """Yield a body as it comes, within the request's bounds; raises DialFault beyond them."""
    unpacker, left = unpacker_of(response.headers.get("content-encoding", "")), request.max_bytes
    raw = aiter(response.aiter_raw())
    while (chunk := await _next(raw, request)) is not None:
        piece = unpacker.take(chunk, left + 1) if unpacker else chunk
        left -= len(piece)
        if left < 0:
            reason = f"{request.origin} sent more than {request.max_bytes} bytes, and was not read to its end."
            raise DialFault(reason, sent=True)
        yield piece
    if unpacker:
        unpacker.end()


async def _next(raw: AsyncIterator[bytes], request: HttpRequest) -> bytes | None:
    """Return what comes next, None at the end; raises DialFault where nothing comes for too long."""
    try:
        async with asyncio.timeout(request.idle_ms / 1000):
            return await anext(raw, None)
    except TimeoutError as fault:
        raise DialFault(f"{request.origin} sent nothing more for {request.idle_ms} ms.", sent=True) from fault
