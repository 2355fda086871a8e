"""The dialer reaches the origin it was given and nothing else, within its bounds."""

import asyncio
import gzip
import socket
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest

from adapters.http.dialer import HttpDialer
from commands.ports import DialFault, HttpRequest

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def server(script: Script) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve connections by a script that reads and writes bytes; yields the URL and the peers that came."""
    peers: list[str] = []
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the dialer hung up, as some of these tests want
        finally:
            writer.close()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(str(writer.get_extra_info("peername")))
        task = asyncio.ensure_future(run(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listening = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", peers
    finally:
        listening.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def answering(*answers: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        await asyncio.sleep(60)

    return script


def request(origin: str, **more: Any) -> HttpRequest:
    """Ask for a path below a loopback origin."""
    base = HttpRequest(method="GET", url=f"{origin}/a", origin=origin, timeout_ms=60_000, allow_private=True)
    return msgspec.structs.replace(base, **more)


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Part: a\r\nX-Part: b\r\n\r\nhi"


async def test_an_answer_comes_whole_with_lower_case_headers() -> None:
    async with server(answering(OK)) as (url, _), HttpDialer() as dialer:
        response = await dialer.send(request(url))
    assert (response.status, response.body, response.header("X-Part")) == (200, b"hi", "a")
    assert ("x-part", "b") in response.headers


async def test_connections_are_kept_and_used_again() -> None:
    async with server(answering(OK, OK)) as (url, peers), HttpDialer() as dialer:
        await dialer.send(request(url))
        await dialer.send(request(url))
    assert len(peers) == 1


async def test_a_private_address_is_refused_although_a_connection_to_it_is_open() -> None:
    async with server(answering(OK, OK)) as (url, peers), HttpDialer() as dialer:
        await dialer.send(request(url))
        with pytest.raises(DialFault, match="--allow-private") as fault:
            await dialer.send(request(url, allow_private=False))
    assert fault.value.refused and not fault.value.sent and len(peers) == 1


async def test_nothing_is_written_of_a_request_whose_time_has_passed() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.put_nowait(await reader.read(1000))

    async with server(listening) as (url, peers), HttpDialer() as dialer:
        with pytest.raises(DialFault, match="too late") as fault:
            await dialer.send(request(url, not_after=datetime.now(UTC) - timedelta(milliseconds=1)))
        assert await asyncio.wait_for(heard.get(), 60) == b""
    assert not fault.value.sent and len(peers) == 1


class Clock:
    """Be a clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self, zone: tzinfo) -> datetime:
        """Return the time."""
        return self.time


async def test_no_body_is_written_when_its_time_passed_behind_the_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    clock = Clock()
    monkeypatch.setattr("adapters.http.dialer.datetime", clock)
    soon = clock.time + timedelta(seconds=1)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(1)  # so many headers wait for a reader
        clock.time = soon + timedelta(seconds=1)
        heard.put_nowait(first + await reader.read(-1))

    async with server(slow) as (url, _), HttpDialer() as dialer:
        large = (("x-large", "h" * 32_000_000),)
        with pytest.raises(DialFault, match="body was not sent") as fault:
            await dialer.send(request(url, method="POST", headers=large, body=b"BODY", not_after=soon))
        assert fault.value.sent
        assert b"BODY" not in await asyncio.wait_for(heard.get(), 60)


@pytest.mark.parametrize("host", ["localhost", "2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:127.0.0.1]"])
async def test_other_ways_to_write_loopback_are_refused_too(host: str) -> None:
    async with server(answering(OK)) as (url, peers), HttpDialer() as dialer:
        other = url.replace("127.0.0.1", host)
        with pytest.raises(DialFault) as fault:
            await dialer.send(request(other, allow_private=False))
    assert not fault.value.sent and not peers


async def test_a_name_with_several_addresses_is_dialled_until_one_answers() -> None:
    async with server(answering(OK)) as (url, _), HttpDialer() as dialer:
        response = await dialer.send(request(url.replace("127.0.0.1", "localhost")))
    assert response.status == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["http://127.0.0.1:1/a", "https://127.0.0.1/a", "http://user@{host}/a", "ftp://{host}/a", "/a", "http://[/a",
     "http://{host}@127.0.0.1:1/a"],
)  # fmt: skip
async def test_a_url_outside_the_origin_is_never_dialled(elsewhere: str) -> None:
    async with server(answering(OK)) as (url, peers), HttpDialer() as dialer:
        target = elsewhere.format(host=url.removeprefix("http://"))
        with pytest.raises(DialFault, match="Expected a URL") as fault:
            await dialer.send(request(url, url=target))
    assert not fault.value.sent and not peers


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    async with server(answering(moved)) as (url, _), HttpDialer() as dialer:
        assert (await dialer.send(request(url))).status == 302


async def test_a_proxy_in_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with server(answering(OK)) as (url, _), HttpDialer() as dialer:
        assert (await dialer.send(request(url))).status == 200


async def test_a_refused_connection_was_surely_not_sent() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        async with HttpDialer() as dialer:
            with pytest.raises(DialFault) as fault:
                await dialer.send(request(f"http://127.0.0.1:{bound.getsockname()[1]}"))
    assert not fault.value.sent and not fault.value.refused


@pytest.mark.parametrize("partial", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", b"what?\r\n\r\n"])
async def test_a_connection_that_breaks_or_talks_nonsense_may_have_been_sent(partial: bytes) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(partial)

    async with server(script) as (url, _), HttpDialer() as dialer:
        with pytest.raises(DialFault) as fault:
            await dialer.send(request(url))
    assert fault.value.sent


async def test_the_time_out_covers_a_body_that_drips() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while True:
            writer.write(b".")
            await asyncio.sleep(0.02)

    async with server(script) as (url, _), HttpDialer() as dialer:
        with pytest.raises(DialFault, match="did not answer in 1000 ms") as fault:
            await dialer.send(request(url, timeout_ms=1000))
    assert fault.value.sent


async def test_a_large_answer_is_cut_behind_the_first_byte_too_many() -> None:
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 5000000\r\n\r\n" + b"x" * 5_000_000
    async with server(answering(large)) as (url, _), HttpDialer() as dialer:
        response = await dialer.send(request(url, max_bytes=1000))
    assert (response.status, len(response.body)) == (200, 1001)


def packed(body: bytes, encoding: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-encoding: %b\r\ncontent-length: %d\r\n\r\n%b" % (encoding, len(body), body)


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (packed(gzip.compress(b"hello"), b"gzip"), b"hello"),
        (packed(gzip.compress(b"hello "), b"GZip"), b"hello "),
        (packed(gzip.compress(b"he") + gzip.compress(b"llo"), b"x-gzip"), b"hello"),
        (packed(zlib.compress(b"hello"), b"deflate"), b"hello"),
        (packed(b"hello", b"identity"), b"hello"),
        (packed(b"", b"gzip"), b""),
        (packed(gzip.compress(b"x" * 50_000_000), b"gzip"), b"x" * 1001),
    ],
    ids=["gzip", "any-case", "one-behind-the-other", "deflate", "identity", "empty", "bomb"],
)
async def test_an_answer_that_is_compressed_unasked_is_unpacked_within_its_size(answer: bytes, body: bytes) -> None:
    async with server(answering(answer)) as (url, _), HttpDialer() as dialer:
        response = await dialer.send(request(url, max_bytes=1000))
    assert (response.status, response.body) == (200, body)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (packed(b"hi", b"gzip"), "cannot be unpacked"),
        (packed(gzip.compress(b"hello") + b"hi there, more", b"gzip"), "cannot be unpacked"),
        (packed(gzip.compress(b"hello")[:-3], b"gzip"), "ended before it was whole"),
        (packed(b"hi", b"br"), "gzip or deflate"),
        (packed(gzip.compress(gzip.compress(b"hi")), b"gzip, gzip"), "gzip or deflate"),
    ],
    # Named, because gzip writes the time into its bytes, and two processes must give a test one name.
    ids=["not-gzip", "more-behind-it", "cut-off", "another-coding", "twice"],
)
async def test_what_cannot_be_unpacked_is_a_fault_of_a_request_that_was_sent(answer: bytes, reason: str) -> None:
    async with server(answering(answer)) as (url, _), HttpDialer() as dialer:
        with pytest.raises(DialFault, match=reason) as fault:
            await dialer.send(request(url))
    assert fault.value.sent


def in_an_hour() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (lambda: "7", 7, 7),
        (in_an_hour, 3500, 3601),
        (lambda: "soon", 0, 0),
        (lambda: "0" * 5_000 + "7", 7, 7),
        (lambda: "9" * 5_000, 86_400, 86_400),
        (lambda: "Fri, 31 Dec 9999 23:59:59 GMT", 86_400, 86_400),
        (lambda: "Fri, 31 Dec 9999 23:59:59 -2359", 0, 86_400),
        (lambda: "Mon, 01 Jan 2024 10:00:00 +999999999999", 0, 0),
    ],
)
async def test_retry_after_is_given_in_seconds(value: Callable[[], str], least: int, most: int) -> None:
    busy = f"HTTP/1.1 429 Busy\r\nretry-after: {value()}\r\ncontent-length: 0\r\n\r\n".encode()
    async with server(answering(busy)) as (url, _), HttpDialer() as dialer:
        seconds = (await dialer.send(request(url))).header("retry-after")
    assert least <= int(seconds or "0") <= most
