"""Serve any model of the Models port, such as a script, over the OpenAI chat-completions protocol.

``python -m ops.sample.model_server --script FILE --port N`` prints the base URL, for ``openai:scripted@BASE_URL``.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

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


async def _serve(script: str, port: int) -> None:
    from ops.bootstrap.core import open_models

    async with open_models() as models, model_server(models, f"scripted:{script}", port=port) as url:
        print(url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serve a script as an OpenAI-compatible model on 127.0.0.1.")
    parser.add_argument(
        "--script", default=str(files("ops.sample") / "demo_script.json"), help="the demo's if not said"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    arguments = parser.parse_args()
    try:
        asyncio.run(_serve(arguments.script, arguments.port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
