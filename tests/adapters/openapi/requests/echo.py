"""Serve on loopback what a framework parsed of each request, and the raw target as it stood on the wire."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import uvicorn
from litestar import Litestar, Request, asgi, post
from litestar.datastructures import UploadFile
from litestar.types import Receive, Scope, Send
from msgspec.structs import replace

from adapters.http.dialer import HttpDialer
from adapters.openapi.requests.built import Built
from commands.ports import HttpRequest


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what the server saw: the raw target, and what Litestar made of the rest."""

    method: str
    target: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    cookies: dict[str, str]
    form: list[tuple[str, str]] = []
    files: list[tuple[str, str, str, str]] = []


@asgi("/v1", is_mount=True, copy_scope=True)
async def anything(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer at every path with what was parsed."""
    body = msgspec.json.encode(_seen(Request(scope, receive, send)))
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


@post("/a", status_code=200)
async def form(request: Request[Any, Any, Any]) -> Seen:
    """Answer with what was parsed of a form."""
    fields, files = [], []
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            files.append((name, value.filename, value.content_type, (await value.read()).hex()))
            await value.close()
        else:
            fields.append((name, value))
    return replace(_seen(request), form=fields, files=files)


def _seen(request: Request[Any, Any, Any]) -> Seen:
    query = request.scope["query_string"].decode("ascii")
    return Seen(
        method=request.method,
        target=request.scope["raw_path"].decode("ascii") + (f"?{query}" if query else ""),
        query=[(name, value) for name, value in request.query_params.multi_items()],
        headers={name: value for name, value in request.headers.items() if name != "cookie"},
        cookies=dict(request.cookies),
    )


class Echo:
    """Send requests to the server and say what it saw; below ``url`` it takes any path, and forms at /a beside it."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop, dialer: HttpDialer):
        self.origin = url
        self.url = f"{url}/v1"
        self._loop = loop
        self._dialer = dialer

    def sees(self, built: Built) -> Seen:
        """Dial a request as it would be dialled."""
        request = HttpRequest(
            method=built.method,
            url=built.url,
            origin=self.origin,
            headers=built.headers,
            body=built.body,
            allow_private=True,
            timeout_ms=120_000,
        )
        response = asyncio.run_coroutine_threadsafe(self._dialer.send(request), self._loop).result(180)
        assert response.status == 200, response
        return msgspec.json.decode(response.body, type=Seen)


@contextmanager
def echoing() -> Iterator[Echo]:
    """Serve until the block ends, on a free port of the loopback address."""
    # asyncio sends small answers at once only on sockets that say they are TCP.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        app = Litestar([anything, form], openapi_config=None, logging_config=None)
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
        ready: list[Any] = []
        started = threading.Event()

        async def serve() -> None:
            async with HttpDialer() as dialer:
                ready.extend((asyncio.get_running_loop(), dialer))
                started.set()
                await server.serve(sockets=[bound])

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        started.wait(10)
        try:
            yield Echo(url, *ready)
        finally:
            server.should_exit = True
            thread.join(10)
