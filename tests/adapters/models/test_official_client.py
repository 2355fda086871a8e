"""The official client of the protocol holds a whole conversation with the served script, over a real socket."""

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter

from adapters.embedding.hashing import HashingEmbedder, hashed
from adapters.http.dialer import HttpDialer
from adapters.models.embeddings import HttpEmbedder
from commands.ports import ModelFault
from ops.sample.http_server import Request, Response, json_response, serving
from ops.scripted.server import script_server
from tests.adapters.models.asking import ask, form, prompt, router

REPLIES: list[dict[str, Any]] = [
    {"goal": "busy", "status": 429, "text": "slow down", "retry_after_ms": 300, "times": 1},
    {"goal": "always busy", "status": 429, "text": "slow down", "retry_after_ms": 20},
    {"goal": "broken", "status": 500, "text": "out of order"},
    {"goal": "cut", "text": "one two three four", "cut": 8},
    {"goal": "slow", "text": "late", "delay_ms": 2_000},
    {"goal": "long", "text": "and so", "stop": "length"},
    {"goal": "secret", "text": "I will not say", "stop": "refusal"},
    {"goal": "order", "reply": {"tool": "create_order", "arguments": {"body": {"sku": "mug", "text": "two é mugs"}}}},
    {"goal": "json", "reply": {"answer": "42"}},
    {"goal": "many words", "text": "the quick  brown\nfox é 🦊"},
    {"goal": "busy", "text": "at last"},
]
TOOLS: Any = [{"type": "function", "function": {"name": "create_order", "parameters": {"type": "object"}}}]
SCHEMA: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[str]:
    file = folder / "script.json"
    file.write_text(json.dumps({"replies": REPLIES}))
    async with script_server(file, HashingEmbedder()) as url:
        yield url


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[AsyncOpenAI]:
    async with served(tmp_path) as url, AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as found:
        yield found


def asked(goal: str, **more: Any) -> Any:
    messages = [{"role": message.role, "content": message.text} for message in prompt(f"GOAL {goal}").messages]
    return {"model": "scripted", "messages": messages} | more


async def test_a_whole_answer_and_the_models_that_are_served(client: AsyncOpenAI) -> None:
    answer: ChatCompletion = await client.chat.completions.create(**asked("many words"))
    assert answer.choices[0].message.content == "the quick  brown\nfox é 🦊"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage and answer.usage.total_tokens == answer.usage.prompt_tokens + 6
    assert [model.id async for model in client.models.list()] == ["scripted", "hashing"]
    ChatCompletion.model_validate(answer.model_dump(), strict=True)


async def test_a_stream_says_the_same_in_valid_chunks_and_counts_at_its_end(client: AsyncOpenAI) -> None:
    raw = client.chat.completions.with_streaming_response
    async with raw.create(**asked("many words", stream=True, stream_options={"include_usage": True})) as response:
        lines = [line async for line in response.iter_lines() if line]
    assert lines[-1] == "data: [DONE]"
    chunks = [ChatCompletionChunk.model_validate_json(line.removeprefix("data: "), strict=True) for line in lines[:-1]]
    texts = [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]
    assert "".join(texts) == "the quick  brown\nfox é 🦊" and len([text for text in texts if text]) == 6
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "stop"
    assert chunks[-1].usage and chunks[-1].usage.completion_tokens == 6 and not chunks[0].usage


async def test_a_tool_is_called_whole_and_in_a_stream(client: AsyncOpenAI) -> None:
    answer: Any = await client.chat.completions.create(**asked("order", tools=TOOLS))
    assert answer.choices[0].finish_reason == "tool_calls" and answer.choices[0].message.content is None
    async with client.chat.completions.stream(**asked("order", tools=TOOLS)) as stream:
        streamed: Any = await stream.get_final_completion()
    for each in (answer, streamed):
        (call,) = each.choices[0].message.tool_calls
        assert call.function.name == "create_order"
        assert json.loads(call.function.arguments) == {"body": {"sku": "mug", "text": "two é mugs"}}
    plain = await client.chat.completions.create(**asked("order", tools=TOOLS, tool_choice="none"))
    assert json.loads(plain.choices[0].message.content)["tool"] == "create_order"


async def test_a_reply_in_a_form_a_refusal_and_one_that_is_too_long(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(**asked("json", response_format=SCHEMA))
    assert json.loads(answer.choices[0].message.content) == {"answer": "42"}
    with pytest.raises(openai.BadRequestError, match="json_schema"):
        await client.chat.completions.create(**asked("json", response_format={"type": "json_schema"}))
    async with client.chat.completions.stream(**asked("secret")) as stream:
        assert (await stream.get_final_completion()).choices[0].message.refusal == "I will not say"
    assert (await client.chat.completions.create(**asked("long"))).choices[0].finish_reason == "length"


async def test_errors_are_those_of_the_protocol(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.RateLimitError, match="slow down") as busy:
        await client.chat.completions.create(**asked("always busy"))
    assert busy.value.response.headers["retry-after"] == "1" and busy.value.type == "rate_limit_exceeded"
    with pytest.raises(openai.InternalServerError, match="out of order"):
        await client.chat.completions.create(**asked("broken"))
    with pytest.raises(openai.NotFoundError, match="Expected the model 'scripted'") as unknown:
        await client.chat.completions.create(**asked("json") | {"model": "gpt-9"})
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.UnprocessableEntityError, match="add one"):
        await client.chat.completions.create(**asked("nobody wrote this"))
    with pytest.raises(openai.APITimeoutError):
        await client.with_options(timeout=0.1).chat.completions.create(**asked("slow"))
    with pytest.raises(openai.APIConnectionError):
        await client.chat.completions.create(**asked("cut"))


async def test_a_stream_that_breaks_off_is_noticed(client: AsyncOpenAI) -> None:
    texts: list[str] = []
    with pytest.raises(openai.APIConnectionError):
        async for chunk in await client.chat.completions.create(**asked("cut", stream=True)):
            texts += [choice.delta.content or "" for choice in chunk.choices]
    assert "".join(texts) == "one two "


async def test_texts_are_embedded_as_the_hashing_embedder_does_for_both_clients(tmp_path: Path) -> None:
    texts = ["two blue mugs", "deux tasses é"]
    async with served(tmp_path) as url, AsyncOpenAI(base_url=url, api_key="none", max_retries=0) as client:
        answer = await client.embeddings.create(model="hashing", input=texts)  # in base64, as this client asks
        single = await client.embeddings.create(model="hashing", input=texts[1], encoding_format="float")
        with pytest.raises(openai.NotFoundError, match="Expected the model 'hashing'"):
            await client.embeddings.create(model="scripted", input=texts)
        with pytest.raises(openai.BadRequestError, match="texts to embed"):
            await client.embeddings.create(model="hashing", input=[])
        async with HttpDialer() as dialer:
            ours = await HttpEmbedder(f"openai:hashing@{url}", dialer).embed(texts)
    for expected, theirs, our in zip(map(hashed, texts), answer.data, ours, strict=True):
        assert theirs.embedding == pytest.approx(expected, abs=1e-6) and our == pytest.approx(expected, abs=1e-6)
    assert single.data[0].embedding == pytest.approx(hashed(texts[1])) and single.usage.total_tokens == 3


async def test_its_own_retry_waits_as_long_as_the_server_asks(tmp_path: Path) -> None:
    async with served(tmp_path) as url, AsyncOpenAI(base_url=url, api_key="none", max_retries=2) as client:
        began = time.monotonic()
        answer = await client.chat.completions.create(**asked("busy"))
    assert answer.choices[0].message.content == "at last" and time.monotonic() - began >= 0.3


async def test_ours_asks_the_same_server_in_every_form(tmp_path: Path) -> None:
    async with served(tmp_path) as url, HttpDialer() as dialer:
        heard: list[str] = []

        async def telling(said: str) -> None:
            heard.append(said)

        model = f"openai:scripted@{url}"
        for stream in (True, False):
            for wanted, said in (("text", "json-schema"), ("json-schema", "json-schema"), ("tools", "tools")):
                models = router(dialer, stream=stream, form=wanted)
                reply = await ask(models, model, asked=prompt("GOAL order"), wants=form(), telling=telling)
                assert json.loads(reply.text)["arguments"] == {"body": {"sku": "mug", "text": "two é mugs"}}
                assert json.loads(reply.text)["tool"] == "create_order"
                assert reply.asked and (reply.asked.form, reply.asked.streamed) == (
                    said if wanted != "text" else "text",
                    stream,
                )
        reply = await ask(router(dialer), model, asked=prompt("GOAL many words"), telling=telling)
        assert reply.text == "the quick  brown\nfox é 🦊" and reply.tokens_out == 6
        assert "".join(heard).endswith(reply.text) and len(heard) > 6
        for goal, words, retryable in (
            ("cut", "No whole answer|broke off", True),
            ("long", "was cut at 2 tokens", True),
            ("secret", "declined to answer", False),
            ("always busy", "429.*slow down", True),
        ):
            with pytest.raises(ModelFault, match=words) as fault:
                await ask(router(dialer), model, asked=prompt(f"GOAL {goal}"))
            assert fault.value.retryable is retryable


async def test_every_request_of_ours_is_one_that_the_official_types_allow() -> None:
    bodies: list[bytes] = []

    async def handle(request: Request) -> Response:
        bodies.append(request.body)
        return json_response(200, {"choices": [{"message": {"content": "{}"}}]})

    async with serving(handle) as url, HttpDialer() as dialer:
        for stream in (True, False):
            for each in ("text", "json-schema", "tools"):
                models = router(dialer, stream=stream, form=each)
                for purpose in ("plan", "choose", "review", "answer"):
                    wants = form(purpose, form().tools if purpose == "choose" else ())
                    await ask(models, f"openai:small@{url}/v1", wants=wants, most_tokens=100)
    kinds: dict[bool, TypeAdapter[Any]] = {
        True: TypeAdapter(CompletionCreateParamsStreaming),
        False: TypeAdapter(CompletionCreateParamsNonStreaming),
    }
    assert len(bodies) == 24
    for body in bodies:
        known = json.loads(body)
        kinds[known["stream"]].validate_python(known, extra="forbid")
