"""Name the clock, and chance."""

from datetime import datetime
from typing import Literal, Protocol


class Clock(Protocol):
    """Tell the time and wait."""

    def now(self) -> datetime:
        """Return the present time in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Chance(Protocol):
    """Draw what must be random; every draw that matters is recorded in a fact."""

    def permille(self) -> int:
        """Draw a whole number from 0 to 999."""
        ...

    def command_id(self) -> str:
        """Draw a new random command id."""
        ...


Lane = Literal["interactive", "standard", "batch"]
