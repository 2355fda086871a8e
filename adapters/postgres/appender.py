"""Append to the log by group commit: whatever is queued when a flush begins shares its transaction.

Two writers share the queue: while one flush is appended, the next travels, if it is a full one.

A lost connection leaves an outcome unknown. Then the same bytes are sent again: the append function decides
under the append lock whether they are still missing, and what it refuses is compared with the log; the very
same event ids and bytes at the same versions are ours, anything else is a conflict.
"""

import asyncio
from collections.abc import Callable, Sequence

from psycopg.errors import LockNotAvailable

from adapters.postgres.connections import FAULTS, PATIENCE_SECONDS, is_of_the_values
from adapters.postgres.queue import Append, AppendQueue, new_append
from adapters.postgres.writer import Reason, Writer
from commands.ports import LogEvent
from domain.errors import Conflict, Invalid, RepriseError, Unavailable


class Appender:
    """Write queued appends; ``on_commit`` hears the position of the last event of each flush."""

    def __init__(self, url: str, on_commit: Callable[[int], None]):
        self._on_commit = on_commit
        self._queue = AppendQueue()
        self._writers = (Writer(url), Writer(url))
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Write from now on."""
        self._tasks = [asyncio.create_task(self._run(writer), name="log-writer") for writer in self._writers]

    async def close(self) -> None:
        """Stop; appends that are still queued are Unavailable."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        _fail(self._queue.take_all(), Unavailable("The log is closed; nothing was written."))
        for writer in self._writers:
            await writer.reset()

    async def append(self, events: Sequence[LogEvent]) -> int:
        """Append events, all or nothing, and return the position of the last one."""
        if not self._tasks:
            raise Unavailable("The log is closed; nothing was written. Open it again.")
        append = new_append(events)
        await self._queue.put(append)
        return await append.position

    async def _run(self, writer: Writer) -> None:
        while True:
            appends = await self._queue.take()
            try:
                await self._flush(writer, appends)
            except BaseException as fault:
                await self._give_up(writer, appends, fault)
            finally:
                self._queue.done(appends)

    async def _give_up(self, writer: Writer, appends: Sequence[Append], fault: BaseException) -> None:
        _fail(appends, _told(fault))
        if isinstance(fault, Unavailable):  # then what waits has waited long enough
            _fail(self._queue.take_all(), fault)
        if not isinstance(fault, Exception):
            raise fault
        await writer.reset()

    async def _flush(self, writer: Writer, appends: Sequence[Append]) -> None:
        """Append and answer, whatever happens to the connection meanwhile."""
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + PATIENCE_SECONDS, 0.02
        doubtful = stuck = False
        units = [append.events for append in appends]
        while True:
            try:
                if stuck:
                    await writer.end_stuck_writers()
                base, refused = await writer.append(units)
                await self._answer(writer, appends, base, refused, doubtful)
                return
            except LockNotAvailable as fault:
                reason, stuck = str(fault), True
            except FAULTS as fault:
                if is_of_the_values(fault):
                    await self._flush_apart(writer, appends, fault)
                    return
                reason, stuck, doubtful = str(fault), False, True
                await writer.reset()
            if loop.time() > deadline:
                raise _unavailable(reason, doubtful)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 0.5)

    async def _flush_apart(self, writer: Writer, appends: Sequence[Append], fault: Exception) -> None:
        """Write one by one what failed together: an append that Postgres cannot take harms no other."""
        await writer.reset()
        if len(appends) == 1:
            raise Invalid(f"Expected events that Postgres can store, but {fault}. Correct them.") from fault
        for append in appends:
            try:
                await self._flush(writer, [append])
            except Invalid as refusal:
                _fail([append], refusal)

    async def _answer(
        self, writer: Writer, appends: Sequence[Append], base: int, refused: Sequence[Reason], doubtful: bool
    ) -> None:
        reasons = {reason["unit"]: reason for reason in refused}
        position = base
        for number, append in enumerate(appends, 1):
            if number not in reasons:
                position += len(append.events)
                _succeed(append, position)
            elif doubtful and (ours := await writer.find(append.events)):
                _succeed(append, ours)
            else:
                _fail([append], _conflict(reasons[number]))
        self._on_commit(position)


def _succeed(append: Append, position: int) -> None:
    if not append.position.done():  # its caller may have been cancelled
        append.position.set_result(position)


def _fail(appends: Sequence[Append], fault: RepriseError) -> None:
    for append in appends:
        if not append.position.done():
            append.position.set_exception(fault)


def _conflict(reason: Reason) -> Conflict:
    if "command" in reason:
        return Conflict(f"Command {reason['command']} was recorded already. Read what it wrote.")
    return Conflict(
        f"Expected stream {reason['stream']} to stand right before version {reason['first']}, but its head "
        f"is {reason['head'] or 0}. Read the new events and decide again."
    )


def _unavailable(reason: str, doubtful: bool) -> Unavailable:
    outcome = "whether the events were written is unknown" if doubtful else "nothing was written"
    return Unavailable(
        f"Expected Postgres to take the events within {PATIENCE_SECONDS:.0f} s, but {reason.strip()}; "
        f"{outcome}. Send the same events again."
    )


def _told(fault: BaseException) -> RepriseError:
    match fault:
        case RepriseError():
            return fault
        case asyncio.CancelledError():
            return Unavailable("The log was closed while it wrote; whether the events were written is unknown.")
        case _:
            return Unavailable(f"The log could not write: {fault!r}. Report this as a bug.")
