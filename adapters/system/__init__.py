"""Tell the time and draw chance from the operating system."""

import asyncio
import secrets
from datetime import UTC, datetime


class SystemClock:
    """Read the machine's clock."""

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class SystemChance:
    """Draw from the operating system's random source."""

    def permille(self) -> int:
        """Draw a whole number from 0 to 999."""
        return secrets.randbelow(1000)

    def command_id(self) -> str:
        """Draw a new random command id."""
        return secrets.token_hex(16)
