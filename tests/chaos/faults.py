"""Kill and stop victims at random points, each victim in its own time, several at once."""

import asyncio
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

STOP_SECONDS = 10.0
SECONDS_A_FAULT = 1.2
"""How far faults are apart on average, all victims together."""


class Victim(Protocol):
    """Be a process that can be killed and stopped."""

    name: str

    async def kill(self) -> None:
        """Kill it, and return when it is there again."""
        ...

    async def stop(self, seconds: float) -> None:
        """Stop it for a while."""
        ...


@dataclass
class Faults:
    """Inflict ``count`` faults, a stop for every victim first of all; ``done`` says what was inflicted and when."""

    count: int
    chance: random.Random
    done: list[str] = field(default_factory=list)
    _began: float = 0.0

    async def inflict(self, victims: Sequence[Victim]) -> None:
        """Inflict all faults, and return when every victim is back."""
        plans = self._plan(victims)
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for victim in victims:
                tasks.create_task(self._inflict(victim, plans[victim.name]))

    def _plan(self, victims: Sequence[Victim]) -> dict[str, list[str]]:
        plans: dict[str, list[str]] = {victim.name: [] for victim in victims}
        for number, victim in zip(range(self.count), self._turns(victims), strict=False):
            stops = number < len(victims) or (number >= 4 * len(victims) and self.chance.random() < 0.2)
            plans[victim.name].append("stop" if stops else "kill")
        for plan in plans.values():
            self.chance.shuffle(plan)
        return plans

    def _turns(self, victims: Sequence[Victim]) -> Iterator[Victim]:
        while True:
            yield from self.chance.sample(victims, len(victims))

    async def _inflict(self, victim: Victim, plan: list[str]) -> None:
        window = SECONDS_A_FAULT * self.count
        for kind, at in zip(plan, sorted(self.chance.uniform(0, window) for _ in plan), strict=True):
            await asyncio.sleep(self._began + at - time.monotonic())
            self._note(kind, victim)
            await (victim.stop(STOP_SECONDS) if kind == "stop" else victim.kill())

    def _note(self, kind: str, victim: Victim) -> None:
        said = f"{time.monotonic() - self._began:6.1f} s  {kind} {victim.name}"
        self.done.append(said)
        if len(self.done) % 20 == 0 or len(self.done) == self.count:
            print(f"{len(self.done)} of {self.count} faults, at last {said.strip()}", file=sys.stderr, flush=True)
