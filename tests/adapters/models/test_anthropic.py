"""A model that speaks Anthropic's protocol is asked and read as that protocol says."""

import json
from datetime import UTC, datetime

import pytest

from adapters.http.dialer import HttpDialer
from adapters.models.faults import retry_after_ms
from adapters.models.models import ModelRouter
from commands.ports import HttpResponse, ModelFault, Question, Reply
from domain.session.prompt import Message, Prompt
from ops.sample.http_server import Request, Response, json_response, serving

PROMPT = Prompt(messages=(Message(role="system", text="be brief"), Message(role="user", text="hello")))


async def ask(answer: Response, *, api_key: str = "s3cret") -> tuple[Reply, Request]:
    seen: list[Request] = []

    async def handle(request: Request) -> Response:
        seen.append(request)
        return answer

    async with serving(handle) as url, HttpDialer() as dialer:
        question = Question(model=f"anthropic:small@{url}/v1", prompt=PROMPT, timeout_ms=60_000)
        return await ModelRouter(dialer, api_key=api_key).ask(question), seen[0]


def message(*blocks: dict[str, object], **more: object) -> Response:
    usage = {"input_tokens": 10, "cache_read_input_tokens": 2, "cache_creation_input_tokens": None, "output_tokens": 3}
    return json_response(200, {"type": "message", "content": blocks, "stop_reason": "end_turn", "usage": usage} | more)


async def test_what_the_system_says_travels_apart_and_the_key_in_its_own_header() -> None:
    _, request = await ask(message({"type": "text", "text": "hi"}))
    assert request.path == "/v1/messages"
    assert (request.headers["x-api-key"], request.headers["anthropic-version"]) == ("s3cret", "2023-06-01")
    assert "authorization" not in request.headers
    asked = json.loads(request.body)
    assert (asked["model"], asked["system"]) == ("small", "be brief")
    assert asked["messages"] == [{"role": "user", "content": "hello"}] and asked["max_tokens"] > 0


async def test_only_texts_are_the_reply_and_cached_tokens_were_read_too() -> None:
    blocks: tuple[dict[str, object], ...]
    blocks = ({"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "h"}, {"type": "text", "text": "i"})
    reply, _ = await ask(message(*blocks))
    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("hi", 12, 3)


@pytest.mark.parametrize(
    ("answer", "retryable", "words"),
    [
        (message({"type": "text", "text": "{"}, stop_reason="max_tokens"), True, "was cut at"),
        (message({"type": "text", "text": "no"}, stop_reason="refusal"), False, "declined"),
        (message(), True, "without any text"),
        (message({"type": "thinking", "thinking": "hm"}), True, "without any text"),
        (json_response(200, {"content": "hi"}), True, "not with a completion"),
        (
            json_response(200, {"content": [{"type": "text", "text": "hi"}], "usage": {"input_tokens": "x"}}),
            True,
            "not",
        ),
        (json_response(503, {"type": "error", "error": {"type": "overloaded_error"}}), True, "503"),
        (json_response(401, {"type": "error"}), False, "401"),
    ],
)
async def test_faults_say_whether_asking_again_can_help(answer: Response, retryable: bool, words: str) -> None:
    with pytest.raises(ModelFault, match=words) as fault:
        await ask(answer)
    assert fault.value.retryable is retryable and "s3cret" not in str(fault.value)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "7"}, 7_000),
        ({"retry-after": "7", "retry-after-ms": "250"}, 250),
        ({"retry-after": "Sun, 01 Nov 2026 12:00:30 GMT"}, 30_000),
        ({"retry-after": "Sun, 01 Nov 2026 11:00:00 GMT"}, 0),
        ({"retry-after": "Sun, 01 Nov 2026 12:00:30"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "9" * 40}, 3_600_000),
        ({}, 0),
    ],
)
def test_a_server_is_left_alone_for_as_long_as_it_asks_within_an_hour(headers: dict[str, str], wait: int) -> None:
    response = HttpResponse(status=429, headers=tuple(headers.items()), body=b"", latency_ms=1)
    assert retry_after_ms(response, datetime(2026, 11, 1, 12, tzinfo=UTC)) == wait
