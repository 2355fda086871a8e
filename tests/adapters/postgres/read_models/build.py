"""Carry out the open build of a read model, for tests that kill whoever does: `python -m … URL NAME BATCH`."""

import asyncio
import logging
import sys

from adapters.postgres.read_models import reading
from adapters.postgres.read_models.builder import carry_out
from projections.registry import READ_MODELS

if __name__ == "__main__":
    url, name, batch = sys.argv[1:]
    reading.BATCH_EVENTS = int(batch)
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
    print("ready", flush=True)
    asyncio.run(carry_out(url, READ_MODELS[name]))
