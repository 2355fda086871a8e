"""Tokens carry the scopes that were asked for, are shared and renewed, and a failure to get one names no secret."""

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import pytest

from adapters.http.dialer import HttpDialer
from adapters.openapi.auth.exchanging import Ask, Exchange
from domain.catalog.events import Binding, ClientAuth
from domain.errors import Unavailable
from ops.sample.http_server import Request, Response, json_response, serving

SECRET = "client canary/secret"


@dataclass
class Time:
    """Be a clock that is put forward by hand."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


@dataclass
class TokenServer:
    """Hold what a token server was asked, and the exchange that asks it."""

    exchange: Exchange
    url: str
    time: Time
    asked: list[Request] = field(default_factory=list)

    def ask(self, *scopes: str, tenant: str = "local", auth: ClientAuth = "basic") -> Ask:
        """Return a question for a token."""
        binding = Binding(
            scheme="oauth",
            kind="client-credentials",
            reference="env:R",
            origin="https://api.test",
            client_id="me:too",
            token_url=f"{self.url}/token",
            client_auth=auth,
        )
        return Ask(tenant=tenant, api="shop", binding=binding, scopes=scopes, allow_private=True)

    async def token(self, *scopes: str, **given: str) -> str:
        """Ask for a token."""
        return await self.exchange.token(self.ask(*scopes, **given), SECRET)  # type: ignore[arg-type]


@asynccontextmanager
async def server(answer: Callable[[int], Response | None] | None = None) -> AsyncIterator[TokenServer]:
    time = Time()

    async def serve(request: Request) -> Response | None:
        made.asked.append(request)
        await asyncio.sleep(0.01)
        number = len(made.asked)
        return answer(number) if answer else given(number)

    async with serving(serve) as url, HttpDialer() as dialer:
        made = TokenServer(Exchange(dialer, time), url, time)
        yield made


def given(number: int, **more: object) -> Response:
    return json_response(200, {"access_token": f"token-{number}", "token_type": "Bearer", "expires_in": 100, **more})


async def test_a_token_is_asked_for_with_exactly_the_scopes_of_the_operation() -> None:
    async with server() as tokens:
        assert await tokens.token("read", "write") == "token-1"
        (asked,) = tokens.asked
        assert (asked.method, asked.path) == ("POST", "/token")
        assert parse_qs(asked.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["read write"]}
        assert b64decode(asked.headers["authorization"].split()[1]) == b"me%3Atoo:client+canary%2Fsecret"


async def test_a_client_may_show_its_secret_in_the_body() -> None:
    async with server() as tokens:
        await tokens.token(auth="post")
        (asked,) = tokens.asked
        assert "authorization" not in asked.headers
        sent = parse_qs(asked.body.decode())
        assert sent == {"grant_type": ["client_credentials"], "client_id": ["me:too"], "client_secret": [SECRET]}


async def test_those_who_ask_at_once_share_one_request_and_its_token_until_it_is_nearly_over() -> None:
    async with server() as tokens:
        assert set(await asyncio.gather(*(tokens.token("read") for _ in range(50)))) == {"token-1"}
        tokens.time.seconds += 89
        assert await tokens.token("read") == "token-1"
        tokens.time.seconds += 2
        assert await tokens.token("read") == "token-2"


async def test_a_token_is_for_one_tenant_and_one_set_of_scopes() -> None:
    async with server() as tokens:
        found = [await tokens.token("read"), await tokens.token("write"), await tokens.token("read", tenant="acme")]
        assert found == ["token-1", "token-2", "token-3"]


async def test_one_who_gives_up_takes_the_token_from_nobody() -> None:
    async with server() as tokens:
        first, second = asyncio.create_task(tokens.token()), asyncio.create_task(tokens.token())
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "token-1" and len(tokens.asked) == 1


async def test_a_token_that_was_not_taken_is_dropped_once() -> None:
    async with server() as tokens:
        token = await tokens.token("read")
        tokens.exchange.drop(tokens.ask("read"), token)
        assert await tokens.token("read") == "token-2"
        tokens.exchange.drop(tokens.ask("read"), token)  # another has asked anew since
        assert await tokens.token("read") == "token-2"


@pytest.mark.parametrize(
    "answer",
    [
        given(1, scope="read write"),
        given(1, scope=""),
        given(1, token_type="mac"),
        given(1, access_token="with blank"),
        given(1, access_token=SECRET + "\r\n"),
        json_response(200, {"token_type": "bearer"}),
        Response(status=200, body=SECRET.encode()),
        Response(status=302, headers=(("location", "http://127.0.0.1:1/"),)),
        json_response(400, {"error": "invalid_scope", "error_description": SECRET}),
        json_response(401, {"error": SECRET}),
        Response(status=500, body=SECRET.encode()),
        None,
    ],
)
async def test_what_is_no_fitting_token_is_not_used_nor_repeated(answer: Response | None) -> None:
    async with server(lambda _: answer) as tokens:
        with pytest.raises(Unavailable, match="Expected a token of oauth from http://127") as fault:
            await tokens.token("read")
        assert SECRET not in str(fault.value) and "canary" not in str(fault.value)
        assert fault.value.__cause__ is None and fault.value.__context__ is None
        assert len(tokens.asked) == 1


async def test_a_refusal_names_the_servers_error_code() -> None:
    async with server(lambda _: json_response(400, {"error": "invalid_scope"})) as tokens:
        with pytest.raises(Unavailable, match=r"answered 400 \(invalid_scope\)"):
            await tokens.token("read")


@pytest.mark.parametrize(("expires_in", "seconds"), [(None, 270), ("soon", 270), (-5, 0), (10**9, 86_340), ("60", 54)])
async def test_odd_lifetimes_are_bounded(expires_in: object, seconds: float) -> None:
    async with server(lambda number: given(number, expires_in=expires_in)) as tokens:
        await tokens.token()
        tokens.time.seconds += max(seconds - 1, 0)
        assert await tokens.token() == ("token-1" if seconds else "token-2")
        tokens.time.seconds += 2
        assert await tokens.token() != "token-1"
