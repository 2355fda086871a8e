"""Find a running `reprise up` by its data folder, and be found by others."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

FILE = "running.json"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """Say where a running `up` is reached; its servers' addresses are for verbs on the same machine."""

    pid: int
    url: str
    postgres_url: str
    nats_url: str


def mark(url: str, postgres_url: str, nats_url: str) -> Running:
    """Describe this process."""
    return Running(pid=os.getpid(), url=url, postgres_url=postgres_url, nats_url=nats_url)


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
    """Return the `up` that runs on a data folder, or None; what a killed one left behind does not count."""
    try:
        found = msgspec.json.decode((folder / FILE).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return found if _is_reprise(found.pid) else None


def _is_reprise(pid: int) -> bool:
    """Tell whether a process lives and is one of ours, and not another program under a recycled id."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return b"reprise" in command or b"ops.cli" in command
