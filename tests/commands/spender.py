"""Be one worker process that drives sessions with stand-ins for model and tools, until it is killed or is done."""

import asyncio
import sys
from uuid import UUID

from adapters.postgres.store import PostgresEventStore
from commands.perform import drive
from tests.commands.parts import Model, Shop, Time, shell_of


async def main(url: str, worker: str, sessions: list[UUID]) -> None:
    """Drive all sessions side by side."""
    store = await PostgresEventStore.open(url)
    shell = shell_of(store, Shop(), Model(), Time(), worker=worker)
    shell.lease_margin_ms = 1_000
    await asyncio.gather(*(drive(shell, session) for session in sessions))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], [UUID(each) for each in sys.argv[3:]]))
