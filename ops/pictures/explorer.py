"""Take the pictures of the explorer that README shows: `python -m ops.pictures.explorer`.

Everything on them happened: `reprise up --demo` plays its goal, which is approved here, some more goals go other ways,
and a real Chromium shows the same session in both themes.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from urllib.request import Request, urlopen

from playwright.sync_api import Browser, ViewportSize, expect

from ops.pictures.chromium import opened
from ops.sample.demo import GOAL, script

HERE = Path(__file__).parent
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PROGRAM = Path(sys.executable).parent / "reprise"
OTHERS = {
    "Order two blue mugs for the office and have them shipped": "approve",
    "Send two blue mugs to every customer who ever asked for one": "deny",
    "Order two blue mugs for customer 12": "",
}
"""Goals beside the demo's, and what is answered to their first question."""
REASONS = {"approve": "two mugs are fine", "deny": "that is far too many"}
RETRY = "session.call-retry-scheduled.v1"
SIZE: ViewportSize = {"width": 1360, "height": 850}
SECONDS = 60


def main() -> None:
    """Play the goals, and write explorer-light.png and explorer-dark.png beside this file."""
    with TemporaryDirectory(prefix="reprise-pictures-") as folder, _up(Path(folder)) as url:
        demo = _awaited(lambda: {each["goal"]: each["id"] for each in _ask(f"{url}/sessions")["sessions"]}.get(GOAL))
        for goal, answer in OTHERS.items():
            session = _ask(f"{url}/orchestrate", {"goal": goal})["sessionId"]
            if answer:
                _decide(url, f"{session}-call-2-1", answer)
        for call in ("call-2-1", "call-3-1"):
            _decide(url, f"{demo}-{call}", "approve")
        _awaited(lambda: _ask(f"{url}/sessions/{demo}")["status"] == "completed")
        events = _ask(f"{url}/sessions/{demo}/events?limit=500")["events"]
        version = [each["version"] for each in events if each["type"] == RETRY][-1]
        with opened() as browser:
            for theme in THEMES:
                _picture(browser, f"{url}/explorer#/sessions/{demo}@{version}", theme)


@contextmanager
def _up(folder: Path) -> Iterator[str]:
    """Run `reprise up --demo`; yield where it is reached."""
    command = [str(PROGRAM), "up", "--demo", "--port", "0", "--data", str(folder / "data")]
    environment = {**os.environ, "REPRISE_MODEL": script()}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield next(found[0] for line in process.stdout if (found := re.findall(r"http://127\S+", line)))
        finally:
            process.terminate()


def _ask(url: str, body: object = None) -> Any:
    """Read over REST, or write where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data, {"Content-Type": "application/json"}), timeout=10) as answer:
        return json.load(answer)


def _decide(url: str, approval: str, decision: str) -> None:
    """Wait until a question is asked, and answer it."""
    _awaited(lambda: approval in [each["id"] for each in _ask(f"{url}/approvals")["approvals"]])
    _ask(f"{url}/approvals/{approval}", {"decision": decision, "reason": REASONS[decision]})


def _awaited(look: Callable[[], Any]) -> Any:
    """Look until there is something to see; return it."""
    until = time.monotonic() + SECONDS
    while not (found := look()):
        if time.monotonic() > until:
            raise TimeoutError(f"Expected the goals to go on within {SECONDS} s, but they did not.")
        time.sleep(0.1)
    return found


def _picture(browser: Browser, url: str, theme: Literal["light", "dark"]) -> None:
    """Write one picture, once everything is drawn."""
    with browser.new_context(viewport=SIZE, color_scheme=theme, reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(url)
        expect(page.locator(".state")).to_have_attribute("data-version", url.rpartition("@")[2], timeout=SECONDS * 1000)
        page.wait_for_timeout(500)
        page.screenshot(path=HERE / f"explorer-{theme}.png")


if __name__ == "__main__":
    main()
