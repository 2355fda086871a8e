"""No credential is found anywhere but at the socket it was bound for: over ten thousand attempts to move one.

Each case is made up by a seeded generator, goes through the tools and the dialer that real calls go through, and is
followed by a search of everything that was heard elsewhere, answered, raised with its traceback, or logged.
"""

import asyncio
import gc
import json
import logging
import random
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from adapters.http.dialer import HttpDialer
from adapters.openapi.auth.credentials import Credentials
from adapters.openapi.ingest import read_document
from adapters.openapi.tools import OpenApiTools
from commands.ports import HttpRequest, HttpResponse, ToolCall, ToolFault
from domain.catalog.bindings import origin_of
from domain.catalog.events import Binding
from domain.catalog.state import Document
from domain.encoding import foreign
from tests.adapters.openapi.auth.hostile import Canary, Ear, answers, listening, places, redirects, values
from tests.adapters.openapi.test_tools import Stored

CASES = {
    "arguments": 2_000,
    "places": 5_500,
    "answers": 1_500,
    "redirects": 500,
    "tokens": 300,
    "names": 200,
    "bugs": 100,
}
MUCH_LATER = datetime.max.replace(tzinfo=UTC)
QUICK_MS = 10_000
ODD = {
    "header": '"\\%/+',
    "query": ' &=ü"\\',
    "cookie": "%/+'",
    "basic": 'ada:pa ss"\\',
    "bearer": "%/+~",
    "client": 'c "\\&',
}
SECURITY: dict[str, Any] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "client": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/", "scopes": {}}}},
}
PARAMETERS = [
    ("id", "path"),
    ("q", "query"),
    ("key", "query"),
    ("X-Note", "header"),
    ("X-Key", "header"),
    ("sid", "cookie"),
]


def test_there_are_at_least_ten_thousand_cases() -> None:
    assert sum(CASES.values()) >= 10_000


class Log(logging.Handler):
    """Keep each line that anybody logs, with its traceback, as it would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(self.format(record))


@dataclass
class World:
    """Hold an API with a credential of each kind, its token server, a place for what is carried away, and a search."""

    approved: Ear
    tokens: Ear
    evil: Ear
    dialer: HttpDialer
    log: Log
    draw: random.Random
    canaries: dict[str, Canary]
    token: Canary
    document: Document
    data: bytes
    bindings: tuple[Binding, ...] = ()
    broken: Exception | None = None
    said: list[str | bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the tools that every call goes through."""
        self.tools = OpenApiTools(self, Stored(self.data), Credentials(self, self, self))

    def permit(self, reference: str, *, tenant: str) -> None:
        """Permit everything."""

    async def read(self, reference: str, *, tenant: str) -> str:
        """Return the canary of a scheme."""
        return self.canaries[reference.removeprefix("env:")].value

    async def of(self, tenant: str, api: str) -> tuple[Binding, ...]:
        """Return what is bound."""
        return self.bindings

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Be the dialer; where it is broken it says all that it was given."""
        if self.broken:
            raise type(self.broken)(f"{self.broken}: {request}")
        return await self.dialer.send(request)

    async def calls(self, kind: str, arguments: object, **document: Any) -> None:
        """Check and send one call, and keep whatever anybody could learn of it."""
        tools, tool = self.tools, next(each for each in self.document.tools if each.name == kind)
        there = msgspec.structs.replace(self.document, **document)
        call = ToolCall(tenant="local", tool=tool, document=there, arguments=foreign(arguments))
        try:
            prepared = await tools.prepare(call)
            self.said.append(repr(prepared))
            credentials = await tools.credentials(call)
            answer = await tools.send(
                call,
                request_digest=prepared.checked.request_digest or "0" * 64,
                idempotency_key="k",
                timeout_ms=QUICK_MS,
                not_after=MUCH_LATER,
                credentials=credentials or tuple(each for each in self.bindings if each.scheme == kind),
            )
            self.said.append(answer.body)
        except ToolFault as fault:
            self.said.append("".join(traceback.format_exception(fault)))

    def escapes(self) -> list[str]:
        """Return which canaries are where they must not be, and forget what was said and heard."""
        elsewhere = [*self.said, *self.log.lines, *self.evil.heard]
        found = [name for name, canary in self._all() for each in elsewhere if canary.in_(each)]
        found += ["client at the API" for each in self.approved.heard if self.canaries["client"].in_(each)]
        for name, canary in self._all():
            if name != "client":
                found += [f"{name} at the token server" for each in self.tokens.heard if canary.in_(each)]
        for kept in (self.said, self.log.lines, self.evil.heard, self.approved.heard, self.tokens.heard):
            kept.clear()
        return found

    def _all(self) -> list[tuple[str, Canary]]:
        return [*self.canaries.items(), ("token", self.token)]

    def pair(self, kind: str) -> Canary:
        """Return what a kind of call carries to the API."""
        return self.token if kind == "client" else self.canaries[kind]


def canary(draw: random.Random, odd: str) -> Canary:
    core = f"{draw.getrandbits(96):024x}"
    return Canary(value=f"{odd}{core}", core=core)


def described(url: str) -> bytes:
    """Describe the API: an operation for each kind of credential, with an argument in every place."""
    parameters = [{"name": n, "in": p, "required": p == "path", "schema": {"type": "string"}} for n, p in PARAMETERS]
    body: dict[str, Any] = {"content": {"application/json": {"schema": {}}}}
    paths = {
        f"/{kind}/{{id}}": {
            "post": {"operationId": kind, "parameters": parameters, "requestBody": body, "security": [{kind: []}]},
            "get": {"operationId": f"get_{kind}", "parameters": parameters, "security": [{kind: []}]},
        }
        for kind in SECURITY
    }
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "servers": [{"url": url}], "paths": paths}
    return json.dumps({**document, "components": {"securitySchemes": SECURITY}}).encode()


def bound(kind: str, origin: str, token_url: str) -> Binding:
    places: dict[str, Any] = {"header": "X-Key", "query": "key", "cookie": "sid"}
    key: dict[str, Any] = {"place": kind, "field": places[kind]} if kind in places else {}
    client: dict[str, Any] = {"client_id": "me", "token_url": token_url} if kind == "client" else {}
    named: Any = "api-key" if key else "client-credentials" if client else kind
    return Binding(scheme=kind, kind=named, reference=f"env:{kind}", origin=origin_of(origin), **key, **client)


@pytest.fixture
def log() -> Iterator[Log]:
    """Yield everything that is logged, at every level."""
    kept, root = Log(), logging.getLogger()
    before = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept
    root.setLevel(before)
    root.removeHandler(kept)


@pytest.fixture
async def world(log: Log) -> AsyncIterator[World]:
    """Yield an API that answers nothing unusual, with all its credentials bound."""
    draw = random.Random(7)
    async with listening() as approved, listening() as tokens, listening() as evil, HttpDialer() as dialer:
        data = described(approved.url)
        found = read_document(data, api="shop", base_url=approved.url)
        made = World(
            approved=approved,
            tokens=tokens,
            evil=evil,
            dialer=dialer,
            log=log,
            draw=draw,
            canaries={kind: canary(draw, odd) for kind, odd in ODD.items()},
            token=canary(draw, "tok."),
            document=Document(
                api="shop", document=found.document, base_url=approved.url, allow_private=True, tools=found.tools
            ),
            data=data,
            bindings=tuple(bound(kind, approved.url, f"{tokens.url}/token") for kind in SECURITY),
        )
        approved.answer = evil.answer = lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
        given = json.dumps({"access_token": made.token.value, "token_type": "bearer", "expires_in": 999}).encode()
        tokens.answer = lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(given), given)
        yield made


def kinds(draw: random.Random) -> str:
    return draw.choice(("", "get_")) + draw.choice(list(SECURITY))


async def test_the_search_finds_every_credential_where_it_belongs(world: World) -> None:
    for kind in SECURITY:
        await world.calls(kind, {"path": {"id": "1"}})
        (heard,) = world.approved.heard
        carried = world.pair(kind)
        assert carried.in_(heard) or carried.value.split(":")[-1].encode() in heard or kind in ("basic", "query"), kind
        if kind == "client":
            assert b"grant_type=client_credentials" in world.tokens.heard[0]
        assert not world.escapes()
    world.evil.heard.append(world.canaries["header"].value.encode("utf-16-le"))
    assert world.escapes() == ["header"]


async def test_no_argument_moves_a_credential(world: World) -> None:
    draw, host = world.draw, f"127.0.0.1:{world.approved.port}".encode()
    sent = 0
    for _ in range(CASES["arguments"]):
        kind, evil = kinds(draw), f"127.0.0.1:{world.evil.port}"
        arguments: dict[str, Any] = {"path": {"id": values(evil, draw) if draw.random() < 0.5 else "1"}}
        for name, place in draw.sample(PARAMETERS[1:], 2):
            arguments.setdefault(place, {})[name] = values(evil, draw)
        if not kind.startswith("get_"):
            arguments["body"] = {values("x", draw).encode("ascii", "ignore").decode(): values(evil, draw)}
        try:
            await world.calls(kind, arguments)
        except ValueError:
            continue  # an argument that JSON cannot write
        sent += len(world.approved.heard)
        for heard in world.approved.heard:
            hosts = [line for line in heard.split(b"\r\n\r\n")[0].split(b"\r\n") if line.lower().startswith(b"host:")]
            assert hosts == [b"Host: " + host] and heard.split(b" ")[1].startswith(b"/")
        assert not world.evil.heard and not world.escapes(), arguments
    assert sent > 200, "most of the values are refused, but not all of them"


async def test_no_address_that_resembles_the_approved_one_gets_a_credential(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolved(host: Any, port: Any, **_: Any) -> list[Any]:
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
    for _ in range(CASES["places"]):
        address = places(world.approved, world.evil, world.draw)
        private = world.draw.random() < 0.8
        with suppress(ValueError):  # no address that could have been registered
            await world.calls(kinds(world.draw), {"path": {"id": "1"}}, base_url=address, allow_private=private)
        assert not world.evil.heard and not world.escapes(), address


async def test_no_answer_brings_a_credential_into_the_record(world: World) -> None:
    for _ in range(CASES["answers"]):
        kind = kinds(world.draw)
        carried = world.pair(kind.removeprefix("get_")).value
        answer = answers(carried, world.draw)
        world.approved.answer = lambda _, answer=answer: answer  # type: ignore[misc]
        await world.calls(kind, {"path": {"id": "1"}})
        said = list(world.said)
        assert not world.escapes(), (answer, said)


async def test_no_redirect_is_followed(world: World) -> None:
    for _ in range(CASES["redirects"]):
        kind = kinds(world.draw)
        answer = redirects(world.evil.url, world.pair(kind.removeprefix("get_")).value, world.draw)
        world.approved.answer = lambda _, answer=answer: answer  # type: ignore[misc]
        await world.calls(kind, {"path": {"id": "1"}})
        assert not world.evil.heard and not world.escapes(), answer


async def test_no_token_server_carries_a_clients_secret_away(world: World) -> None:
    for number in range(CASES["tokens"]):
        secret = world.canaries["client"].value
        elsewhere = redirects(world.evil.url, secret, world.draw)
        answer = elsewhere if world.draw.random() < 0.3 else answers(secret, world.draw)
        world.tokens.answer = lambda _, answer=answer: answer  # type: ignore[misc]
        await world.calls("client", {"path": {"id": str(number)}})
        assert not world.evil.heard and not world.approved.heard and not world.escapes(), answer


async def test_a_fault_of_our_own_says_nothing_of_what_it_was_given(world: World) -> None:
    for _ in range(CASES["bugs"]):
        world.broken = world.draw.choice((RuntimeError("a bug"), TypeError("a bug"), OSError("a bug"), KeyError("a")))
        await world.calls(kinds(world.draw), {"path": {"id": "1"}})
        assert not world.approved.heard and not world.escapes()


async def test_a_server_that_says_nothing_in_time_leaves_no_trace_of_a_credential(world: World) -> None:
    world.approved.answer = lambda _: b""
    for kind in SECURITY:
        tool = next(each for each in world.document.tools if each.name == kind)
        call = ToolCall(tenant="local", tool=tool, document=world.document, arguments=foreign({"path": {"id": "1"}}))
        digest = (await world.tools.check(call)).request_digest
        with pytest.raises(ToolFault) as fault:
            await world.tools.send(
                call,
                request_digest=digest,
                idempotency_key="k",
                timeout_ms=500,
                not_after=MUCH_LATER,
                credentials=await world.tools.credentials(call),
            )
        assert fault.value.failure == "unanswered"
        world.said.append("".join(traceback.format_exception(fault.value)))
    assert not world.escapes()


# Python leaves sockets open whose TLS handshake fails.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_name_that_comes_to_mean_another_address_gets_no_credential(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers_of_names = ["127.0.0.1"]

    async def resolved(host: Any, port: Any, **_: Any) -> list[Any]:
        address = answers_of_names[0]
        return [(10 if ":" in address else 2, 1, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
    async with listening("::1", world.approved.port) as rebound:
        world.evil = rebound
        for _ in range(CASES["names"]):
            scheme, private = world.draw.choice((("http", True), ("https", True), ("https", False), ("http", False)))
            name = f"{scheme}://api-{world.draw.randrange(9)}.test:{world.approved.port}"
            world.bindings = tuple(bound(kind, name, f"{name}/token") for kind in SECURITY)
            answers_of_names[0] = world.draw.choice(("127.0.0.1", "::1"))
            await world.calls(kinds(world.draw), {"path": {"id": "1"}}, base_url=name, allow_private=private)
            world.said += world.approved.heard  # nothing proves that this is who the name stands for, either
            assert not world.escapes(), (name, private)
    gc.collect()
