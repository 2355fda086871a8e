"""Run one `up` and one shop for all tests of the command line, and speak to them through the program itself."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import pytest

from ops.cli.main import run
from ops.sample import demo
from tests.end_to_end.program import PROGRAM, started

GOAL = "Order two blue mugs for customer 7"
SECONDS = 120
POSITION = re.compile(r"[0-9a-f-]{16,}:[0-9]+")
"""Be a position as it is written outside, bound to its log."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a verb said, and its exit code."""

    code: int
    output: str
    errors: str

    @property
    def json(self) -> Any:
        """Return the one line of JSON that was printed."""
        assert self.output, self.errors
        (line,) = self.output.splitlines()
        return json.loads(line)


Say: TypeAlias = Callable[..., Said]


@pytest.fixture
def say(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Say:
    """Run a verb in this process, in an empty folder and with a data folder that does not exist yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPRISE_DATA", str(tmp_path / "data"))

    def said(*words: str) -> Said:
        capfd.readouterr()
        code = run(words)
        output, errors = capfd.readouterr()
        assert "Traceback" not in errors
        return Said(code=code, output=output, errors=errors)

    return said


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a shop that does not honour idempotency keys, so that a lost answer ends at a person."""
    folder = tmp_path_factory.mktemp("shop")
    with started([PROGRAM.parent / "python", "-m", "ops.sample.shop", "--no-keys"], folder, "http://") as (_, url):
        yield url


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, shop: str) -> Iterator[Path]:
    """Yield the data folder of an `up` that knows the shop."""
    data = tmp_path_factory.mktemp("up") / "data"
    with started([PROGRAM, "up", "--port", "0", "--data", str(data)], data.parent, "Reprise is up"):
        yield data


@pytest.fixture
def up(say: Say, served: Path, shop: str, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Speak to the running `up`, with the demo's script as the model."""
    monkeypatch.setenv("REPRISE_DATA", str(served))
    monkeypatch.setenv("REPRISE_MODEL", demo.script())
    if not say("tools", "list", "--json").json:
        assert say("tools", "add", f"{shop}/openapi.json", "--name", "shop", "--allow-private").code == 0
    return say


@pytest.fixture
def waiting(up: Say) -> str:
    """Start a session that waits for the approval of its order; return its id."""
    outcome = up("orchestrate", GOAL, "--wait", "--json").json
    assert outcome["status"] == "waiting"
    return str(outcome["session_id"])
