"""Run one server program as a child of this process: start, keep, stop and restart it."""

import asyncio
import logging
import os
import signal
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import ClassVar

from adapters.embedded.errors import PortTaken, ServerFailed
from adapters.embedded.folder import POLL, end_orphans

LOGGER = logging.getLogger("reprise.embedded")
# Recovery after a crash reads the write-ahead log first, hence the generous limit (seconds).
READY_WITHIN = 60.0
STOP_WITHIN = 10.0
# A server that ends so soon after its start (seconds) did not come up; so often in a row, it never will.
SOON = 5.0
STARTS = 5
PAUSE = 0.25
# The user's own settings (PGOPTIONS, LANG, TZ…) must not reach the servers.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C", "TZ": "UTC"}


class Server(ABC):
    """Own one server process; a subclass says what to run and when it is ready."""

    program: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, data: Path, home: Path) -> None:
        """Log to `data`; `home` is the working folder (cwd) of this program and of no other."""
        self.log = data / f"{self.program}.log"
        self.home = home
        self._process: asyncio.subprocess.Process | None = None
        self._began = 0

    @abstractmethod
    def command(self) -> list[str]:
        """Make ready what the program reads, and return its command line."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Tell whether the running process takes connections."""

    def privileges(self) -> list[str]:
        """Return the command prefix that changes user before the program starts."""
        return []

    @property
    def pid(self) -> int:
        """Return the process id of the server that was started last."""
        if self._process is None:
            raise ServerFailed(f"{self.program} was not started yet: call start() first.")
        return self._process.pid

    async def start(self) -> None:
        """Start the program and wait until it takes connections.

        Raises FolderTaken, PortTaken or ServerFailed with the last line of the server's log.
        """
        await end_orphans(self.home, self.program)
        self._began = self.log.stat().st_size if self.log.exists() else 0
        self._process = await launch(
            self.command(), self.log, prefix=self.privileges(), home=self.home, on_our_death=self.stop_signal
        )
        await self._until_ready(self._process)

    async def stop(self) -> None:
        """Ask the program to end cleanly; kill it when it has not done so in time."""
        if self._process is not None:
            await end(self._process, self.stop_signal)

    async def restart(self) -> None:
        """Stop the program if it still runs and start it again at the same address."""
        await self.stop()
        await self.start()

    async def keep(self) -> None:
        """Start the program again whenever it ends by itself; raise ServerFailed where it does not stay up."""
        clock, failures = asyncio.get_running_loop().time, 0
        while self._process is not None:
            since = clock()
            await self._process.wait()
            failures = failures + 1 if clock() - since < SOON else 0
            if failures == STARTS:
                raise failure(f"{self.program} ended {STARTS} times in a row", self.log, self._began)
            LOGGER.warning("%s ended by itself: it is started again.", self.program)
            await asyncio.sleep(PAUSE * failures)
            with suppress(ServerFailed):  # a program that failed to start has ended, which is counted above
                await self.start()

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        ready = False
        try:
            async with asyncio.timeout(READY_WITHIN):
                while not (ready := self.is_ready()):
                    if process.returncode is not None:
                        raise failure(f"{self.program} ended", self.log, self._began)
                    await asyncio.sleep(POLL)
        except TimeoutError:
            raise failure(f"{self.program} was not ready in {READY_WITHIN:.0f} s", self.log, self._began) from None
        finally:
            if not ready:
                await end(process, signal.SIGKILL)


@asynccontextmanager
async def kept(server: Server) -> AsyncIterator[asyncio.Task[None]]:
    """Keep a started server running for the duration of the block; the task ends where it does not stay up."""
    task = asyncio.create_task(server.keep(), name=f"keep-{server.program}")
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def failure(what: str, log: Path, began: int) -> ServerFailed:
    """Return the error for a program that wrote its reason to `log` behind byte `began`."""
    said = log.read_bytes()[began:].decode(errors="replace").splitlines()
    fatal = [line for line in said if "FATAL" in line or "[FTL]" in line or "error:" in line]
    reason = (fatal or said or ["nothing"])[-1].strip()
    if "address already in use" in reason:
        return PortTaken(f"{what}, its port is taken ({reason}): end the other program or choose another port.")
    return ServerFailed(f"{what} and said: {reason} (the whole log is {log}).")


async def launch(
    command: Sequence[str], log: Path, *, prefix: Sequence[str], home: Path, on_our_death: signal.Signals
) -> asyncio.subprocess.Process:
    """Start `command` in `home`, in a session of its own because Ctrl-C is ours to handle.

    The kernel sends it `on_our_death` when the thread that started it dies. Raises ServerFailed.
    """
    # setpriv stands behind the prefix: a change of user clears the signal.
    tie = ["setpriv", "--pdeathsig", on_our_death.name.removeprefix("SIG"), "--"]
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *prefix,
            *tie,
            *command,
            cwd=home,
            env=ENVIRONMENT,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


async def end(process: asyncio.subprocess.Process, first: signal.Signals) -> None:
    """Send `first`, wait, then kill; a stopped process is continued so that it can obey."""
    for number in (first, signal.SIGKILL):
        if process.returncode is not None:
            return
        with suppress(ProcessLookupError):  # it ended by itself, and wait() below learns of it
            # Not process.send_signal: that polls, and takes the exit code from asyncio's own watcher.
            os.kill(process.pid, number)
            os.kill(process.pid, signal.SIGCONT)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_WITHIN)
