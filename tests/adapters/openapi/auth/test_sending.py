"""A call carries what its operation needs to the API that it was bound for, and an answer brings none of it back."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from adapters.http.dialer import HttpDialer
from adapters.openapi.auth.credentials import Credentials
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.ingest import read_document
from adapters.openapi.tools import OpenApiTools
from commands.bindings import Wanted, binding_of
from commands.ports import Checked, ToolAnswer, ToolCall, ToolFault
from domain.catalog.events import Binding
from domain.catalog.state import Document
from domain.encoding import foreign
from domain.errors import Invalid
from ops.sample.http_server import Request, Response, json_response, serving
from tests.adapters.openapi.test_tools import Stored

MUCH_LATER = datetime.max.replace(tzinfo=UTC)
SECRETS = {"env:KEY": "key-canary-1", "env:LOGIN": "ada:pass-canary-2", "env:CLIENT": "client-canary-3"}
SCHEMES = {
    "key": {"type": "apiKey", "in": "query", "name": "key"},
    "login": {"type": "http", "scheme": "basic"},
    "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {"read": "r"}}}},
}
OPERATIONS: dict[str, Any] = {
    "/open": {"get": {"operationId": "open", "security": []}},
    "/key": {"get": {"operationId": "key", "security": [{"key": []}]}},
    "/both": {"post": {"operationId": "both", "security": [{"key": [], "login": []}]}},
    "/read": {"get": {"operationId": "read", "security": [{"oauth": ["read"]}]}},
    "/write": {"post": {"operationId": "write", "security": [{"oauth": ["write"]}]}},
    "/unsaid": {"get": {"operationId": "unsaid"}},
}
ANSWER = {"responses": {"200": {"description": "", "content": {"application/json": {}}}}}


@dataclass
class Vault:
    """Be the secrets and the bindings of a test; both can change while it runs."""

    secrets: dict[str, str] = field(default_factory=lambda: dict(SECRETS))
    bindings: tuple[Binding, ...] = ()
    reads: list[str] = field(default_factory=list)

    def permit(self, reference: str, *, tenant: str) -> None:
        """Permit everything."""

    async def read(self, reference: str, *, tenant: str) -> str:
        """Return a secret and note that it was read."""
        self.reads.append(reference)
        if reference not in self.secrets:
            raise Invalid(f"Expected a secret at {reference}.")
        return self.secrets[reference]

    async def of(self, tenant: str, api: str) -> tuple[Binding, ...]:
        """Return what is bound."""
        return self.bindings


@dataclass
class Api:
    """Hold an API that notes what it hears, and tools that call it."""

    document: Document
    data: bytes
    tools: OpenApiTools
    vault: Vault
    heard: list[Request]

    def bind(self, scheme: str, reference: str, **given: Any) -> None:
        """Bind a scheme as an operator would."""
        wanted = Wanted(api="shop", scheme=scheme, reference=reference, **given)
        made = binding_of(wanted, OpenApiDocuments().schemes(self.data), self.document)
        self.vault.bindings = (*(each for each in self.vault.bindings if each.scheme != scheme), made)

    def call(self, name: str) -> ToolCall:
        """Name a call."""
        tool = next(each for each in self.document.tools if each.name == name)
        return ToolCall(tenant="local", tool=tool, document=self.document, arguments=foreign({}))

    async def check(self, name: str) -> Checked:
        """Check a call."""
        return await self.tools.check(self.call(name))

    async def send(self, name: str) -> ToolAnswer:
        """Check and send a call, as a worker does."""
        call = self.call(name)
        checked = await self.tools.check(call)
        assert not checked.problems, checked.problems
        return await self.tools.send(
            call,
            request_digest=checked.request_digest,
            idempotency_key="k",
            timeout_ms=60_000,
            not_after=MUCH_LATER,
            credentials=await self.tools.credentials(call),
        )

    def calls(self) -> list[Request]:
        """Return what was heard beside requests for tokens."""
        return [each for each in self.heard if each.path != "/token"]


def answer(request: Request, number: int) -> Response | None:
    if request.path == "/token":
        return json_response(200, {"access_token": f"token-canary-{number}", "token_type": "bearer", "expires_in": 99})
    return json_response(200, {"heard": request.headers, "query": request.query})


@asynccontextmanager
async def api(
    answer: Callable[[Request, int], Response | None] = answer, scopes: tuple[str, ...] = ("read",)
) -> AsyncIterator[Api]:
    heard: list[Request] = []

    async def serve(request: Request) -> Response | None:
        heard.append(request)
        return answer(request, len(heard))

    async with serving(serve) as url, HttpDialer() as dialer:
        paths = {
            path: {method: {**each, **ANSWER} for method, each in item.items()} for path, item in OPERATIONS.items()
        }
        written = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "servers": [{"url": url}]}
        data = json.dumps({**written, "paths": paths, "components": {"securitySchemes": SCHEMES}}).encode()
        found = read_document(data, api="shop", base_url=url)
        document = Document(
            api="shop", document=found.document, base_url=url, scopes=scopes, allow_private=True, tools=found.tools
        )
        vault = Vault()
        yield Api(document, data, OpenApiTools(dialer, Stored(data), Credentials(dialer, vault, vault)), vault, heard)


async def test_alternatives_and_all_that_one_needs_arrive_where_the_document_says() -> None:
    async with api() as shop:
        shop.bind("key", "env:KEY")
        shop.bind("login", "env:LOGIN")
        await shop.send("both")
        (heard,) = shop.heard
        assert heard.query == {"key": "key-canary-1"}
        assert heard.headers["authorization"] == "Basic YWRhOnBhc3MtY2FuYXJ5LTI="


async def test_what_needs_nothing_reads_no_secret_and_carries_none() -> None:
    async with api() as shop:
        shop.bind("key", "env:KEY")
        for name in ("open", "unsaid"):
            await shop.send(name)
        assert not shop.vault.reads and all("key" not in each.query for each in shop.heard)


async def test_an_operation_that_says_nothing_carries_what_was_bound_for_that() -> None:
    async with api() as shop:
        with pytest.raises(Invalid, match=r"one of key, login, oauth; got 'mine'.*--kind bearer"):
            shop.bind("mine", "env:KEY")
        shop.bind("mine", "env:KEY", kind="api-key", place="header", field="X-Mine")
        await shop.send("unsaid")
        await shop.send("open")
        assert [each.headers.get("x-mine") for each in shop.heard] == ["key-canary-1", None]


async def test_a_check_reads_no_secret_and_names_what_is_not_bound() -> None:
    async with api() as shop:
        (problem,) = (await shop.check("key")).problems
        assert "`reprise tools bind shop key env:REPRISE_SECRET_…`" in problem
        shop.bind("key", "env:NOWHERE")
        assert not (await shop.check("key")).problems and not shop.vault.reads
        prepared = await shop.tools.prepare(shop.call("key"))
        assert prepared.url.endswith("/key?key=%5Bcredential%5D")


async def test_a_missing_secret_sends_nothing_and_may_be_mended() -> None:
    async with api() as shop:
        shop.bind("key", "env:NOWHERE")
        with pytest.raises(ToolFault, match="Nothing was sent: Expected a secret at env:NOWHERE") as fault:
            await shop.send("key")
        assert fault.value.failure == "not-sent" and not shop.heard


async def test_a_binding_that_is_gone_or_changed_by_the_time_of_sending_counts() -> None:
    async with api() as shop:
        shop.bind("key", "env:KEY")
        call = shop.call("key")
        digest = (await shop.tools.check(call)).request_digest
        shop.vault.bindings = ()
        with pytest.raises(ToolFault, match="is not bound"):
            await shop.tools.send(
                call,
                request_digest=digest,
                idempotency_key="k",
                timeout_ms=60_000,
                not_after=MUCH_LATER,
                credentials=await shop.tools.credentials(call),
            )
        shop.vault.secrets["env:OTHER"] = "rotated-canary"
        shop.bind("key", "env:OTHER")
        await shop.send("key")
        assert [each.query["key"] for each in shop.heard] == ["rotated-canary"]


async def test_an_api_that_moved_gets_no_credential_that_was_bound_for_another_place() -> None:
    async with api() as shop, api() as evil:
        shop.bind("key", "env:KEY")
        shop.document = msgspec.structs.replace(shop.document, base_url=evil.document.base_url)
        (problem,) = (await shop.check("key")).problems
        assert "bind it again" in problem
        assert not evil.heard and not shop.heard


async def test_a_token_is_asked_for_with_the_operations_scope_and_used_again() -> None:
    async with api(scopes=("read", "write", "admin")) as shop:
        shop.bind("oauth", "env:CLIENT", client_id="me")
        await shop.send("read")
        await shop.send("read")
        await shop.send("write")
        tokens = [each.body for each in shop.heard if each.path == "/token"]
        assert tokens == [b"grant_type=client_credentials&scope=read", b"grant_type=client_credentials&scope=write"]
        assert [each.headers["authorization"] for each in shop.calls()] == [
            "Bearer token-canary-1",
            "Bearer token-canary-1",
            "Bearer token-canary-4",
        ]


async def test_a_scope_that_was_not_granted_is_refused_at_the_check() -> None:
    async with api(scopes=("read",)) as shop:
        shop.bind("oauth", "env:CLIENT", client_id="me")
        (problem,) = (await shop.check("write")).problems
        assert "needs the scope write, which was not granted to shop" in problem and not shop.heard


def refusing(request: Request, number: int) -> Response | None:
    """Take no token that was used before."""
    if request.path == "/token" or request.headers["authorization"] != "Bearer token-canary-1":
        return answer(request, number)
    return Response(status=401)


async def test_a_token_that_is_not_taken_is_dropped_and_only_a_read_is_sent_again() -> None:
    async with api(refusing) as shop:
        shop.bind("oauth", "env:CLIENT", client_id="me")
        assert (await shop.send("read")).status == 200
        assert [each.path for each in shop.heard] == ["/token", "/read", "/token", "/read"]
    async with api(refusing, scopes=("write",)) as shop:
        shop.bind("oauth", "env:CLIENT", client_id="me")
        with pytest.raises(ToolFault, match="status 401"):
            await shop.send("write")
        assert [each.path for each in shop.heard] == ["/token", "/write"]
        assert (await shop.send("write")).status == 200
        assert [each.path for each in shop.heard[2:]] == ["/token", "/write"]


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_an_answer_that_repeats_a_credential_is_kept_without_it(status: int) -> None:
    def echo(request: Request, number: int) -> Response | None:
        if request.path == "/token":
            return answer(request, number)
        return json_response(status, {"heard": request.headers, "query": request.query})

    async with api(echo) as shop:
        for scheme, reference in (("key", "env:KEY"), ("login", "env:LOGIN")):
            shop.bind(scheme, reference)
        shop.bind("oauth", "env:CLIENT", client_id="me")
        for name in ("both", "read"):
            try:
                kept = (await shop.send(name)).body.decode()
            except ToolFault as fault:
                kept = str(fault)
            assert "[credential]" in kept and "canary" not in kept and "YWRhOnBhc3MtY2FuYXJ5LTI" not in kept
