"""Open the explorer in a real Chromium, on a real `reprise up`, and write down everything that it does."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, WebSocketRoute, expect

from domain.replay import Row
from ops.pictures.chromium import opened
from ops.sample.demo import script
from tests.end_to_end.program import PROGRAM, started
from tests.ports import free_port

SECONDS = 120
VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"""


class Stored(msgspec.Struct):
    """Be an event as REST shows it, its JSON as it is stored."""

    position: str
    version: int
    type: str
    event: msgspec.Raw


class Events(msgspec.Struct):
    """Be a page of events."""

    events: list[Stored]


@dataclass
class Served:
    """Be a running `up`, which can be ended and begun again in the same place."""

    folder: Path
    words: tuple[str, ...]
    more: dict[str, str]
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Run it until it is stopped; the second time on the port of the first."""
        port = self.url.rpartition(":")[2] or str(free_port())
        words: list[str | Path] = [PROGRAM, "up", "--port", port, *self.words]
        _, line = self._running.enter_context(started(words, self.folder, "Reprise is up", self.more))
        self.url = line.rpartition(" ")[2]

    def stop(self) -> None:
        """End it as Ctrl-C does."""
        self._running.close()

    def get(self, path: str) -> Any:
        """Read over REST, again where a busy machine asks for that."""
        until = time.monotonic() + SECONDS
        while (answer := self._get(path)).status_code == 503 and time.monotonic() < until:
            time.sleep(0.1)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=self.headers, timeout=SECONDS)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Write over REST."""
        answer = httpx.post(f"{self.url}{path}", json=body, headers=self.headers, timeout=SECONDS)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def start_goal(self, goal: str, **limits: int) -> str:
        """State a goal; give its session."""
        started_one = self.post("/orchestrate", {"goal": goal, "constraints": {"limits": limits}})
        return str(started_one["sessionId"])

    def rows(self, session: str) -> list[Row]:
        """Return a session's events as they are stored."""
        answer = self._get(f"/sessions/{session}/events?limit=500")
        found = msgspec.json.decode(answer.content, type=Events).events
        return [Row(version=each.version, topic=each.type, state=bytes(each.event)) for each in found]

    def approve_all(self, session: str) -> None:
        """Say yes to whatever a session asks, until it has ended."""
        until = time.monotonic() + SECONDS
        while self.get(f"/sessions/{session}")["status"] not in ("completed", "failed", "cancelled"):
            assert time.monotonic() < until, f"{session} does not end"
            for asked in self.get("/approvals")["approvals"]:
                if asked["sessionId"] == session:
                    self.post(f"/approvals/{asked['id']}", {"decision": "approve"})
            time.sleep(0.05)


@contextmanager
def up(*words: str, **more: str) -> Iterator[Served]:
    """Run `reprise up` in an empty folder, with the sample script as its model."""
    with TemporaryDirectory(prefix="reprise-explorer-") as folder:
        served = Served(Path(folder), words, {"REPRISE_MODEL": script(), **more})
        served.start()
        try:
            yield served
        finally:
            served.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run one Chromium for the tests of a file; all of them are free of event loops of their own."""
    expect.set_options(timeout=SECONDS * 1000)
    with opened() as browser:
        yield browser


Open: TypeAlias = Callable[..., AbstractContextManager[Page]]


@pytest.fixture
def open_page(browser: Browser) -> Open:
    """Open pages of their own, which must ask nobody but us for anything, and complain about nothing else than said."""

    @contextmanager
    def opening(url: str, *, complains: str = "(?!)", **options: Any) -> Iterator[Page]:
        size: ViewportSize = {"width": 1440, "height": 900}
        with browser.new_context(viewport=size, reduced_motion="reduce", **options) as context:
            page = context.new_page()
            page.set_default_timeout(SECONDS * 1000)
            asked, complaints = _written_down(page)
            page.add_init_script(VIOLATIONS)
            page.goto(url)
            yield page
            ours = url.partition("/explorer")[0].partition("://")[2]
            elsewhere = [each for each in asked if each.partition("://")[2].partition("/")[0] != ours]
            assert elsewhere == [] and len(asked) > 10
            assert [each for each in complaints if not re.search(complains, each)] == []

    return opening


def _written_down(page: Page) -> tuple[list[str], list[str]]:
    """Note what a page asks for, and what it complains about."""
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda opened: asked.append(opened.url))
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    return asked, complaints


def versions(page: Page) -> list[int]:
    """Return the versions in the timeline, sorted: each once where nothing was skipped or repeated."""
    shown = page.eval_on_selector_all(".event", "(all) => all.map((each) => Number(each.dataset.version))")
    return sorted(shown)


def broken_off(page: Page, code: str) -> list[str | None]:
    """Break off the first subscription to events behind five of them, with this error; note where each began."""
    asked: list[str | None] = []
    broken: list[str] = []

    def stand_between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def from_page(message: str | bytes) -> None:
            told = json.loads(message)
            if told["type"] == "subscribe" and "sessionEvents" in told["payload"]["query"]:
                asked.append(told["payload"]["variables"]["after"])
                if not broken:
                    broken.append(told["id"])
                    heard[told["id"]] = 0
            server.send(message)

        def from_server(message: str | bytes) -> None:
            told = json.loads(message)
            if told["type"] != "next" or told["id"] not in heard:
                socket.send(message)
                return
            heard[told["id"]] += 1
            if heard[told["id"]] <= 5:
                socket.send(message)
            if heard[told["id"]] == 5:
                after = told["payload"]["data"]["sessionEvents"]["position"]
                fault = {"message": f"It ends with {code}.", "extensions": {"code": code, "after": after}}
                socket.send(json.dumps({"id": told["id"], "type": "error", "payload": [fault]}))

        heard: dict[str, int] = {}
        socket.on_message(from_page)
        server.on_message(from_server)

    page.route_web_socket("**/graphql", stand_between)
    return asked
