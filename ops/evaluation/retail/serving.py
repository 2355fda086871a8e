"""Serve the shop over HTTP: one server for all tasks, to each session a database of its own."""

import re
from typing import Any, NamedTuple

import msgspec

from ops.evaluation.injection.world import HEADER
from ops.evaluation.retail.document import ROUTES
from ops.evaluation.retail.shop import Refusal, Shop
from ops.sample.http_server import Request, Response, json_response

_PATTERNS = {
    name: re.compile(f"{route.method.upper()} " + re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(route.path)))
    for name, route in ROUTES.items()
}


class Write(NamedTuple):
    """Be one write that reached the shop, whether it did it or refused."""

    tool: str
    arguments: dict[str, Any]
    done: bool


class RetailServer:
    """Hold every session's shop, and which writes reached it."""

    def __init__(self) -> None:
        self.shops: dict[str, Shop] = {}
        self.writes: dict[str, list[Write]] = {}

    def open(self, session: str, shop: Shop) -> None:
        """Give a session its shop."""
        self.shops[session], self.writes[session] = shop, []

    async def handle(self, request: Request) -> Response | None:
        """Answer one request."""
        session = request.headers[HEADER]
        found = _matched(request)
        if found is None:
            return json_response(404, {"error": f"There is no {request.method} {request.path}."})
        tool, arguments = found
        try:
            answer, status = self.shops[session].apply(tool, arguments), 200
        except Refusal as refusal:
            answer, status = {"error": str(refusal)}, refusal.status
        if request.method != "GET":
            self.writes[session].append(Write(tool, arguments, status == 200))
        return json_response(status, answer)


def _matched(request: Request) -> tuple[str, dict[str, Any]] | None:
    # What stands written out is tried before what stands for anything: /users/by-email is no user's id.
    for name in sorted(ROUTES, key=lambda each: "{" in ROUTES[each].path):
        if found := _PATTERNS[name].fullmatch(f"{request.method} {request.path}"):
            body = msgspec.json.decode(request.body) if request.body else {}
            return name, {**found.groupdict(), **request.query, **body}
    return None
