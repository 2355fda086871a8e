"""Run the installed program as a person would: another process, another folder, none of our own settings."""

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent
PROGRAM = BIN / "reprise"
PATIENCE_SECONDS = 180.0


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment without the settings of whoever runs the tests, the installed program first."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("REPRISE_")}
    return {**kept, "PATH": f"{BIN}{os.pathsep}{kept.get('PATH', '')}", "PYTHONUNBUFFERED": "1", **(more or {})}


def ran(
    command: Sequence[str | Path],
    folder: Path,
    more: Mapping[str, str] | None = None,
    *,
    patience: float = PATIENCE_SECONDS,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command, cwd=folder, env=environment(more), capture_output=True, text=True, timeout=patience, check=False
    )


def reprise(*words: str, folder: Path, more: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run one verb to its end."""
    return ran([PROGRAM, *words], folder, more)


@contextmanager
def started(
    command: Sequence[str | Path], folder: Path, says: str, more: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a command beside the test; yield it with the line in which it said that it is ready."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment(more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process, _line(process, says)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE_SECONDS)


def _line(process: subprocess.Popen[str], says: str) -> str:
    """Wait for the line that holds some words."""
    assert process.stdout is not None
    until, seen = time.monotonic() + PATIENCE_SECONDS, b""
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        while time.monotonic() < until:
            if not ready.select(timeout=1):
                continue
            more = os.read(process.stdout.fileno(), 65_536)
            seen += more
            whole = seen.rpartition(b"\n")[0].decode()
            if found := [each for each in whole.splitlines() if says in each]:
                return found[0]
            if not more:
                break
    raise AssertionError(f"Expected {process.args!r} to say {says!r}, but it said: {seen.decode()}")


def processes_in(folder: Path) -> list[int]:
    """Return the ids of all processes that work below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append(int(entry.name))
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
    return found
