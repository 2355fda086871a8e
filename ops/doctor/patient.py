"""Hold what is examined, and by what means it is reached."""

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from ops import running
from ops.bootstrap.servers import Addresses
from ops.running import Running
from ops.settings import Settings, load
from queries.ports import ReadStore

ROOT = Path(__file__).resolve().parents[2]


class Bus(Protocol):
    """Look at NATS; raises Unavailable, TimeoutError."""

    async def mirror(self) -> tuple[str, int] | None:
        """Return which log the stream of events mirrors and up to which position, None where there is no stream."""
        ...

    async def waiting(self, lanes: Iterable[str]) -> set[str]:
        """Return those lanes whose wake-ups somebody waits for, or has in hand."""
        ...


@dataclass(frozen=True, kw_only=True)
class Parts:
    """Reach what is examined; whoever makes a fault on purpose puts it in the place of a part.

    ``start`` starts the embedded servers that the settings leave to us. ``greeting`` is what NATS says to whoever
    connects. ``known_model``, ``model_keys`` and ``read_keys`` raise Refused where a model's name, its
    key, or the keys of tokens cannot be used.
    ``takes_traces`` sends none to an endpoint and tells whether it would have taken some; it blocks for a few seconds.
    """

    start: Callable[[Settings], AbstractAsyncContextManager[Addresses]]
    open_log: Callable[[str], AbstractAsyncContextManager[ReadStore]]
    greeting: Callable[[str], Awaitable[Mapping[str, Any]]]
    open_bus: Callable[[str], AbstractAsyncContextManager[Bus]]
    known_model: Callable[[str], None]
    model_keys: Callable[[Settings], Awaitable[object]]
    read_keys: Callable[[Path], None]
    takes_traces: Callable[[str], bool]
    migrations: Callable[[], Mapping[str, str]]
    load: Callable[[], Settings] = load
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    statvfs: Callable[[Path], os.statvfs_result] = os.statvfs
    root: Path = ROOT


@dataclass
class Patient:
    """Be the installation; a check that reaches a part of it leaves it here for those that need it."""

    parts: Parts
    stack: AsyncExitStack
    settings: Settings = field(init=False)
    where: Addresses = field(init=False)
    log: ReadStore = field(init=False)
    bus: Bus = field(init=False)

    @property
    def up(self) -> Running | None:
        """Return the `reprise up` that runs on the data folder."""
        return running.find(self.settings.folder)

    @property
    def served(self) -> bool:
        """Tell whether roles are meant to run: those of an `up`, or one a process, on servers that are set."""
        return self.up is not None or bool(self.settings.postgres_url and self.settings.nats_url)

    @property
    def keeps(self) -> bool:
        """Tell whether a server of ours keeps its data in the data folder."""
        return not (self.settings.postgres_url and self.settings.nats_url)
