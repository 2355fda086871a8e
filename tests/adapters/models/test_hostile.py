"""Whatever bytes a model's server sends, in whatever pieces, the end is a reply or a fault with clear words."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http.dialer import HttpDialer
from adapters.models.anthropic import StreamEvents
from adapters.models.openai import Chunks
from adapters.models.spoken import Answered, Spoken
from adapters.models.sse import Events, Malformed
from commands.ports import ModelFault, Reply
from domain.content import content
from domain.session.asking import Asked
from domain.session.replies import Unreadable, read_choice
from tests.adapters.models.asking import ask, form, router

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
Pieces = Callable[[], AsyncIterator[bytes]]


@asynccontextmanager
async def sending(head: bytes, pieces: Pieces) -> AsyncIterator[str]:
    """Answer every request with a head and these pieces, then hang up."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(request.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
            writer.write(head + b"\r\n")
            async for piece in pieces():
                writer.write(piece)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client had enough
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


def at_once(*pieces: bytes) -> Pieces:
    async def generate() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return generate


def for_ever(piece: bytes, seconds: float = 0) -> Pieces:
    async def generate() -> AsyncIterator[bytes]:
        while True:
            yield piece
            await asyncio.sleep(seconds)

    return generate


@pytest.fixture(scope="module")
async def dialer() -> AsyncIterator[HttpDialer]:
    async with HttpDialer() as found:
        yield found


async def said(
    dialer: HttpDialer, head: bytes, pieces: Pieces, *, kind: str = "openai", timeout_ms: int = 60_000, **options: Any
) -> Reply:
    async with sending(head, pieces) as base:
        models = router(dialer, api_key="s3cret", **options)
        return await ask(models, f"{kind}:small@{base}", wants=form(), timeout_ms=timeout_ms)


def data(*events: object) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def delta(text: str, **more: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}} | more]}


def claude(text: str) -> list[dict[str, Any]]:
    return [
        {"type": "message_start", "message": {"usage": {"input_tokens": 7}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
    ]


STOP = delta("", finish_reason="stop")
BOMB = b"[" * 100_000
HTML = b"<!doctype html><title>Sign in</title>"
ANSI = "\x1b[2J\x1b]0;owned\x07 TASK purpose=plan step=0 round=1 attempt=1"
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
NOT_SO = {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}


@pytest.mark.parametrize(
    ("head", "pieces", "words"),
    [
        (STREAM, at_once(b"data: " + b"x" * (2 << 20)), "a line of more than 1048576 bytes"),
        (STREAM, at_once(b"data: " + b"x" * 700_000 + b"\ndata: " + b"x" * 700_000 + b"\n\n"), "an event of more"),
        (STREAM, for_ever(data(delta("x" * 500_000))), "more than 8388608 bytes"),
        (STREAM, at_once(data(delta("half of")), b"data: {"), "broke off"),
        (STREAM, at_once(b"data: " + BOMB + b"\n\n"), "not with a completion"),
        (STREAM, at_once(b'data: {"deep": ' + BOMB + b"\n\n"), "not with a completion.*recursion"),
        (STREAM, at_once(b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n'), "not with a completion"),
        (STREAM, at_once(data({"error": {"message": "out of memory"}})), "then failed.*out of memory"),
        (STREAM, at_once(data({"choices": "none"})), "not with a completion"),
        (STREAM, at_once(HTML), "broke off"),
        (STREAM, at_once(b""), "broke off"),
        (STREAM, at_once(data(delta("a", finish_reason="length"))), "was cut at"),
        (STREAM, at_once(data({"choices": [{"delta": {"refusal": "no"}}]}, STOP)), "declined"),
        (STREAM, at_once(data(delta("a", finish_reason="content_filter"))), "content filter"),
        (STREAM, at_once(data(STOP), b"data: [DONE]\n\n"), "without any text"),
        (WHOLE, at_once(HTML), "not with a completion"),
        (WHOLE, at_once(BOMB), "not with a completion"),
        (
            WHOLE,
            at_once(json.dumps({"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": "x"}}).encode()),
            "not",
        ),
        (WHOLE + b"content-encoding: gzip\r\n", at_once(gzip.compress(bytes(20 << 20))), "more than 8388608 bytes"),
        (WHOLE + b"content-length: 1000\r\n", at_once(b'{"choices":'), "No whole answer"),
        (b"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\nconnection: close\r\n", at_once(b""), "status 307"),
        (b"no HTTP at all\r\n", at_once(b""), "No whole answer"),
    ],
)
async def test_a_bad_answer_is_a_fault_in_words(dialer: HttpDialer, head: bytes, pieces: Pieces, words: str) -> None:
    with pytest.raises(ModelFault, match=words) as fault:
        await said(dialer, head, pieces)
    assert "s3cret" not in str(fault.value) and len(str(fault.value)) < 1_000


@pytest.mark.parametrize(
    ("events", "words", "retryable"),
    [
        ([*claude("half"), OVERLOADED], "overloaded_error: Overloaded", True),
        ([*claude("half"), NOT_SO], "invalid_request_error", False),
        (claude("half"), "broke off", True),
        ([{"type": "content_block_delta", "index": 3, "delta": {"text": "a"}}], "had not begun", True),
        (
            [*claude("a"), {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}}, {"type": "message_stop"}],
            "cut",
            True,
        ),
        (
            [*claude("a"), {"type": "message_delta", "delta": {"stop_reason": "refusal"}}, {"type": "message_stop"}],
            "declined",
            False,
        ),
    ],
)
async def test_the_other_protocol_fails_as_clearly(
    dialer: HttpDialer, events: list[object], words: str, retryable: bool
) -> None:
    with pytest.raises(ModelFault, match=words) as fault:
        await said(dialer, STREAM, at_once(data(*events)), kind="anthropic")
    assert fault.value.retryable is retryable and fault.value.uncertain


async def test_a_stream_that_drips_pauses_or_only_keeps_alive_ends_in_time(dialer: HttpDialer) -> None:
    cases: tuple[tuple[Pieces, dict[str, Any], str], ...] = (
        (for_ever(b"d", 0.02), {"timeout_ms": 1_000}, "did not answer in"),
        (for_ever(b": still here\n\n", 0.02), {"timeout_ms": 1_000}, "did not answer in"),
        (for_ever(data(delta("a")), 30), {"idle_seconds": 1}, "sent nothing more for 1000 ms"),
    )
    for pieces, options, words in cases:
        with pytest.raises(ModelFault, match=words) as fault:
            await said(dialer, STREAM, pieces, **options)
        assert fault.value.retryable and fault.value.uncertain


async def test_what_a_server_counts_wrongly_takes_nothing_and_gives_nothing_back(dialer: HttpDialer) -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": -5, "completion_tokens": 10**30}}
    reply = await said(dialer, STREAM, at_once(data(delta("hi"), STOP, usage), b"data: [DONE]\n\n"))
    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("hi", 0, 10**9)


async def test_what_follows_the_end_is_not_waited_for(dialer: HttpDialer) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield data(delta("hi"), STOP) + b"data: [DONE]\n\n"
        while True:
            yield data(delta("more"))
            await asyncio.sleep(0.01)

    reply = await asyncio.wait_for(said(dialer, STREAM, endless, timeout_ms=600_000), 60)
    assert reply.text == "hi"


async def test_a_reply_is_kept_as_it_was_said_and_commands_nobody(dialer: HttpDialer) -> None:
    reply = await said(dialer, STREAM, at_once(data(delta(ANSI), STOP)))
    assert reply.text == ANSI  # the log keeps it; what is shown on terminals and built into prompts is quoted there
    arguments = {"index": 0, "function": {"name": "create_order", "arguments": '{"a": 1}, "tool": "other", "x": {}'}}
    reply = await said(dialer, STREAM, at_once(data({"choices": [{"delta": {"tool_calls": [arguments]}}]}, STOP)))
    with pytest.raises(Unreadable, match="object"):
        read_choice(content(reply.text.encode()))


def spoken(collector: Chunks | StreamEvents, pieces: Sequence[bytes]) -> Spoken:
    events = Events()
    for piece in pieces:
        for each in events.take(piece):
            collector.take(each)
    return collector.spoken()


@given(
    text=st.text(max_size=60),
    cuts=st.lists(st.integers(0, 2_000), max_size=12),
    end=st.sampled_from(["\n\n", "\r\n\r\n"]),
    anthropic=st.booleans(),
)
def test_a_stream_says_the_same_in_whatever_pieces_it_comes(
    text: str, cuts: list[int], end: str, anthropic: bool
) -> None:
    events: list[Any] = [*claude(text), {"type": "message_stop"}] if anthropic else [delta(text), STOP]
    raw = b"".join(
        f"data: {json.dumps(event, ensure_ascii=False)}{end}".encode("utf-8", "surrogatepass") for event in events
    )
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    pieces = [raw[start:stop] for start, stop in pairwise(places)]
    assert spoken(StreamEvents() if anthropic else Chunks(), pieces).text == text


@given(raw=st.binary(max_size=300), anthropic=st.booleans(), made=st.booleans())
@settings(max_examples=200)
def test_no_bytes_break_what_reads_them(raw: bytes, anthropic: bool, made: bool) -> None:
    events = claude("a") if anthropic else [delta("a")]
    try:
        spoken(StreamEvents() if anthropic else Chunks(), [data(*events) if made else b"", b"data: " + raw + b"\n\n"])
    except (Answered, Malformed) as fault:
        assert str(fault)


@given(
    json_value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "choices",
                        "delta",
                        "content",
                        "usage",
                        "error",
                        "type",
                        "index",
                        "tool_calls",
                        "function",
                        "message",
                        "finish_reason",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
@settings(max_examples=40)
async def test_any_json_over_a_socket_is_a_reply_or_a_fault(dialer: HttpDialer, json_value: object) -> None:
    for head, body in ((STREAM, data(json_value)), (WHOLE, json.dumps(json_value).encode())):
        for kind in ("openai", "anthropic"):
            try:
                reply = await said(dialer, head, at_once(body), kind=kind)
                assert reply.text and isinstance(reply.asked, Asked)
            except ModelFault as fault:
                assert str(fault)
