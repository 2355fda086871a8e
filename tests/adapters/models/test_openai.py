"""Whatever a model server does, the answer is a reply or a fault that says whether asking again can help."""

import asyncio
import socket

import pytest

from adapters.http.dialer import HttpDialer
from adapters.models.models import ModelRouter
from commands.ports import ModelFault, Question, Reply
from domain.session.prompt import Message, Prompt
from ops.sample.http_server import Request, Response, json_response, serving

PROMPT = Prompt(messages=(Message(role="user", text="hello"),))


async def ask(
    answer: Response | None, *, timeout_ms: int = 60_000, delay: float = 0, api_key: str = ""
) -> tuple[Reply, Request]:
    seen: list[Request] = []

    async def handle(request: Request) -> Response | None:
        seen.append(request)
        await asyncio.sleep(delay)
        return answer

    async with serving(handle) as url, HttpDialer() as dialer:
        question = Question(model=f"openai:org/small@{url}/v1", prompt=PROMPT, timeout_ms=timeout_ms)
        return await ModelRouter(dialer, api_key=api_key).ask(question), seen[0]


def completion(content: str | None, **more: object) -> Response:
    return json_response(200, {"choices": [{"message": {"content": content}}]} | more)


async def test_a_completion_becomes_a_reply_with_its_usage() -> None:
    usage = {"prompt_tokens": 12, "completion_tokens": 3}
    reply, request = await ask(completion("hi", usage=usage), api_key="s3cret")
    assert (reply.text, reply.tokens_in, reply.tokens_out) == ("hi", 12, 3)
    assert reply.asked and not reply.asked.estimated
    assert request.path == "/v1/chat/completions" and b'"org/small"' in request.body
    assert request.headers["authorization"] == "Bearer s3cret"


async def test_what_is_not_counted_is_estimated_and_without_a_key_none_is_sent() -> None:
    reply, request = await ask(completion("hi there é", usage=None))
    assert (reply.tokens_in, reply.tokens_out) == (2, 3)  # a quarter of the bytes, rounded up
    assert reply.asked and reply.asked.estimated
    assert "authorization" not in request.headers


async def test_no_claim_of_a_server_gives_tokens_back_or_takes_more_than_there_are() -> None:
    reply, _ = await ask(completion("hi", usage={"prompt_tokens": -(10**30), "completion_tokens": 10**30}))
    assert (reply.tokens_in, reply.tokens_out) == (0, 10**9)


@pytest.mark.parametrize(
    ("answer", "retryable", "retry_after_ms"),
    [
        (Response(status=429, headers=(("retry-after", "7"),)), True, 7000),
        (Response(status=503, body=b"busy"), True, 0),
        (Response(status=401, body=b"who are you"), False, 0),
        (Response(status=404, body=b"no such model"), False, 0),
        (Response(status=307, headers=(("location", "http://127.0.0.1:1/"),)), False, 0),
        (Response(status=200, body=b"<html>"), True, 0),
        (json_response(200, {"choices": []}), True, 0),
        (completion(None), True, 0),
        (None, True, 0),
    ],
)
async def test_faults_say_whether_asking_again_can_help(
    answer: Response | None, retryable: bool, retry_after_ms: int
) -> None:
    with pytest.raises(ModelFault) as fault:
        await ask(answer, api_key="s3cret")
    assert (fault.value.retryable, fault.value.retry_after_ms) == (retryable, retry_after_ms)
    assert "s3cret" not in str(fault.value)


async def test_a_model_that_is_too_slow_may_be_asked_again() -> None:
    with pytest.raises(ModelFault, match=r"did not answer in \d+ ms") as fault:
        await ask(completion("late"), timeout_ms=50, delay=5)
    assert fault.value.retryable


async def test_a_model_server_that_is_not_there_may_be_asked_again() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        model = f"openai:small@http://127.0.0.1:{bound.getsockname()[1]}/v1"
        async with HttpDialer() as dialer:
            with pytest.raises(ModelFault) as fault:
                await ModelRouter(dialer).ask(Question(model=model, prompt=PROMPT, timeout_ms=60_000))
    assert fault.value.retryable
