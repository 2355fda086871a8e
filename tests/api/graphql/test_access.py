"""Everybody sees the own tenant's things, over HTTP and WebSockets, and only as long as the token is valid."""

from contextlib import AbstractAsyncContextManager, aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from msgspec.structs import replace

from adapters.identity import TokenIssuer, TokenVerifier, create_keys
from commands.authorize import LOCAL, Principal
from tests.api.conftest import Parts, Serve, problem
from tests.api.graphql.conftest import exploring, follow, raw, record

LIST = '{ sessions { nodes { id tasks { id } } } approvals(status: "all") { nodes { id } } agents { id } }'
ONE = "query ($id: ID!) { session(id: $id) { id } }"
EVENTS = "subscription ($id: ID!) { sessionEvents(id: $id) { version } }"
CHANGED = "subscription ($after: Position) { sessionsChanged(after: $after) { sessionId version session { id } } }"
DISCARD = 'mutation { discardDeadLetter(id: "x", reason: "y") { version } }'

Guarded: TypeAlias = AbstractAsyncContextManager[httpx.AsyncClient]


@pytest.fixture
def issuer(tmp_path: Path) -> TokenIssuer:
    """Issue tokens of this service."""
    create_keys(tmp_path)
    return TokenIssuer(tmp_path, issuer="reprise", audience="reprise")


@pytest.fixture
def guarded(serve: Serve, tmp_path: Path, issuer: TokenIssuer) -> Guarded:
    """Serve those who show a token."""
    verifier = TokenVerifier(tmp_path, issuer="reprise", audience="reprise")
    return serve(verifier=verifier, loopback_without_token=False)


def bearer(issuer: TokenIssuer, role: str = "operator", *, tenant: str = "acme") -> str:
    """Return the header that names somebody."""
    return f"Bearer {issuer.issue('ada', [role], tenant=tenant)}"


async def ask_as(client: httpx.AsyncClient, who: str, query: str, after: str = "", **variables: Any) -> dict[str, Any]:
    """Ask by somebody's name; give all of the answer."""
    asked, fresh = {"query": query, "variables": variables}, {"after": after} if after else {}
    response = await client.post("/graphql", json=asked, params=fresh, headers={"Authorization": who})
    assert response.status_code == 200, response.text
    answered: dict[str, Any] = response.json()
    return answered


def code_of(answered: dict[str, Any]) -> str:
    """Return the code of the first error."""
    code: str = answered["errors"][0]["extensions"]["code"]
    return code


async def test_strangers_are_not_answered(guarded: Guarded) -> None:
    async with guarded as client:
        problem(await client.post("/graphql", json={"query": LIST}), 401, "unauthenticated")
        problem(await client.get("/graphql", params={"query": LIST}), 401, "unauthenticated")


async def test_tools_are_the_administrators_to_change(guarded: Guarded, issuer: TokenIssuer) -> None:
    asked = (
        'query { bindings(api: "shop") { scheme } }',
        'query { checkDocument(document: {document: "{}"}) { ok } }',
        'mutation { addTools(api: {name: "a", document: "{}"}) { tools } }',
        'mutation { setTool(id: "a", changes: {enabled: false}) { id } }',
        'mutation { bindScheme(api: "a", scheme: "key", to: {reference: "env:A"}) { version } }',
        'mutation { unbindScheme(api: "a", scheme: "key") { version } }',
    )
    async with guarded as client:
        for query in asked:
            assert code_of(await ask_as(client, bearer(issuer), query)) == "FORBIDDEN", query
        checked = await ask_as(client, bearer(issuer, "admin"), asked[1])
        assert checked["data"]["checkDocument"] == {"ok": False}


async def test_each_tenant_sees_its_own(guarded: Guarded, issuer: TokenIssuer, parts: Parts) -> None:
    acme, other = bearer(issuer), bearer(issuer, tenant="other")
    (mine, _), (theirs, last) = await record(parts, tenant="acme"), await record(parts, tenant="other", seed=2)
    async with guarded as client:
        await ask_as(client, acme, LIST, after=last)
        for who, own, foreign in ((acme, mine, theirs), (other, theirs, mine)):
            assert code_of(await ask_as(client, who, ONE, id=foreign)) == "NOT_FOUND"
            assert (await ask_as(client, who, ONE, id=own))["data"]["session"] == {"id": own}
            listed = (await ask_as(client, who, LIST))["data"]
            assert [each["id"] for each in listed["sessions"]["nodes"]] == [own]
            assert all(each["id"].startswith(own) for each in listed["approvals"]["nodes"])
        assert code_of(await ask_as(client, bearer(issuer, "viewer"), DISCARD)) == "FORBIDDEN"
        assert code_of(await ask_as(client, acme, DISCARD)) == "NOT_FOUND"


async def test_a_page_names_its_token_in_the_first_message(guarded: Guarded, issuer: TokenIssuer, parts: Parts) -> None:
    acme = bearer(issuer)
    (mine, _), (theirs, _) = await record(parts, tenant="acme"), await record(parts, tenant="other", seed=2)
    async with guarded as client:
        async with (
            exploring(client, authorization=acme) as explorer,
            aclosing(follow(explorer, EVENTS, id=mine)) as results,
        ):
            assert (await anext(results))["sessionEvents"] == {"version": 1}
        async with raw(client) as mine_too:
            await mine_too.begin(authorization=acme)
            await mine_too.subscribe("1", EVENTS, id=theirs)
            assert code_of((await mine_too.hear())["payload"]) == "NOT_FOUND"
            assert (await mine_too.hear())["type"] == "complete"
        async with raw(client, additional_headers={"Authorization": acme}) as by_header:
            await by_header.begin()


async def test_who_shows_no_token_or_a_wrong_one_is_closed(guarded: Guarded) -> None:
    async with guarded as client:
        for payload in ({}, {"authorization": "Bearer x"}, {"authorization": "Basic eDp5"}):
            async with raw(client) as stranger:
                await stranger.say(type="connection_init", payload=payload)
                assert (await stranger.ended())[0] == 4401, payload
        async with raw(client) as confused:
            await confused.say(type="connection_init", payload={"authorization": 7})
            assert (await confused.ended())[0] == 4400


async def test_changes_of_other_tenants_are_not_told(guarded: Guarded, issuer: TokenIssuer, parts: Parts) -> None:
    _, before = await record(parts, tenant="acme", most=1)
    async with (
        guarded as client,
        exploring(client, authorization=bearer(issuer)) as explorer,
        aclosing(follow(explorer, CHANGED, after=before)) as results,
    ):
        await record(parts, tenant="other", most=1)
        mine, _ = await record(parts, tenant="acme", most=1)
        told = (await anext(results))["sessionsChanged"]
    assert (told["sessionId"], told["version"], told["session"]["id"]) == (mine, 1, mine)


class Brief:
    """Know one person, whose tokens are valid for half a second."""

    def verify(self, token: str) -> Principal:
        """Return that person."""
        return replace(LOCAL, expires_at=datetime.now(UTC) + timedelta(seconds=0.5))


async def test_subscriptions_end_with_the_token(serve: Serve, parts: Parts) -> None:
    mine, _ = await record(parts, most=3)
    async with serve(verifier=Brief(), loopback_without_token=False) as client, raw(client) as listener:
        await listener.begin(authorization="Bearer x")
        await listener.subscribe("1", EVENTS, id=mine)
        while "errors" not in (told := await listener.hear())["payload"]:
            assert told["type"] == "next"
        assert code_of(told["payload"]) == "UNAUTHENTICATED"
        assert await listener.hear() == {"id": "1", "type": "complete"}
        await listener.subscribe("2", ONE, id=mine)
        told = await listener.hear()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "UNAUTHENTICATED")
