"""A running `reprise up` keeps its servers alive, and ends where it cannot."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

import pytest

from ops.sample.demo import script
from tests.end_to_end.program import PROGRAM, reprise, started
from tests.ops.cli.conftest import shop

__all__ = ["shop"]
GOAL = "Order two blue mugs for customer 7"
SECONDS = 120


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield a short, empty folder."""
    with TemporaryDirectory(prefix="reprise-kept-") as name:
        yield Path(name).resolve()


def server_in(folder: Path, program: str) -> int:
    """Return the id of a server's first process, the one that its own children have as their parent; 0 for none."""
    running = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder) and (entry / "exe").readlink().name == program:
                running[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
    return next((pid for pid, parent in running.items() if parent not in running), 0)


def is_ready(url: str) -> bool:
    try:
        with urlopen(f"{url}/readyz", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_killed_server_is_started_again_and_a_goal_goes_through(folder: Path, shop: str) -> None:
    more = {"REPRISE_MODEL": script()}
    with started([PROGRAM, "up", "--port", "0"], folder, "Reprise is up", more) as (process, line):
        assert reprise("tools", "add", f"{shop}/openapi.json", "--allow-private", folder=folder).returncode == 0
        for program in ("postgres", "nats-server"):
            os.kill(killed := server_in(folder, program), signal.SIGKILL)
            until = time.monotonic() + SECONDS
            while server_in(folder, program) in (0, killed) or not is_ready(line.rpartition(" ")[2]):
                assert time.monotonic() < until, f"{program} did not come back"
                time.sleep(0.1)
            done = reprise("orchestrate", GOAL, "--wait", "--json", folder=folder, more=more)
            assert done.returncode == 0 and json.loads(done.stdout)["status"] == "waiting", done.stderr
        assert process.poll() is None


def test_up_ends_with_one_line_where_a_server_cannot_be_started_again(folder: Path) -> None:
    with started([PROGRAM, "up", "--port", "0"], folder, "Reprise is up") as (process, _):
        shutil.move(folder / ".reprise" / "postgres" / "cluster" / "PG_VERSION", folder)
        os.kill(server_in(folder, "postgres"), signal.SIGKILL)
        said, _ = process.communicate(timeout=2 * SECONDS)
    assert process.returncode == 1 and "Traceback" not in said
    (told,) = [each for each in said.splitlines() if each.startswith("Error: ")]
    assert "postgres ended 5 times in a row" in told and "correct the URL" not in told
