"""Keep read models up to date: batch by batch, rows and position together, each event once.

Several runners may run at once: the one that comes second with a batch gets a Conflict and reads on from what is
written. A read model of another log, or of another version of its code, is emptied and built anew.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from domain.envelope import Event
from domain.errors import Conflict, Unavailable, WrongLog
from domain.upcasting import AnyEvent, Unknown, read
from projections.keeping import Part, ReadModels
from projections.ports import Follower, Recorded
from projections.rows import ReadModel, Rows, coalesce

LOGGER = logging.getLogger("reprise.projections")
PAUSE_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.05

Decoded: TypeAlias = Sequence[tuple[Recorded, Event[AnyEvent]]]


class Projector:
    """Project everything that is in the log, and then what comes in, until cancelled."""

    def __init__(self, source: Follower, rows: ReadModels, models: Mapping[str, ReadModel]):
        self._source = source
        self._rows = rows
        self._models = models
        self.skipped: Counter[str] = Counter()

    async def run(self) -> None:
        """Project for ever; what cannot be reached now is tried again."""
        while True:
            try:
                await self._follow()
            except (Conflict, WrongLog) as fault:
                LOGGER.info("Projections read their positions again: %s", fault)
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
            except Unavailable as fault:
                LOGGER.warning("Projections have to wait: %s", fault)
                await asyncio.sleep(PAUSE_SECONDS)

    async def catch_up(self, position: int) -> None:
        """Project up to a position and return."""
        log_id, positions = await self._positions()
        if min(positions.values()) >= position:
            return
        async for batch in self._source.follow(min(positions.values())):
            await self._take(batch, log_id, positions)
            if min(positions.values()) >= position:
                return

    async def _follow(self) -> None:
        log_id, positions = await self._positions()
        async for batch in self._source.follow(min(positions.values())):
            await self._take(batch, log_id, positions)

    async def _take(self, batch: Sequence[Recorded], log_id: str, positions: dict[str, int]) -> None:
        """Project a batch; raise WrongLog where the log was replaced between reading the positions and following it."""
        if (followed := await self._source.log_id()) != log_id:
            raise WrongLog(f"Log {log_id} was replaced by {followed}: read the positions again.")
        if batch:
            await self._project(batch, positions)

    async def _positions(self) -> tuple[str, dict[str, int]]:
        log_id, known = await self._source.log_id(), await self._rows.checkpoints()
        positions = {}
        for name, model in self._models.items():
            mark = known.get(name)
            if mark is None or (mark.log_id, mark.version) != (log_id, model.version):
                LOGGER.info("Read model %s is built anew from log %s.", name, log_id)
                await self._rows.reset(model, log_id)
                positions[name] = 0
            else:
                positions[name] = mark.position
        return log_id, positions

    async def _project(self, batch: Sequence[Recorded], positions: dict[str, int]) -> None:
        decoded, last = decode(batch, self.skipped), batch[-1].position
        parts = [
            Part(model=model, after=positions[name], rows=project(model, decoded, positions[name]))
            for name, model in self._models.items()
            if positions[name] < last
        ]
        if parts:
            await self._rows.write(parts, last)
            positions.update({part.model.name: last for part in parts})


def decode(batch: Sequence[Recorded], skipped: Counter[str]) -> Decoded:
    """Decode a batch; events of an unknown topic, and broken ones, are counted under their topic and left out."""
    decoded = []
    for row in batch:
        event = _read(row)
        if isinstance(event, Unknown):
            skipped[row.topic] += 1
        else:
            decoded.append((row, event))
    return decoded


def _read(row: Recorded) -> Event[AnyEvent] | Unknown:
    # Postgres cannot hold the character NUL in text or json, and one such event must not stop a read model.
    state = row.state.replace(b"\\u0000", b"\\ufffd") if b"\\u0000" in row.state else row.state
    try:
        return read(row.topic, state)
    except msgspec.DecodeError as fault:
        LOGGER.error("The event at position %d cannot be read and is skipped: %s", row.position, fault)
        return Unknown(topic=row.topic, state=row.state)


def project(model: ReadModel, decoded: Decoded, after: int = 0) -> Rows:
    """Return what a read model takes from the events behind a position, one change a row."""
    return coalesce(change for row, event in decoded if row.position > after for change in model.changes(event, row))
