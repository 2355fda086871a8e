"""Name what tells others how this process is: probes, and a watch that counts."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from litestar.di import NamedDependency
from litestar.params import SkipValidation

Probe: TypeAlias = Callable[[], Awaitable[object]]
"""Return where a part is ready, raise Unavailable where it is not."""


class Watch(Protocol):
    """Count what happens at the edge, and show everything that this process counts."""

    def request(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count a request by its route's template, "" where it has none; ``seconds`` is None for a live stream."""
        ...

    def stream(self, kind: str) -> AbstractContextManager[None]:
        """Count a live stream while it is open."""
        ...

    async def text(self) -> bytes:
        """Return everything in the text form that Prometheus reads."""
        ...


@dataclass(frozen=True)
class Watched:
    """Hold the probes of the parts that must be ready, by name, and the watch where there is one."""

    probes: Mapping[str, Probe] = field(default_factory=dict)
    watch: Watch | None = None


Watching: TypeAlias = SkipValidation[NamedDependency[Watched]]
"""How this process is watched, as a handler asks for it."""
