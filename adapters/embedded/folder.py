"""Hold a data folder for one owner at a time, and clear it of servers whose owner was killed."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.embedded.errors import FolderTaken, ServerFailed

# An orphan was told to stop by the kernel and may be writing its last checkpoint (seconds).
ORPHAN_MAY_FINISH = 5.0
KILLED_MUST_GO = 10.0
POLL = 0.01


@contextmanager
def hold(data: Path) -> Iterator[Path]:
    """Create the data folder (mode 0700), keep every other process out of it, and yield its resolved path.

    The kernel drops the lock with its holder, so none outlives a kill -9. Raises FolderTaken, ServerFailed.
    """
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ServerFailed(f"{data} cannot be used as a data folder ({error}): choose one of your own.") from error
    try:
        _lock(lock, data)
        yield data.resolve()
    finally:
        os.close(lock)


def _lock(lock: int, data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = f"process {os.read(lock, 20).decode()}".strip()
        raise FolderTaken(f"{data} is in use by {holder}: end it or choose another data folder.") from None
    os.truncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


async def end_orphans(home: Path, program: str) -> None:
    """Wait until no `program` of an earlier, killed owner works in `home` any more; kill what stays.

    Only call while holding the data folder: then whoever still works there is an orphan. Raises FolderTaken.
    """
    if await _empty(home, program, ORPHAN_MAY_FINISH):
        return
    for pid in working_in(home, program):
        with suppress(ProcessLookupError):  # it ended meanwhile, which is what we want
            os.kill(pid, signal.SIGKILL)
    if not await _empty(home, program, KILLED_MUST_GO):
        raise FolderTaken(f"{program} still works in {home}, even after kill -9: see what holds it and try again.")


async def _empty(home: Path, program: str, patience: float) -> bool:
    deadline = asyncio.get_running_loop().time() + patience
    while working_in(home, program):
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(POLL)
    return True


def working_in(home: Path, program: str) -> list[int]:
    """Return the ids of all processes that run `program` with `home` as their working folder."""
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*") if _works_in(entry, home, program)]


def _works_in(entry: Path, home: Path, program: str) -> bool:
    try:
        return (entry / "cwd").readlink() == home and (entry / "exe").readlink().name.startswith(program)
    except OSError:  # it ended meanwhile, or is another user's and so not ours
        return False
