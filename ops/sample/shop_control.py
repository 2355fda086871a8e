"""Break the sample shop on purpose, and count what reached it."""

from collections import defaultdict
from typing import Literal

import msgspec

FaultKind = Literal["error", "slow", "lost-answer"]


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Plan a fault for the next ``times`` requests of an operation named as ``METHOD /path/{template}``.

    ``error`` answers 500 before the write, ``slow`` waits ``ms`` before the write, ``lost-answer`` writes
    and closes the connection without an answer. ``times`` 0 ends what was planned.
    """

    operation: str
    kind: FaultKind
    times: int = 1
    ms: int = 0


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Count requests, and writes that took effect."""

    requests: int = 0
    writes: int = 0


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Count by operation, and by the Idempotency-Key header that came, whether it is honoured or not."""

    operations: dict[str, Count]
    keys: dict[str, Count]


class Control:
    """Hold the planned faults and the counters."""

    def __init__(self) -> None:
        self._planned: dict[str, Fault] = {}
        self._operations: defaultdict[str, Count] = defaultdict(Count)
        self._keys: defaultdict[str, Count] = defaultdict(Count)

    def plan(self, fault: Fault) -> None:
        """Plan a fault in the place of an earlier one for the same operation."""
        self._planned[fault.operation] = fault

    def next_fault(self, operation: str) -> Fault | None:
        """Take one planned fault of an operation."""
        fault = self._planned.get(operation)
        if fault is None or fault.times <= 0:
            return None
        self._planned[operation] = msgspec.structs.replace(fault, times=fault.times - 1)
        return fault

    def count(self, operation: str, key: str, *, requests: int = 0, writes: int = 0) -> None:
        """Add to the counters of an operation and of a key, where one came."""
        for counts, name in ((self._operations, operation), (self._keys, key)):
            if name:
                old = counts[name]
                counts[name] = Count(requests=old.requests + requests, writes=old.writes + writes)

    def counts(self) -> Counts:
        """Return all counters."""
        return Counts(operations=dict(self._operations), keys=dict(self._keys))
