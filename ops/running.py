"""Find a running `reprise up` by its data folder, and be found by others."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

FILE = "running.json"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """Say where a running `up` is reached; its servers' addresses are for verbs on the same machine.

    ``started`` tells the process from a later one under the same id: a container begins to count anew each time.
    ``models`` are those that were configured for it.
    """

    pid: int
    started: int
    url: str
    postgres_url: str
    nats_url: str
    models: tuple[str, ...] = ()


def mark(url: str, postgres_url: str, nats_url: str, models: Sequence[str] = ()) -> Running:
    """Describe this process."""
    pid = os.getpid()
    return Running(
        pid=pid,
        started=_start_of(pid) or 0,
        url=url,
        postgres_url=postgres_url,
        nats_url=nats_url,
        models=tuple(models),
    )


@contextmanager
def announced(folder: Path, running: Running) -> Iterator[None]:
    """Write DIR/running.json, readable by its owner only, for as long as the block runs."""
    path, draft = folder / FILE, folder / f"{FILE}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(running))
    draft.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def find(folder: Path) -> Running | None:
    """Return another process that is `up` on a data folder, or None; what a killed one left behind does not count."""
    try:
        found = msgspec.json.decode((folder / FILE).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    another = found.pid != os.getpid() and _start_of(found.pid) == found.started
    return found if another else None


def _start_of(pid: int) -> int | None:
    """Return when a process began, in clock ticks since the machine did, or None where there is no such process.

    Source: proc_pid_stat(5), field 22; the program's name, field 2, stands in parentheses and may contain some.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return int(fields[19])
