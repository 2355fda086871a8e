"""Who may call, under which name, and what each role may do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from adapters.identity import TokenIssuer, TokenVerifier, create_keys
from api.auth import identify
from commands.authorize import LOCAL, Unauthenticated
from domain.errors import Forbidden
from tests.api.conftest import GOAL, Parts, Serve, problem


@pytest.fixture
def issuer(tmp_path: Path) -> TokenIssuer:
    """Issue tokens of this service."""
    create_keys(tmp_path)
    return TokenIssuer(tmp_path, issuer="reprise", audience="reprise")


@pytest.fixture
def guarded(serve: Serve, tmp_path: Path, issuer: TokenIssuer) -> Any:
    """Serve those who show a token."""

    @asynccontextmanager
    async def serving() -> AsyncIterator[httpx.AsyncClient]:
        verifier = TokenVerifier(tmp_path, issuer="reprise", audience="reprise")
        async with serve(verifier=verifier, loopback_without_token=False) as client:
            yield client

    return serving


def bearer(issuer: TokenIssuer, user: str, *roles: str, tenant: str = "local") -> dict[str, str]:
    """Return the header that names somebody."""
    return {"Authorization": f"Bearer {issuer.issue(user, roles, tenant=tenant)}"}


async def test_without_a_token_nothing_is_answered_where_tokens_are_required(guarded: Any) -> None:
    async with guarded() as client:
        for headers in (
            {},
            {"Authorization": "Basic eDp5"},
            {"Authorization": "Bearer nonsense"},
            {"Authorization": "x"},
        ):
            response = await client.get("/agents", headers=headers)
            problem(response, 401, "unauthenticated")
            assert response.headers["www-authenticate"].startswith("Bearer")


async def test_health_and_documents_are_for_everybody(guarded: Any) -> None:
    async with guarded() as client:
        for path in ("/healthz", "/readyz", "/openapi.json", "/docs/problems/stale"):
            assert (await client.get(path)).status_code == 200, path


async def test_a_token_names_who_acts(guarded: Any, issuer: TokenIssuer, parts: Parts) -> None:
    async with guarded() as client:
        admin = bearer(issuer, "ada", "admin", tenant="acme")
        body = {"name": "shop", "document": parts.shop.document()}
        assert (await client.post("/tools", json=body, headers=admin)).status_code == 201
        started = await client.post("/orchestrate", json={"goal": GOAL}, headers=admin)
        events = (await client.get(f"/sessions/{started.json()['sessionId']}/events", headers=admin)).json()["events"]
    assert events[0]["event"]["actor"] == {"kind": "person", "id": "ada"}
    assert events[0]["event"]["tenant"] == "acme"


async def test_another_tenant_sees_nothing(guarded: Any, issuer: TokenIssuer, parts: Parts) -> None:
    async with guarded() as client:
        ours, theirs = (bearer(issuer, "ada", "admin", tenant=tenant) for tenant in ("acme", "other"))
        await client.post("/tools", json={"name": "shop", "document": parts.shop.document()}, headers=ours)
        started = (await client.post("/orchestrate", json={"goal": GOAL}, headers=ours)).json()
        path = f"/sessions/{started['sessionId']}"
        for read in (path, f"{path}/events", f"{path}/state"):
            problem(await client.get(read, headers=theirs), 404, "not-found")
        for verb in ("cancel", "pause", "resume", "replay"):
            problem(await client.post(f"{path}/{verb}", headers=theirs), 404, "not-found")
        after = {"after": started["position"]}
        assert (await client.get("/sessions", params=after, headers=theirs)).json()["sessions"] == []
        assert (await client.get("/tools", headers=theirs)).json()["tools"] == []
        assert len((await client.get("/sessions", params=after, headers=ours)).json()["sessions"]) == 1


async def test_a_key_of_one_tenant_is_free_for_another(guarded: Any, issuer: TokenIssuer) -> None:
    async with guarded() as client:
        agent = {"id": "buyer", "role": "executor", "promptTemplate": "You buy."}
        for tenant in ("acme", "other"):
            headers = {**bearer(issuer, "ada", "admin", tenant=tenant), "Idempotency-Key": "one"}
            assert (await client.post("/agents", json=agent, headers=headers)).status_code == 201


async def test_each_role_does_what_it_may(guarded: Any, issuer: TokenIssuer) -> None:
    agent = {"id": "buyer", "role": "executor", "promptTemplate": "You buy."}
    async with guarded() as client:
        for role, may_run, may_change in (("viewer", False, False), ("operator", True, False), ("admin", True, True)):
            headers = bearer(issuer, "ada", role)
            assert (await client.get("/agents", headers=headers)).status_code == 200
            run = await client.post("/orchestrate", json={"goal": GOAL}, headers=headers)
            changed = await client.post("/agents", json=agent, headers=headers)
            assert (run.status_code, changed.status_code) == (409 if may_run else 403, 201 if may_change else 403)
            if not may_change:
                assert "Expected the role admin" in problem(changed, 403, "forbidden")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1", "10.0.0.1"])
async def test_a_host_name_that_is_not_ours_is_refused(serve: Serve, host: str) -> None:
    async with serve(checked=False) as client:
        response = await client.get("/agents", headers={"Host": host})
        assert response.status_code in (400, 421)
        if response.status_code == 421:
            assert "localhost" in problem(response, 421, "misdirected")


async def test_a_host_name_that_is_not_ours_learns_nothing_from_open_paths_either(serve: Serve) -> None:
    async with serve(checked=False) as client:
        for path in ("/healthz", "/readyz", "/openapi.json", "/docs/problems/stale"):
            problem(await client.get(path, headers={"Host": "evil.example"}), 421, "misdirected")


async def test_host_names_are_ours_with_any_port(serve: Serve) -> None:
    async with serve(hosts=("reprise.example",)) as client:
        for host in ("localhost", "LOCALHOST:9", "127.0.0.1:1", "[::1]:8080", "reprise.example"):
            assert (await client.get("/agents", headers={"Host": host})).status_code == 200, host


STRANGERS = [
    "https://evil.example",
    "null",
    "",
    "http://localhost.evil.example",
    "file://",
    "http://[::1",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://127.0.0.1:x",
    "http://localhost:8080",
    "http://reprise.example",
    "https://reprise.example:8443",
]


async def test_a_page_of_another_origin_is_refused(serve: Serve) -> None:
    async with serve(hosts=("reprise.example",)) as client:
        for origin in STRANGERS:
            headers = {"Origin": origin}
            problem(await client.post("/orchestrate", json={"goal": GOAL}, headers=headers), 403, "forbidden")
            problem(await client.post(f"/sessions/{uuid4()}/cancel", headers=headers), 403, "forbidden")
        own = str(client.base_url).rstrip("/")
        for origin in (own, own.upper(), "https://reprise.example", "https://reprise.example:443"):
            assert (await client.get("/agents", headers={"Origin": origin})).status_code == 200, origin
        named = {"Host": "reprise.example", "Origin": "http://reprise.example"}
        assert (await client.get("/agents", headers=named)).status_code == 200


async def test_only_this_machine_is_served_without_tokens(parts: Parts) -> None:
    for client in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
        assert identify(parts.services, client, "") == LOCAL
    for client in ("10.0.0.7", "192.168.1.1", "2001:db8::1", "::ffff:10.0.0.7", "", "unix"):
        with pytest.raises(Forbidden, match="this machine"):
            identify(parts.services, client, "")


async def test_a_token_where_none_are_in_use_is_refused_and_not_ignored(parts: Parts) -> None:
    with pytest.raises(Unauthenticated, match="not in use"):
        identify(parts.services, "127.0.0.1", "Bearer x.y.z")


async def test_a_revision_is_seen_by_viewers_and_changed_by_admins(
    guarded: Any, issuer: TokenIssuer, parts: Parts
) -> None:
    async with guarded() as client:
        admin, operator = bearer(issuer, "ada", "admin"), bearer(issuer, "bob", "operator")
        body = {"name": "shop", "document": parts.shop.document()}
        digest = (await client.post("/tools", json=body, headers=admin)).json()["digest"]
        seen = f"/apis/shop/revisions/{digest}"
        assert (await client.get(f"{seen}/drift", headers=operator)).status_code == 200
        for verb in ("activate", "quarantine", "lift"):
            refused = await client.post(f"{seen}/{verb}", json={"reason": "so"}, headers=operator)
            assert "admin" in problem(refused, 403, "forbidden"), verb
