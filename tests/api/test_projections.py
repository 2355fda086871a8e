"""Read models are shown with how far they are, and rebuilt over REST by whichever projector runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import psycopg
import pytest

from adapters.postgres.read_models import watching
from adapters.postgres.read_models.watching import take_builds
from commands.authorize import Principal
from projections.registry import READ_MODELS
from tests.api.conftest import Parts, Serve, problem
from tests.beside import running_beside

ENDS = ("done", "aborted", "failed")


@asynccontextmanager
async def _a_projector(database: str) -> AsyncIterator[None]:
    async with running_beside(take_builds(database, READ_MODELS)):
        yield


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let projectors look for builds often."""
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.05)


async def _shown(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    found = (await client.get("/projections")).json()["projections"]
    (shown,) = [each for each in found if each["name"] == name and each["ours"]]
    return dict(shown)


async def _ended(client: httpx.AsyncClient, name: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while (build := (await _shown(client, name))["build"])["state"] not in ENDS:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return dict(build)


async def test_a_rebuild_is_asked_for_and_a_projector_carries_it_out(
    client: httpx.AsyncClient, database: str, started: dict[str, Any]
) -> None:
    asked = await client.post("/projections/sessions/rebuild", json={})
    assert asked.status_code == 202
    assert (asked.json()["state"], asked.json()["requestedBy"]) == ("requested", "local")
    async with _a_projector(database):
        build = await _ended(client, "sessions")
    assert (build["state"], build["differences"], build["held"]) == ("done", 0, False)
    shown = await _shown(client, "sessions")
    assert shown["lag"] == 0 and shown["build"]["position"] == shown["head"] == started["position"]


async def test_a_check_names_what_differs_and_changes_nothing(
    client: httpx.AsyncClient, database: str, started: dict[str, Any]
) -> None:
    read = await client.get("/sessions", params={"after": started["position"]})
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as owner:
        await owner.execute("UPDATE sessions_v4.sessions SET goal = 'altered'")
    await client.post("/projections/sessions/rebuild", json={"check": True})
    async with _a_projector(database):
        build = await _ended(client, "sessions")
    assert build["differences"] == 2 and any("altered" in row for row in build["examples"])
    shown = (await client.get("/sessions")).json()["sessions"]
    assert read.status_code == 200 and [each["goal"] for each in shown] == ["altered"]


async def test_a_rebuild_is_paused_resumed_and_aborted(client: httpx.AsyncClient) -> None:
    await client.post("/projections/timeline/rebuild", json={})
    said = problem(await client.post("/projections/timeline/rebuild", json={}), 409, "not-possible")
    assert "being rebuilt already (requested" in said
    assert (await client.post("/projections/timeline/pause")).json()["state"] == "paused"
    assert (await client.post("/projections/timeline/pause")).json()["state"] == "paused"
    resumed = await client.post("/projections/timeline/resume")
    assert (resumed.status_code, resumed.json()["state"]) == (202, "requested")
    assert (await client.post("/projections/timeline/abort")).json()["state"] == "aborted"
    problem(await client.post("/projections/timeline/resume"), 409, "not-possible")


async def test_the_same_key_asks_once(client: httpx.AsyncClient) -> None:
    keyed = {"Idempotency-Key": "once"}
    first = await client.post("/projections/timeline/rebuild", json={}, headers=keyed)
    again = await client.post("/projections/timeline/rebuild", json={}, headers=keyed)
    assert again.json() == first.json() and again.status_code == 202
    another = await client.post("/projections/timeline/rebuild", json={"check": True}, headers=keyed)
    problem(another, 422, "command-reused")


@pytest.mark.parametrize("verb", ["rebuild", "pause", "resume", "abort"])
async def test_an_unknown_read_model_is_not_found(client: httpx.AsyncClient, verb: str) -> None:
    said = problem(await client.post(f"/projections/weather/{verb}", json={}), 404, "not-found")
    assert "sessions" in said and "'weather'" in said


async def test_only_an_administrator_rebuilds(serve: Serve, parts: Parts) -> None:
    class Operators:
        """Know everybody as an operator."""

        def verify(self, token: str) -> Principal:
            """Return an operator."""
            return Principal(tenant="local", actor=token, roles=("operator",))

    async with serve(verifier=Operators()) as client:
        client.headers["Authorization"] = "Bearer ada"
        for verb in ("rebuild", "pause", "resume", "abort"):
            answered = await client.post(f"/projections/timeline/{verb}", json={})
            assert "Expected the role admin" in problem(answered, 403, "forbidden")
        assert (await client.get("/projections")).status_code == 200
