"""Count every request and log it in a line, also one that no route takes."""

import logging
import time
from contextlib import ExitStack

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from api.live.sse import MEDIA_TYPE
from api.watching import Watch

LOGGER = logging.getLogger("reprise.http")
UNANSWERED = 500


class Observed:
    """Serve an application under a watch."""

    def __init__(self, app: ASGIApp, watch: Watch):
        self._app, self._watch = app, watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        match scope["type"]:
            case "http":
                await self._request(scope, receive, send)
            case "websocket":
                with self._watch.stream("websocket"):
                    await self._app(scope, receive, send)
            case _:
                await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer, began = Answer(self._watch), time.perf_counter()

        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.start(message["status"], message["headers"])
            await send(message)

        try:
            with answer.stream:
                await self._app(scope, receive, note)
        finally:
            self._count(scope, answer, time.perf_counter() - began)

    def _count(self, scope: Scope, answer: "Answer", seconds: float) -> None:
        # Templates only: a path holds ids, and strangers can think of any number of paths.
        method, route = str(scope.get("method", "")), str(scope.get("path_template", ""))
        self._watch.request(method, route, answer.status, None if answer.streamed else seconds)
        LOGGER.info("%s %s %d %.1f ms", method, route or "(no such route)", answer.status, 1000 * seconds)


class Answer:
    """Note how a request is answered; ``stream`` counts the answer while it goes on, if it is a live stream."""

    def __init__(self, watch: Watch):
        self.status, self.streamed, self.stream = UNANSWERED, False, ExitStack()
        self._watch = watch

    def start(self, status: int, headers: object) -> None:
        """Take in the beginning."""
        self.status = status
        given = dict(headers) if isinstance(headers, list | tuple) else {}
        if given.get(b"content-type", b"").startswith(MEDIA_TYPE.encode()):
            self.streamed = True
            self.stream.enter_context(self._watch.stream("server-sent-events"))
