"""Serve a script on 127.0.0.1 as the model ``scripted``, by the OpenAI chat-completions protocol.

What a real server may do wrong, a script can say: errors, waiting times, slow streams, answers that break off.
"""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from commands.ports import TextEmbedder
from commands.script import Line, Player, read_script, task_line
from domain.errors import Refused
from ops.sample.http_server import Request, Response, json_response, serving
from ops.scripted.chat import Chat
from ops.scripted.embedding import EmbeddingRequest, embedded
from ops.scripted.wording import NAME, Answer, answer_of, chunks, ended, said, whole

_TYPES = {401: "authentication_error", 429: "rate_limit_exceeded"}


@asynccontextmanager
async def script_server(script: Path, embedder: TextEmbedder, *, port: int = 0) -> AsyncIterator[str]:
    """Serve a script, and an embedder beside it, until the block ends; give the base URL. Raises NotFound, Invalid."""
    player = Player(read_script(script))

    async def handle(request: Request) -> Response | None:
        match request.method, request.path:
            case "GET", "/v1/models":
                return json_response(200, {"object": "list", "data": [_model(NAME), _model(embedder.name)]})
            case "POST", "/v1/chat/completions":
                return await _complete(player, request)
            case "POST", "/v1/embeddings":
                return await _embed(embedder, request)
            case _:
                return error(404, f"There is no {request.method} {request.path}.")

    async with serving(handle, port=port) as url:
        yield f"{url}/v1"


def _model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "reprise"}


async def _embed(embedder: TextEmbedder, request: Request) -> Response:
    try:
        asked = msgspec.json.decode(request.body, type=EmbeddingRequest)
    except (msgspec.DecodeError, RecursionError) as fault:
        return error(400, f"Expected texts to embed, but {fault}.")
    if asked.model != embedder.name:
        return _unknown(embedder.name, asked.model)
    return json_response(200, await embedded(embedder, asked))


async def _complete(player: Player, request: Request) -> Response | None:
    try:
        chat = msgspec.json.decode(request.body, type=Chat)
    except (msgspec.DecodeError, RecursionError) as fault:
        return error(400, f"Expected a chat, but {fault}.")
    if chat.model != NAME:
        return _unknown(NAME, chat.model)
    try:
        line = player.line(chat.prompt)
    except Refused as fault:
        return error(422, str(fault))
    if line is None:
        return error(422, f"No reply in the script matches '{task_line(chat.prompt)}'; add one.")
    await asyncio.sleep(line.manner.delay_ms / 1000)
    return _answered(chat, line)


def _answered(chat: Chat, line: Line) -> Response | None:
    manner, answer = line.manner, answer_of(chat, line)
    if manner.status:
        return error(manner.status, line.text, retry_after_ms=manner.retry_after_ms)
    if chat.stream:
        headers = (("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache"))
        return Response(status=200, headers=headers, pieces=_stream(answer, line))
    return None if manner.cut is not None else json_response(200, whole(answer, int(time.time())))


async def _stream(answer: Answer, line: Line) -> AsyncGenerator[bytes | None]:
    """Write a stream at the script's pace; None where it breaks off."""
    left = line.manner.cut
    for chunk in chunks(answer, int(time.time())):
        if left is not None:
            left -= said(chunk)
            if left < 0 or ended(chunk):
                yield None
        await asyncio.sleep(line.manner.pause_ms / 1000)
        yield b"data: " + msgspec.json.encode(chunk) + b"\n\n"
    yield b"data: [DONE]\n\n"


def _unknown(expected: str, named: str) -> Response:
    return error(404, f"Expected the model {expected!r}, not {named!r}.", code="model_not_found")


def error(status: int, message: str, *, code: str | None = None, retry_after_ms: int = 0) -> Response:
    """Answer with an error as the protocol writes it."""
    kind = _TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    response = json_response(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})
    waits = (("retry-after", str(math.ceil(retry_after_ms / 1000))), ("retry-after-ms", str(retry_after_ms)))
    return msgspec.structs.replace(response, headers=(*response.headers, *(waits if retry_after_ms else ())))
