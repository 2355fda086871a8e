"""Keep the log and its blobs in Postgres: the write side's EventStore."""

from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID

from adapters.postgres.appender import Appender
from adapters.postgres.commits import Commits
from adapters.postgres.connections import Pool
from adapters.postgres.migrations import check_schema
from adapters.postgres.rates import PostgresRates
from adapters.postgres.session_keys import PostgresSessionKeys
from adapters.postgres.statements import SQL
from commands.ports import LogEvent, LogNotification, RecordedCommand, SessionRow
from domain.encoding import digest_bytes
from domain.errors import Divergence, NotFound, TooLarge

MAX_BLOB_BYTES = 64 << 20


class PostgresEventStore:
    """Append to the log and read it; raises Conflict, TooLarge, Unavailable."""

    def __init__(self, url: str):
        self._commits = Commits(url)
        self._appender = Appender(url, self._commits.advance)
        self._pool = Pool(url)
        self.rates = PostgresRates(self._pool)
        self.session_keys = PostgresSessionKeys(self._pool)

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to a migrated database; raise Refused for another schema than ours, Unavailable."""
        await check_schema(url)
        store = cls(url)
        store._appender.start()
        return store

    async def close(self) -> None:
        """Close all connections; appends that are still queued are Unavailable."""
        await self._appender.close()
        await self._commits.close()
        await self._pool.close()

    async def append(self, events: Sequence[LogEvent]) -> int:
        """Append events of one or more streams, all or nothing, and return the position of the last one."""
        if not events:
            return await self.head()
        return await self._appender.append(events)

    async def wait_for_commit(self, after: int, timeout: float) -> bool:
        """Wait until the log may reach beyond a position, at most ``timeout`` seconds; false is no proof."""
        return await self._commits.wait(after, timeout)

    async def read_stream(self, stream: UUID, after: int = 0) -> list[LogNotification]:
        """Read a stream's events behind version ``after``, in order."""
        return _notifications(await self._pool.fetch(SQL["read_stream"], stream=stream, after=after))

    async def stream_version(self, stream: UUID) -> int:
        """Return the version of a stream's last event, 0 where it does not exist."""
        return int((await self._pool.fetch(SQL["stream_version"], stream=stream))[0][0])

    async def read_log(self, after: int, limit: int) -> list[LogNotification]:
        """Read at most ``limit`` events behind position ``after``, in order."""
        return _notifications(await self._pool.fetch(SQL["read_log"], after=after, limit=limit))

    async def read_sessions(self, tenant: str, after: int, until: int) -> list[SessionRow]:
        """Read the events of a tenant's sessions behind a position, up to another, in order."""
        rows = await self._pool.fetch(SQL["read_sessions"], tenant=tenant, after=after, until=until)
        return [SessionRow(*row) for row in rows]

    async def sessions(self) -> list[UUID]:
        """Return every session of the log, in the order in which they began."""
        return [session for (session,) in await self._pool.fetch(SQL["sessions"])]

    async def read_catalog(self, tenant: str, since: int) -> list[LogNotification]:
        """Read a tenant's events from a position on whose topic is not a session's, in order; the first stateless."""
        return _notifications(await self._pool.fetch(SQL["read_catalog"], tenant=tenant, since=since))

    async def find_command(self, tenant: str, command_id: str) -> RecordedCommand | None:
        """Find what an earlier append under this command id wrote."""
        rows = await self._pool.fetch(SQL["find_command"], tenant=tenant, command_id=command_id)
        for stream, version, position, request_digest in rows:
            return RecordedCommand(stream=stream, version=version, position=position, request_digest=request_digest)
        return None

    async def head(self) -> int:
        """Return the position of the last event, 0 for an empty log."""
        return int(await self._value("head"))

    async def log_id(self) -> str:
        """Return the log's random id."""
        return str(await self._value("log_id"))

    async def renew_log_id(self) -> str:
        """Give the log another random id, because its history was replaced, and return it."""
        return str(await self._value("renew_log_id"))

    async def put_blobs(self, tenant: str, blobs: Sequence[bytes]) -> None:
        """Store bytes durably under their SHA-256; storing them again does nothing; raise TooLarge."""
        for blob in blobs:
            if len(blob) > MAX_BLOB_BYTES:
                raise TooLarge(f"A blob may have {MAX_BLOB_BYTES} bytes, but one of {len(blob)} came.")
        if blobs:
            await self._pool.fetch(SQL["put_blobs"], tenant=tenant, blobs=list(blobs))

    async def missing_blobs(self, tenant: str, digests: Sequence[str]) -> set[str]:
        """Return those digests under which nothing is stored."""
        return {
            digest for (digest,) in await self._pool.fetch(SQL["missing_blobs"], tenant=tenant, digests=list(digests))
        }

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        """Return the bytes with this SHA-256; raise NotFound, or Divergence where it is not theirs."""
        rows = await self._pool.fetch(SQL["get_blob"], tenant=tenant, digest=digest)
        for (blob,) in rows:
            if digest_bytes(blob) != digest:
                raise Divergence(f"Blob {digest} holds bytes with digest {digest_bytes(blob)}: restore it.")
            return bytes(blob)
        raise NotFound(f"No blob with digest {digest} is stored for tenant {tenant}.")

    async def _value(self, statement: str) -> Any:
        return (await self._pool.fetch(SQL[statement]))[0][0]


def _notifications(rows: list[tuple[Any, ...]]) -> list[LogNotification]:
    return [LogNotification(*row) for row in rows]
