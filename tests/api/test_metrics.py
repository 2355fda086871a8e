"""A service counts what happens at its edge, by labels that are bounded, and shows it to who may see it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from adapters.identity import TokenIssuer, TokenVerifier, create_keys
from adapters.telemetry import gauges
from adapters.telemetry.metrics import Metrics
from api.app import build
from api.observed import Observed
from api.watching import Watched
from domain.errors import Unavailable
from ops.web import bound, server_of, url_of
from tests.api.conftest import GOAL, Parts, Serve, problem


async def head() -> list[gauges.Sample]:
    return [("log_head", "", 7)]


async def away() -> list[gauges.Sample]:
    raise Unavailable("it is away")


async def broken() -> list[gauges.Sample]:
    raise RuntimeError("it is broken")


async def stuck() -> list[gauges.Sample]:
    await asyncio.Event().wait()
    return []


@pytest.fixture
async def client(parts: Parts) -> AsyncIterator[httpx.AsyncClient]:
    """Serve under a watch."""
    metrics = Metrics({"log": head})
    services = replace(parts.services, watched=Watched(watch=metrics))
    server, door = server_of(Observed(build(services), metrics)), bound("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(base_url=url_of(door), timeout=60) as client:
        yield client
    server.should_exit = True
    await serving


async def shown(client: httpx.AsyncClient) -> dict[str, float]:
    """Return the samples that a service shows, by name and labels."""
    response = await client.get("/metrics")
    assert response.status_code == 200 and response.headers["content-type"] == CONTENT_TYPE_PLAIN_1_0_0
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def requests(samples: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in samples.items() if name.startswith("reprise_http_requests_total")}


async def test_requests_are_counted_by_the_templates_of_their_routes(client: httpx.AsyncClient) -> None:
    for path in ("/sessions/1", "/sessions/2", "/nowhere", "/nowhere/else", "/metrics"):
        await client.get(path)
    await client.request("BREW", "/agents")
    await client.request("BREW", "/nowhere")
    assert requests(await shown(client)) == {
        'reprise_http_requests_total{method="GET",route="/sessions/{session_id}",status="4xx"}': 2,
        'reprise_http_requests_total{method="GET",route="/metrics",status="2xx"}': 1,
        'reprise_http_requests_total{method="GET",route="other",status="4xx"}': 2,
        'reprise_http_requests_total{method="other",route="other",status="4xx"}': 2,
    }


async def until(client: httpx.AsyncClient, name: str, value: float) -> dict[str, float]:
    """Wait for a sample to have a value, and return all samples of that moment."""
    async with asyncio.timeout(60):
        while (samples := await shown(client))[name] != value:  # noqa: ASYNC110 - only its count tells
            await asyncio.sleep(0.01)
    return samples


async def test_a_live_stream_is_counted_while_it_is_open_and_its_length_is_no_latency(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    await client.post("/tools", json={"name": "shop", "document": parts.shop.document(), "allowPrivate": True})
    started = (await client.post("/orchestrate", json={"goal": GOAL})).json()["sessionId"]
    route, open_streams = "/sessions/{session_id}/events", 'reprise_live_streams{kind="server-sent-events"}'
    headers = {"Accept": "text/event-stream"}
    async with client.stream("GET", f"/sessions/{started}/events", headers=headers) as response:
        chunks = response.aiter_bytes()  # kept: httpx hangs up when nobody holds it any more
        await anext(chunks)
        await until(client, open_streams, 1)
    samples = await until(client, open_streams, 0)
    assert samples[f'reprise_http_requests_total{{method="GET",route="{route}",status="2xx"}}'] == 1
    assert f'reprise_http_request_seconds_count{{route="{route}"}}' not in samples


async def test_each_request_is_one_line_of_the_log_without_its_path(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="reprise.http"):
        await client.get("/sessions/secret-name?user=ada")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "reprise.http"]
    assert line.startswith("GET /sessions/{session_id} 4") and line.endswith(" ms") and "ada" not in line


@pytest.mark.parametrize("part", [away, broken])
async def test_what_a_part_cannot_say_is_left_out_and_the_rest_is_shown(
    part: Callable[[], Awaitable[list[gauges.Sample]]],
) -> None:
    text = (await Metrics({"log": head, "nats": part}).text()).decode()
    assert "reprise_log_head 7.0" in text and 'reprise_up{part="log"} 1.0' in text
    assert 'reprise_up{part="nats"} 0.0' in text


async def test_nobody_waits_long_for_a_part_that_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "PATIENCE_SECONDS", 0.05)
    assert 'reprise_up{part="nats"} 0.0' in (await Metrics({"nats": stuck}).text()).decode()


async def test_however_often_somebody_looks_the_parts_are_asked_now_and_then() -> None:
    asked: list[int] = []

    async def count() -> list[gauges.Sample]:
        asked.append(1)
        await asyncio.sleep(0)
        return []

    metrics = Metrics({"log": count})
    await asyncio.gather(*(metrics.text() for _ in range(20)))
    assert len(asked) == 1


async def test_where_tokens_are_required_the_numbers_of_all_tenants_are_for_operators(
    serve: Serve, tmp_path: Path
) -> None:
    create_keys(tmp_path)
    issuer = TokenIssuer(tmp_path, issuer="reprise", audience="reprise")
    verifier = TokenVerifier(tmp_path, issuer="reprise", audience="reprise")
    watched = Watched(watch=Metrics({}))
    async with serve(verifier=verifier, loopback_without_token=False, watched=watched, checked=False) as client:
        problem(await client.get("/metrics"), 401, "unauthenticated")
        for role, status in (("viewer", 403), ("operator", 200), ("admin", 200)):
            headers = {"Authorization": f"Bearer {issuer.issue('ada', [role])}"}
            assert (await client.get("/metrics", headers=headers)).status_code == status, role
