"""The service says how it is, describes itself truthfully, and survives the loss of its database."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest
from openapi_core.exceptions import OpenAPIError
from openapi_spec_validator import OpenAPIV31SpecValidator

from adapters.embedded.nats import NatsServer
from adapters.nats.connection import connect
from adapters.nats.follow import Tail
from adapters.nats.wakeups import NatsWakeups
from adapters.postgres.history import PostgresHistory
from api.live.feeds import Feeds
from api.services import Services
from api.watching import Watched
from commands.catalogue import Catalogue
from domain.errors import Unavailable
from tests.api.conftest import GOAL, Parts, Serve, problem
from tests.api.contract import contract
from tests.beside import running_beside


async def test_a_living_service_says_so_and_nothing_of_its_log(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    ready = (await client.get("/readyz")).json()
    assert ready == {"status": "ready", "parts": ["log"]}


async def test_a_part_that_is_away_is_named(serve: Serve) -> None:
    async def away() -> None:
        raise Unavailable("Expected NATS to answer, but it did not.")

    async with serve(watched=Watched(probes={"nats": away})) as client:
        response = await client.get("/readyz")
        assert "NATS" in problem(response, 503, "unavailable")
        assert response.headers["retry-after"] == "1"


async def test_the_document_is_a_valid_openapi_document(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


async def test_nothing_is_served_that_is_not_documented(client: httpx.AsyncClient) -> None:
    for path in ("/schema", "/schema/openapi.json", "/schema/redoc", "/docs/redoc"):
        problem(await client.get(path), 404, "not-found")


async def test_every_documented_operation_is_of_the_contract(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    found = {f"{verb.upper()} {path}" for path, verbs in document["paths"].items() for verb in verbs}
    assert found == {
        "POST /orchestrate",
        "GET /sessions",
        "GET /sessions/{session_id}",
        "GET /sessions/{session_id}/events",
        "GET /sessions/{session_id}/state",
        "POST /sessions/{session_id}/cancel",
        "POST /sessions/{session_id}/pause",
        "POST /sessions/{session_id}/resume",
        "POST /sessions/{session_id}/replay",
        "GET /agents",
        "POST /agents",
        "GET /agents/{agent_id}",
        "PATCH /agents/{agent_id}",
        "GET /agents/{agent_id}/revisions",
        "POST /blobs",
        "GET /blobs/{digest}",
        "POST /documents/check",
        "GET /tools",
        "POST /tools",
        "GET /tools/{tool_id}",
        "PATCH /tools/{tool_id}",
        "POST /tools/{tool_id}/dry-run",
        "GET /apis/{api}/revisions",
        "GET /apis/{api}/revisions/{digest}/drift",
        "POST /apis/{api}/revisions/{digest}/activate",
        "POST /apis/{api}/revisions/{digest}/quarantine",
        "POST /apis/{api}/revisions/{digest}/lift",
        "GET /apis/{api}/bindings",
        "PUT /apis/{api}/bindings/{scheme}",
        "DELETE /apis/{api}/bindings/{scheme}",
        "GET /prices",
        "POST /prices",
        "GET /prices/{name}",
        "POST /prices/{name}/activate",
        "GET /standing-approvals",
        "POST /standing-approvals",
        "POST /standing-approvals/{standing_id}/revoke",
        "GET /budgets",
        "GET /budgets/{account}",
        "PUT /budgets/{account}",
        "GET /sessions/{session_id}/budget",
        "GET /policies",
        "POST /policies",
        "GET /policies/{name}",
        "POST /policies/{name}/activate",
        "POST /policies/backtest",
        "GET /approvals",
        "GET /approvals/{approval_id}",
        "POST /approvals/{approval_id}",
        "GET /healthz",
        "GET /readyz",
        "GET /docs/problems/{name}",
        "GET /projections",
        "POST /projections/{name}/rebuild",
        "POST /projections/{name}/pause",
        "POST /projections/{name}/resume",
        "POST /projections/{name}/abort",
        "GET /dead-letters",
        "GET /dead-letters/{letter_id}",
        "POST /dead-letters/{letter_id}/replay",
        "POST /dead-letters/{letter_id}/discard",
        "GET /graphql",
        "POST /graphql",
        "GET /schemas",
        "GET /schemas/{type}",
        "GET /memory",
        "GET /memory/search",
        "POST /memory",
        "DELETE /memory/{memory_id}",
        "GET /metrics",
    }


READING = ("/documents/check", "/graphql", "/sessions/{session_id}/replay", "/tools/{tool_id}/dry-run")
"""Ask by POST and write nothing."""


async def test_every_write_documents_its_headers(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            if verb in ("post", "put", "patch", "delete") and path not in READING:
                names = {parameter["name"] for parameter in operation["parameters"]}
                assert {"Idempotency-Key", "If-Match"} <= names, path


async def test_an_answer_that_is_not_as_documented_fails_these_tests(serve: Serve) -> None:
    async with serve(checked=False) as client:
        checked = contract((await client.get("/openapi.json")).content)
        response = await client.get("/healthz")
        checked.check(response, b"")
        lie = httpx.Response(200, json={"status": "fine"}, request=response.request)
        with pytest.raises(OpenAPIError):
            checked.check(lie, b"")


async def test_connections_that_the_database_drops_lose_nothing_that_was_acknowledged(
    client: httpx.AsyncClient, tools: dict[str, Any], database: str
) -> None:
    async def start(number: int) -> httpx.Response:
        return await client.post("/orchestrate", json={"goal": GOAL}, headers={"Idempotency-Key": f"k{number}"})

    async def drop() -> None:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            for _ in range(5):
                with suppress(psycopg.Error):
                    await connection.execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity "
                        "where pid <> pg_backend_pid() and datname = current_database()"
                    )
                await asyncio.sleep(0.02)

    async with asyncio.timeout(60):
        *responses, _ = await asyncio.gather(*(start(number) for number in range(10)), drop())
        for number, response in enumerate(responses):
            assert isinstance(response, httpx.Response)
            assert response.status_code in (201, 503), response.text
            again = await start(number)
            assert again.status_code == 201
            if response.status_code == 201:
                assert again.json()["sessionId"] == response.json()["sessionId"]


async def test_goals_are_taken_and_streamed_while_nats_is_away(serve: Serve, parts: Parts, nats_away: Services) -> None:
    async with serve(shell=nats_away.shell, catalogue=nats_away.catalogue, feeds=nats_away.feeds) as client:
        await client.post("/tools", json={"name": "shop", "document": parts.shop.document()})
        started = (await client.post("/orchestrate", json={"goal": GOAL}, headers={"Prefer": "wait=1"})).json()
        headers = {"Accept": "text/event-stream"}
        async with (
            asyncio.timeout(60),
            client.stream("GET", f"/sessions/{started['sessionId']}/events", headers=headers) as response,
        ):
            async for line in response.aiter_lines():
                if line == f"id: {started['position']}":
                    break


@pytest.fixture
async def nats_away(parts: Parts, database: str, fresh_nats: NatsServer) -> AsyncIterator[Services]:
    """Wire the write side and the live reader to a NATS that is then killed."""
    nats = await connect(fresh_nats.url, "away")
    shell = replace(parts.services.shell, wakeups=NatsWakeups(nats))
    tail = Tail(parts.store, nats)
    os.kill(fresh_nats.pid, signal.SIGKILL)
    history = PostgresHistory(database)
    feeds = Feeds(tail, history)
    async with running_beside(tail.run(), feeds.run()):
        yield replace(parts.services, shell=shell, catalogue=Catalogue(shell), feeds=feeds)
    await history.close()
    with suppress(ConnectionError):  # says goodbye to a server that is gone
        await nats.close()
