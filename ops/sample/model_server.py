"""Serve any model of the Models port, such as a script, over the OpenAI chat-completions protocol."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from commands.ports import ModelFault, Models, Question, Reply
from domain.session.prompt import Message, Prompt
from ops.sample.http_server import Request, Response, json_response, serving

NAME = "scripted"


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one message of a chat."""

    role: str
    content: str


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a request for the next message."""

    model: str
    messages: tuple[ChatMessage, ...]


@asynccontextmanager
async def model_server(models: Models, model: str, *, port: int = 0) -> AsyncIterator[str]:
    """Serve ``model`` on 127.0.0.1 as ``scripted`` until the block ends, and give the base URL."""

    async def handle(request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/v1/models":
                return json_response(200, {"object": "list", "data": [{"id": NAME, "object": "model"}]})
            case "POST", "/v1/chat/completions":
                return await _complete(models, model, request)
            case _:
                return _error(404, f"There is no {request.method} {request.path}.")

    async with serving(handle, port=port) as url:
        yield f"{url}/v1"


async def _complete(models: Models, model: str, request: Request) -> Response:
    try:
        chat = msgspec.json.decode(request.body, type=Chat)
    except msgspec.DecodeError as fault:
        return _error(400, f"Expected a chat, but {fault}.")
    if chat.model != NAME:
        return _error(404, f"Expected the model {NAME!r}, not {chat.model!r}.")
    messages = tuple(Message(role=message.role, text=message.content) for message in chat.messages)
    try:
        reply = await models.ask(Question(model=model, prompt=Prompt(messages=messages), timeout_ms=10_000))
    except ModelFault as fault:
        return _error(503 if fault.retryable else 422, str(fault))
    return json_response(200, _completion(reply))


def _completion(reply: Reply) -> dict[str, object]:
    return {
        "object": "chat.completion",
        "model": NAME,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": reply.text}}],
        "usage": {
            "prompt_tokens": reply.tokens_in,
            "completion_tokens": reply.tokens_out,
            "total_tokens": reply.tokens_in + reply.tokens_out,
        },
    }


def _error(status: int, message: str) -> Response:
    return json_response(status, {"error": {"message": message}})
