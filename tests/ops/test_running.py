"""A running `up` is found, and never taken for another process under the same id, as in a container begun anew."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from ops import running

MARKING = """
import sys
from pathlib import Path
from ops import running
with running.announced(Path(sys.argv[1]), running.mark("http://x", "postgresql://x", "nats://x")):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def up(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process that announces itself in a folder until its input ends."""
    command = [sys.executable, "-c", MARKING, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield process


def test_another_process_that_is_up_is_found_until_it_ends(tmp_path: Path, up: subprocess.Popen[bytes]) -> None:
    found = running.find(tmp_path)
    assert found is not None and found.pid == up.pid
    up.kill()
    up.wait()
    assert (tmp_path / running.FILE).exists()
    assert running.find(tmp_path) is None


def test_a_later_process_under_the_same_id_is_not_the_one_that_was_up(
    tmp_path: Path, up: subprocess.Popen[bytes]
) -> None:
    found = running.find(tmp_path)
    assert found is not None
    with running.announced(tmp_path, replace(found, started=found.started - 1)):
        assert running.find(tmp_path) is None


def test_the_own_id_is_never_another_up(tmp_path: Path) -> None:
    with running.announced(tmp_path, running.mark("http://x", "postgresql://x", "nats://x")):
        assert running.find(tmp_path) is None


def test_a_program_whose_name_has_parentheses_and_spaces_does_not_confuse(tmp_path: Path) -> None:
    program = tmp_path / "a) 1 (b"
    program.symlink_to("/bin/sleep")
    with subprocess.Popen([program, "30"]) as process:
        started = running._start_of(process.pid)
        process.kill()
    own = running._start_of(os.getpid())
    assert started is not None and own is not None and started >= own
