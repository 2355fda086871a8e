"""A streamed answer comes piece by piece, by the rules of every other request, and within its bounds."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.http.dialer import HttpDialer
from commands.ports import DialFault, HttpRequest
from ops.sample.http_server import Request, Response, serving

Pieces = Callable[[], AsyncGenerator[bytes | None]]


async def three() -> AsyncGenerator[bytes | None]:
    for piece in (b"one ", b"two ", b"three"):
        yield piece


async def endless() -> AsyncGenerator[bytes | None]:
    while True:
        yield b"x" * 10_000
        await asyncio.sleep(0)


async def cut() -> AsyncGenerator[bytes | None]:
    yield b"half"
    yield None


async def silent() -> AsyncGenerator[bytes | None]:
    yield b"first"
    await asyncio.sleep(30)


async def streamed(pieces: Pieces, taken: Callable[[], None] = lambda: None, **more: Any) -> tuple[int, bytes]:
    async def handle(request: Request) -> Response:
        return Response(status=200, pieces=pieces())

    async with serving(handle) as url, HttpDialer() as dialer:
        asked: dict[str, Any] = {
            "method": "POST",
            "url": f"{url}/x",
            "origin": url,
            "body": b"{}",
            "allow_private": True,
            "timeout_ms": 60_000,
        } | more
        found = b""
        async with dialer.stream(HttpRequest(**asked)) as answer:
            async for piece in answer.pieces:
                found += piece
                taken()
        return answer.status, found


async def test_pieces_are_there_as_soon_as_they_come() -> None:
    taken = asyncio.Semaphore(0)

    async def each_when_the_last_was_taken() -> AsyncGenerator[bytes | None]:
        async for piece in three():
            yield piece
            await taken.acquire()

    assert await streamed(each_when_the_last_was_taken, taken.release) == (200, b"one two three")


@pytest.mark.parametrize(
    ("pieces", "more", "words"),
    [
        (endless, {"max_bytes": 50_000}, "sent more than 50000 bytes"),
        (silent, {"idle_ms": 100}, "sent nothing more for 100 ms"),
        (silent, {"timeout_ms": 1000}, "did not answer in 1000 ms"),
        (cut, {}, "No whole answer"),
    ],
)
async def test_what_is_too_large_too_slow_or_cut_is_a_fault(pieces: Pieces, more: dict[str, Any], words: str) -> None:
    with pytest.raises(DialFault, match=words) as fault:
        await streamed(pieces, **more)
    assert fault.value.sent and not fault.value.refused


@pytest.mark.parametrize(
    ("more", "words", "refused"),
    [
        ({"allow_private": False}, "Expected a public address", True),
        ({"origin": "http://127.0.0.1:1"}, "Expected a URL at", True),
        ({"not_after": datetime.now(UTC) - timedelta(seconds=1)}, "Nothing was sent", False),
    ],
)
async def test_nothing_is_dialled_that_may_not_be(more: dict[str, Any], words: str, refused: bool) -> None:
    with pytest.raises(DialFault, match=words) as fault:
        await streamed(three, **more)
    assert not fault.value.sent and fault.value.refused is refused


async def test_a_redirect_is_an_answer_and_whoever_leaves_early_hangs_up() -> None:
    gone = asyncio.Event()

    async def until_gone() -> AsyncGenerator[bytes | None]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0.01)
        finally:
            gone.set()

    async def handle(request: Request) -> Response:
        if request.path == "/there":
            return Response(status=307, headers=(("location", "/elsewhere"),))
        return Response(status=200, pieces=until_gone())

    async with serving(handle) as url, HttpDialer() as dialer:
        asked = HttpRequest(method="POST", url=f"{url}/there", origin=url, allow_private=True, follow=5)
        async with dialer.stream(asked) as answer:
            assert answer.status == 307
        asked = HttpRequest(method="POST", url=f"{url}/long", origin=url, allow_private=True)
        async with dialer.stream(asked) as answer:
            assert await anext(answer.pieces) == b"x"
        await asyncio.wait_for(gone.wait(), 60)
