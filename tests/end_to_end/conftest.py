"""Play the demo once for all tests that look at it."""

import time
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

import msgspec
import pytest

from tests.end_to_end.program import processes_in, reprise


class Demo(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what the demo printed, how long it took, and which processes it left behind."""

    code: int
    output: str
    told: str
    seconds: float
    left_behind: list[int]


@pytest.fixture(scope="session")
def demo() -> Demo:
    """Run `reprise demo --json`; what is meant for people then goes to the error stream."""
    with TemporaryDirectory(prefix="reprise-readme-") as folder:
        begun = time.monotonic()
        done: CompletedProcess[str] = reprise("demo", "--json", folder=Path(folder), more={"TMPDIR": folder})
        seconds = time.monotonic() - begun
        left_behind = processes_in(Path(folder))
    return Demo(code=done.returncode, output=done.stdout, told=done.stderr, seconds=seconds, left_behind=left_behind)
