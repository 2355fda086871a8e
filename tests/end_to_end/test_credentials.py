"""A credential that an API sends back is found nowhere: not in tables, streams, logs, traces or answers."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from ops.sample.http_server import Request, Response, json_response, serving
from tests.adapters.telemetry.collector import Collector, collecting
from tests.end_to_end.program import PROGRAM, reprise, started

CANARIES = ("canary-key-4f1d0c77", "canary-pass-9b22e6aa")
SCRIPT = {
    "replies": [
        {
            "purpose": "plan",
            "reply": {"steps": [{"goal": "Ask", "agent": "executor", "after": [], "criteria": "Any."}]},
        },
        {"purpose": "choose", "reply": {"tool": "ask", "arguments": {}}},
        {"purpose": "review", "reply": {"verdict": "accept"}},
        {"purpose": "answer", "reply": {"answer": "done"}},
    ]
}
SCHEMES = {"key": {"type": "apiKey", "in": "query", "name": "key"}, "login": {"type": "http", "scheme": "basic"}}
ASK = {"operationId": "ask", "security": [{"key": [], "login": []}], "responses": {"200": {"description": ""}}}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a short, empty folder with a script in it."""
    with TemporaryDirectory(prefix="reprise-keys-") as name:
        (Path(name) / "script.json").write_text(json.dumps(SCRIPT))
        yield Path(name).resolve()


def answered(request: Request) -> Response:
    """Send everything back that came, in the answer's body and in its headers."""
    whole = json_response(200, {"headers": request.headers, "query": request.query, "path": request.path})
    return Response(status=200, body=whole.body, headers=(*whole.headers, ("x-echo", request.headers["authorization"])))


async def test_a_credential_that_comes_back_is_kept_nowhere(folder: Path) -> None:
    heard: list[Request] = []

    async def serve(request: Request) -> Response:
        heard.append(request)
        return answered(request)

    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        async with serving(serve) as url:
            more = {
                "REPRISE_SECRET_KEY": CANARIES[0],
                "REPRISE_SECRET_LOGIN": f"ada:{CANARIES[1]}",
                "REPRISE_LOG_LEVEL": "DEBUG",
                "REPRISE_OTLP__ENDPOINT": collector.url,
                "REPRISE_MODEL": f"scripted:{folder}/script.json",
                "REPRISE_DATA": str(folder / "data"),
            }
            found = await asyncio.to_thread(_lived, folder, url, more, collector)
    assert [(each.query["key"], each.headers["authorization"][:6]) for each in heard] == [(CANARIES[0], "Basic ")]
    assert any("[credential]" in text for text in found.values()) and len(found) >= 6
    assert "env:REPRISE_SECRET_KEY" in found["events"]
    for place, text in found.items():
        assert not any(canary in text for canary in (*CANARIES, "YWRhOmNhbmFyeS")), place


def _lived(folder: Path, url: str, more: dict[str, str], collector: Collector) -> dict[str, str]:
    """Let one session call the API, and return what is kept of it, by place."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": url}],
        "paths": {"/ask": {"get": ASK}},
        "components": {"securitySchemes": SCHEMES},
    }
    (folder / "api.json").write_text(json.dumps(document))
    serving = f"exec {PROGRAM} up --port 0 2> log"
    with started(["bash", "-c", serving], folder, "Reprise is up", more):

        def says(*words: str) -> str:
            done = reprise(*words, "--json", folder=folder, more=more)
            assert done.returncode == 0, done.stderr
            return done.stdout + done.stderr

        told = says("tools", "add", "api.json", "--name", "api", "--allow-private")
        told += says("tools", "bind", "api", "key", "env:REPRISE_SECRET_KEY")
        told += says("tools", "bind", "api", "login", "env:REPRISE_SECRET_LOGIN")
        told += says("tools", "bindings", "api") + says("orchestrate", "Ask", "--wait")
        running = json.loads((folder / "data" / "running.json").read_text())
        collector.until(lambda seen: [span for span in seen.spans if not span.parent_id])
        return {
            "terminal": told,
            "tables": _tables(running["postgres_url"]),
            "streams": _files(folder / "data" / "nats"),
            "traces": str(collector.spans),
            **_served(running["url"]),
            "log": (folder / "log").read_text(),
        }


def _tables(url: str) -> str:
    """Return every row of every table."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        rows: list[Any] = []
        for schema, table in names:
            rows += connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, table))).fetchall()
    assert len(names) > 10 and rows
    return str(rows)


def _files(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.suffix == ".blk" for path in files)
    return "".join(path.read_bytes().decode("latin-1") for path in files)


def _served(url: str) -> dict[str, str]:
    """Return what REST and GraphQL say of the only session."""
    with httpx.Client(base_url=url, timeout=60) as client:
        (session,) = [each["id"] for each in client.get("/sessions").json()["sessions"]]
        shown = "status tasks { actions { toolId responseJson reason requestJson } } events { nodes { title } }"
        asked = client.post("/graphql", json={"query": f'{{ session(id: "{session}") {{ {shown} }} }}'})
        return {
            "events": client.get(f"/sessions/{session}/events").text,
            "state": client.get(f"/sessions/{session}/state").text,
            "graphql": asked.text,
        }
