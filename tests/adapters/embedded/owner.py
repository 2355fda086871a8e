"""Own both servers in a process of its own until standard input ends: what the tests beside it kill."""

import asyncio
import json
import sys
from pathlib import Path

from adapters.embedded.nats import embedded_nats
from adapters.embedded.postgres import embedded_postgres


async def main(data: Path) -> None:
    """Start the servers, say where they are in one line of JSON, and wait."""
    async with embedded_postgres(data / "postgres") as postgres, embedded_nats(data / "nats") as nats:
        print(json.dumps({"url": postgres.url, "pids": [postgres.pid, nats.pid]}), flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
