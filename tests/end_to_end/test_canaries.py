"""Personal values that go through a whole run, its failures and a crash are kept nowhere in clear, and still arrive."""

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
import pytest

from ops.sample.http_server import Request, Response, json_response, serving
from tests.adapters.telemetry.collector import Collector, collecting
from tests.end_to_end.program import PROGRAM, reprise, started

EMAIL, IBAN = "canary.one@example.org", "GB82WEST12345698765432"
CARDS = ("5555 5555 5555 4444", "5555555555554444")
PASSWORD, NAME, PHONE = "canary-password-7d1e", "Canary Lovelace", "+44 20 7946 0958"
CANARIES = {
    "goal": (EMAIL, *CARDS),
    "argument": (PASSWORD,),
    "answer": (NAME, PHONE),
    "error": (IBAN,),
}
GOAL = f"Write to {EMAIL} and charge {CARDS[0]}"
STEP = {"agent": "executor", "after": [], "criteria": "Any."}


def script(email: str, card: str) -> dict[str, Any]:
    """Return what the model says, who is shown values or the tokens that stand for them."""
    sent = {"to": email, "card": card, "password": PASSWORD}
    steps = [STEP | {"goal": each, "after": [n] if n else []} for n, each in enumerate("abc")]
    return {
        "replies": [
            {"purpose": "plan", "reply": {"steps": steps}},
            {"purpose": "choose", "step": 1, "reply": {"tool": "check", "arguments": {"query": sent}}},
            {"purpose": "choose", "step": 2, "round": 1, "reply": {"tool": "refuse", "arguments": {}}},
            {"purpose": "choose", "step": 2, "reply": {"result": f"It was refused: {IBAN}"}},
            {"purpose": "choose", "step": 3, "reply": {"tool": "crash", "arguments": {"query": {"to": email}}}},
            {"purpose": "review", "reply": {"verdict": "accept"}},
            {"purpose": "answer", "reply": {"answer": f"{EMAIL} was told, and {NAME} called {PHONE}"}},
        ]
    }


def query(name: str, **schema: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": {"type": "string", **schema}}


PERSON = {"type": "object", "properties": {"name": {"type": "string", "x-pii": True}, "phone": {"type": "string"}}}
ANSWER = {"200": {"description": "", "content": {"application/json": {"schema": PERSON}}}}
PATHS = {
    "check": [query("to", format="email"), query("card", pattern="^[0-9]{16}$"), query("password", format="password")],
    "refuse": [],
    "crash": [query("to")],
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a short, empty folder."""
    with TemporaryDirectory(prefix="reprise-pii-") as name:
        yield Path(name).resolve()


class Api:
    """Be the API: answer with personal values, refuse with one, and once end whoever asks before it is answered."""

    def __init__(self) -> None:
        self.heard: list[Request] = []
        self.running: list[int] = []

    async def __call__(self, request: Request) -> Response | None:
        self.heard.append(request)
        match request.path:
            case "/refuse":
                return json_response(422, {"error": f"{IBAN} is closed"})
            case "/crash" if self.running:
                os.kill(self.running.pop(), signal.SIGKILL)
                return None
            case _:
                return json_response(200, {"name": NAME, "phone": PHONE, "note": f"{NAME}, {EMAIL}"})


async def lived(folder: Path, said: dict[str, Any], more: dict[str, str]) -> tuple[list[Request], dict[str, str]]:
    """Run a session through a crash; return what the API heard, and what is kept of the session, by place."""
    api = Api()
    (folder / "script.json").write_text(json.dumps(said))
    with ExitStack() as stack:
        collector = stack.enter_context(collecting())
        async with serving(api) as url:
            settings = {
                "REPRISE_LOG_LEVEL": "DEBUG",
                "REPRISE_OTLP__ENDPOINT": collector.url,
                "REPRISE_MODEL": f"scripted:{folder}/script.json",
                "REPRISE_DATA": str(folder / "data"),
                **more,
            }
            found = await asyncio.to_thread(_lived, folder, url, settings, collector, api)
    return api.heard, found


def _lived(folder: Path, url: str, more: dict[str, str], collector: Collector, api: Api) -> dict[str, str]:
    operations = {
        f"/{name}": {"get": {"operationId": name, "parameters": parameters, "responses": ANSWER}}
        for name, parameters in PATHS.items()
    }
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "servers": [{"url": url}]}
    (folder / "api.json").write_text(json.dumps(document | {"paths": operations}))
    up = ["bash", "-c", f"exec {PROGRAM} up --port 0 2>> log"]
    with started(up, folder, "Reprise is up", more) as (process, _):
        api.running.append(process.pid)
        told = _said(folder, more, "tools", "add", "api.json", "--name", "api", "--allow-private")
        reprise("orchestrate", GOAL, folder=folder, more=more)
        process.wait(timeout=180)
    with started(up, folder, "Reprise is up", more):
        running = json.loads((folder / "data" / "running.json").read_text())
        served = _ended(running["url"])
        told += _said(folder, more, "sessions", "list") + _said(folder, more, "replay", "--all", "--execute")
        collector.until(lambda seen: [span for span in seen.spans if not span.parent_id])
        with psycopg.connect(running["postgres_url"], autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        return {
            "database": _files(folder / "data" / "postgres"),
            "streams": _files(folder / "data" / "nats"),
            "traces": str(collector.spans),
            "terminal": told,
            "log": (folder / "log").read_text(),
            **served,
        }


def _said(folder: Path, more: dict[str, str], *words: str) -> str:
    done = reprise(*words, "--json", folder=folder, more=more)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def _ended(url: str) -> dict[str, str]:
    """Wait for the end of the only session, and return what REST and GraphQL say of it."""
    until = time.monotonic() + 180
    with httpx.Client(base_url=url, timeout=60) as client:
        while (listed := client.get("/sessions").json()["sessions"])[0]["status"] not in ("completed", "failed"):
            assert time.monotonic() < until, listed
            time.sleep(0.2)
        session = listed[0]["id"]
        shown = "status tasks { actions { toolId responseJson reason requestJson } } events { nodes { title } }"
        return {
            "session": client.get(f"/sessions/{session}").text,
            "events": client.get(f"/sessions/{session}/events").text,
            "state": client.get(f"/sessions/{session}/state").text,
            "graphql": client.post("/graphql", json={"query": f'{{ session(id: "{session}") {{ {shown} }} }}'}).text,
        }


def _files(folder: Path) -> str:
    parts = []
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # servers take files away while they run
            parts.append(path.read_bytes().decode("latin-1") if path.is_file() else "")
    return "".join(parts)


async def test_no_canary_is_kept_in_clear_and_every_one_arrives(folder: Path) -> None:
    heard, found = await lived(folder, script("[email:1]", "[card:1]"), {})
    assert heard[0].query == {"to": EMAIL, "card": CARDS[1], "password": PASSWORD}
    assert [each.path for each in heard] == ["/check", "/refuse", "/crash", "/crash"]
    assert {each.query["to"] for each in heard if each.path == "/crash"} == {EMAIL}
    assert '"completed"' in found["session"] and "[email:1] was told" in found["session"]
    for place, text in found.items():
        kept = [canary for canaries in CANARIES.values() for canary in canaries if canary in text]
        assert not kept, f"{place} keeps {kept}"
    assert (folder / "data" / "master.key").stat().st_mode & 0o777 == 0o600


async def test_without_redaction_every_canary_is_found(folder: Path) -> None:
    _, found = await lived(folder, script(EMAIL, CARDS[1]), {"REPRISE_REDACTION": "off"})
    for place in ("database", "streams", "events"):
        for kind, canaries in CANARIES.items():
            assert kind == "argument" or any(canary in found[place] for canary in canaries), (place, kind)
