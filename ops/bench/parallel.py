"""Measure whether independent steps run at once: ten calls that each take 100 ms, over HTTP, by one worker.

The tool is a real server on the loopback address that waits before it answers; only the model is a script. A round is
the time from the first request that reaches the server to the last answer that it sends.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from commands.catalogue import Catalogue, Documents, Settings
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.shell import Shell
from domain.envelope import Actor, Context
from domain.errors import Unavailable
from domain.session.events import Limits
from domain.session.state import Ended
from ops.bench.machine import machine
from ops.bench.raw import server_version
from ops.sample.http_server import Request, Response, json_response, serving
from ops.scratch import scratch_database

STUBBED = "the model is a script, and no NATS: the worker drives directly; the tool is a server that waits, over HTTP"
API = "waiting"
TOOL = "get_thing"
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Things that take their time", "version": "1"},
    "paths": {
        "/things/{id}": {
            "get": {
                "operationId": TOOL,
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "It."}},
            }
        }
    },
}


@dataclass(frozen=True)
class Opened:
    """Hold what the bench needs of a composed process."""

    shell: Shell
    catalogue: Catalogue
    documents: Documents


Opening = Callable[[str], AbstractAsyncContextManager[Opened]]


@dataclass
class Waiting:
    """Answer each request after a while, and note when requests came and answers went."""

    seconds: float
    began: list[float] = field(default_factory=list)
    ended: list[float] = field(default_factory=list)
    most_at_once: int = 0

    async def answer(self, request: Request) -> Response:
        """Wait, then answer with the thing that was asked for."""
        self.began.append(time.perf_counter())
        self.most_at_once = max(self.most_at_once, len(self.began) - len(self.ended))
        await asyncio.sleep(self.seconds)
        self.ended.append(time.perf_counter())
        return json_response(200, {"id": int(request.path.rpartition("/")[2]), "ready": True})

    def taken_ms(self) -> float:
        """Return the time from the first request to the last answer, and begin anew."""
        taken = (max(self.ended) - min(self.began)) * 1000
        self.began.clear()
        self.ended.clear()
        return taken


async def run(
    url: str, opening: Opening, *, steps: int = 10, room: int = 10, wait_ms: int = 100, rounds: int = 5
) -> dict[str, object]:
    """Measure on a scratch database of the server at ``url``; ``room`` is how many steps may run at once."""
    with scratch_database(url) as scratch, TemporaryDirectory(prefix="reprise-bench-") as folder:
        async with opening(scratch) as opened, waiting(opened, wait_ms) as server:
            script = _script(Path(folder), steps)
            taken = [await _round(opened, server, script, room) for _ in range(rounds)]
        version = await asyncio.to_thread(server_version, scratch)
    return {
        "machine": machine() | {"postgres": version},
        "stubbed": STUBBED,
        "steps": steps,
        "parallel_steps": room,
        "each_ms": wait_ms,
        "one_after_the_other_ms": steps * wait_ms,
        "first_request_to_last_answer_ms": round(median(taken), 1),
        "slowest_ms": round(max(taken), 1),
        "most_at_once": server.most_at_once,
    }


@asynccontextmanager
async def waiting(opened: Opened, wait_ms: int) -> AsyncIterator[Waiting]:
    """Serve things that take their time, registered as an API."""
    server = Waiting(seconds=wait_ms / 1000)
    async with serving(server.answer) as address:
        document = json.dumps(DOCUMENT | {"servers": [{"url": address}]}).encode()
        await opened.catalogue.register_document(
            opened.documents, document, _context(opened.shell), api=API, settings=Settings(allow_private=True)
        )
        yield server


async def _round(opened: Opened, server: Waiting, script: str, room: int) -> float:
    goal = Goal(text="Look at every thing", model=script, limits=Limits(parallel_steps=room))
    session, _ = await orchestrate(opened.shell, opened.catalogue, goal, _context(opened.shell))
    state = (await drive(opened.shell, session)).state
    ended = state.stage if state else None
    if not isinstance(ended, Ended) or ended.status != "completed":
        raise Unavailable(f"Expected the plan to be carried out, but it was not: {ended}.")
    return server.taken_ms()


def _script(folder: Path, steps: int) -> str:
    """Write the model's words: a plan of steps that wait for nothing, each with its call bound."""
    planned: list[dict[str, Any]] = [
        {"goal": f"look at {number}", "tool": TOOL, "slots": [{"argument": "/path/id", "value": number}]}
        for number in range(1, steps + 1)
    ]
    replies = [
        {"purpose": "plan", "reply": {"steps": planned}},
        {"purpose": "choose", "reply": {"tool": TOOL, "arguments": {}}},
        {"purpose": "review", "reply": {"verdict": "accept"}},
        {"purpose": "answer", "reply": {"answer": "all are ready"}},
    ]
    file = folder / "script.json"
    file.write_text(json.dumps({"replies": replies}))
    return f"scripted:{file}"


def _context(shell: Shell) -> Context:
    command = shell.chance.command_id()
    return Context(
        command_id=command, actor=Actor(kind="person", id="bench"), at=shell.clock.now(), correlation=command
    )
