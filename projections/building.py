"""Name what builds read models anew: people ask for it, one process at a time does it, anybody sees how far it is.

::

    requested ─► building ─► comparing ─► done      building fills the next form up to the log's head,
        ▲           │            │                  comparing holds it against the live one, then swaps
        └─ paused ◄─┴────────────┴──────► aborted | failed
"""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

import msgspec

State = Literal["requested", "building", "comparing", "paused", "done", "aborted", "failed"]
Told: TypeAlias = Callable[[int, int], None]
"""Hears how far a build is: up to which position, of the log's head."""


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """Say how far a build is, and whether a process is at it now (``held``).

    ``checking`` builds are compared and dropped. ``differences`` counts rows that stand in one form only; it is None
    until they are compared, and where they cannot be, as ``remark`` says. ``skipped`` counts events by topic.
    At ``filled_at`` the next form had come to the log's head.
    """

    id: int
    name: str
    version: int
    state: State
    checking: bool
    position: int
    head: int
    skipped: dict[str, int]
    examples: list[str]
    remark: str
    error: str
    requested_by: str
    requested_at: datetime
    updated_at: datetime
    held: bool
    differences: int | None = None
    started_at: datetime | None = None
    filled_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Tell whether nothing will happen to it any more."""
        return self.state in ("done", "aborted", "failed")


class Builds(Protocol):
    """Ask for builds of this code's read models and steer them.

    Raises NotFound for a name that is none, NotPossible where the build's state does not permit it, Unavailable.
    """

    async def request(self, name: str, *, check: bool, by: str, key: str = "") -> Build:
        """Ask for a build, or with ``check`` for a comparison only; the same key with the same request asks once.

        Raises CommandReused for a key that came with another request.
        """
        ...

    async def newest(self, name: str) -> Build:
        """Return the last build that was asked for."""
        ...

    async def pause(self, name: str) -> Build:
        """Let a build rest, from its next batch of events on."""
        ...

    async def resume(self, name: str) -> Build:
        """Let a build go on that was paused, or that its process left."""
        ...

    async def abort(self, name: str) -> Build:
        """End a build; its next form is dropped."""
        ...
