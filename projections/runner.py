"""Keep read models up to date: batch by batch, rows and position together, each event once.

Several runners may run at once: the one that comes second with a batch gets a Conflict and reads on from what is
written. A read model of another log is emptied and built anew. Each version of a read model has tables of its own, so
other code may keep its versions at the same time. An event whose rows cannot be kept is logged, counted and left out:
it stops no other.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from domain.envelope import Event
from domain.errors import Conflict, Invalid, Unavailable, WrongLog
from domain.upcasting import AnyEvent, Unknown, read
from projections.keeping import Part, ReadModels
from projections.ports import Follower, Recorded
from projections.rows import ReadModel, Rows, coalesce

LOGGER = logging.getLogger("reprise.projections")
PAUSE_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 0.05

Decoded: TypeAlias = Sequence[tuple[Recorded, Event[AnyEvent]]]
Write: TypeAlias = Callable[[Rows, int], Awaitable[None]]
"""Writes rows of one read model, which then stands at a position."""


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
        """Return the log's id and where each read model stands; those of no log, or of another, are begun anew."""
        log_id, known = await self._source.log_id(), await self._rows.checkpoints()
        positions = {}
        for name, model in self._models.items():
            mark = known.get((name, model.version))
            if mark is None or mark.log_id != log_id:
                LOGGER.info("Read model %s, version %d, is built anew from log %s.", name, model.version, log_id)
                await self._rows.reset(model, log_id)
                positions[name] = 0
            else:
                positions[name] = mark.position
        return log_id, positions

    async def _project(self, batch: Sequence[Recorded], positions: dict[str, int]) -> None:
        decoded, last = decode(batch, self.skipped), batch[-1].position
        models = [self._models[name] for name, position in positions.items() if position < last]
        if not models:
            return
        try:
            parts = [
                Part(model=model, after=positions[model.name], rows=project(model, decoded, positions[model.name]))
                for model in models
            ]
            await self._rows.write(parts, last)
        except Invalid:
            for model in models:
                await self._project_apart(model, decoded, last, positions)
        positions.update({model.name: last for model in models})

    async def _project_apart(self, model: ReadModel, decoded: Decoded, last: int, positions: dict[str, int]) -> None:
        """Project a batch for one read model, when it could not be kept together with the others."""

        async def write(rows: Rows, position: int) -> None:
            await self._rows.write([Part(model=model, after=positions[model.name], rows=rows)], position)
            positions[model.name] = position

        after = positions[model.name]
        new = [(row, event) for row, event in decoded if row.position > after]
        await write_sound(model, new, last, write, self.skipped)


async def write_sound(model: ReadModel, decoded: Decoded, last: int, write: Write, skipped: Counter[str]) -> None:
    """Write what a read model takes from events; where that is refused, half by half, without the one to blame."""
    try:
        await write(project(model, decoded), last)
    except Invalid as fault:
        if not decoded:
            raise
        if half := len(decoded) // 2:
            await write_sound(model, decoded[:half], decoded[half - 1][0].position, write, skipped)
            await write_sound(model, decoded[half:], last, write, skipped)
            return
        row = decoded[0][0]
        LOGGER.error("Read model %s skips the event at position %d: %s", model.name, row.position, fault)
        skipped[row.topic] += 1
        await write({}, last)


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
    """Return what a read model takes from the events behind a position, one change a row; raise Invalid."""
    new = ((row, event) for row, event in decoded if row.position > after)
    try:
        return coalesce(change for row, event in new for change in model.changes(event, row))
    except Exception as fault:  # an event that the code did not reckon with must not stop the others
        raise Invalid(
            f"Read model {model.name} could not project an event: {fault!r}. Report this as a bug."
        ) from fault
