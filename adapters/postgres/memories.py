"""Implement the MemoryIndex port over the read model: pgvector says which memories are closest.

Vectors are compared exactly, one by one: 10,000 memories of one tenant took 93 ms on a busy machine of two cores.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from pgvector import Vector
from pgvector.psycopg.vector import register_vector_info
from psycopg.types import TypeInfo

from adapters.postgres.connections import Connection, Pool, connect_patiently, translated
from adapters.postgres.read_models.reader import READING
from adapters.postgres.read_models.schemas import seeing
from commands.ports import Confines, StoredMemory
from domain.errors import NotPossible
from projections.registry import READ_MODELS

MISSING = (
    "Expected the Postgres extension `vector` (pgvector), but {why}: memories cannot be searched without it. Install "
    "pgvector on the server, let an administrator run `CREATE EXTENSION vector` in this database, then run `reprise "
    "projections rebuild memory`."
)


class PostgresMemories:
    """Search memories by pgvector; whether it is there is asked once it is needed."""

    def __init__(self, url: str):
        self._url = seeing(url, [READ_MODELS["memory"]])
        self._type: TypeInfo | None = None
        self._pool = Pool(self._url, size=2, prepare=self._know_vectors)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()

    async def check(self) -> None:
        """Raise NotPossible where vectors cannot be searched."""
        if self._type is not None:
            return
        connection = await connect_patiently(self._url)
        try:
            found = await TypeInfo.fetch(connection, "vector")
            cursor = await connection.execute(READING["memory_column"])
            columns = await cursor.fetchall()
        except psycopg.Error as fault:
            raise translated(fault) from fault
        finally:
            await connection.close()
        if found is None:
            raise NotPossible(MISSING.format(why="this database does not have it"))
        if columns != [("vector",)]:
            raise NotPossible(MISSING.format(why="it was not there when the read model `memory` was built"))
        self._type = found

    def _know_vectors(self, connection: Connection) -> None:
        if self._type is not None:
            register_vector_info(connection, self._type)

    async def nearest(
        self, confines: Confines, space: str, vector: Sequence[float], most: int
    ) -> Sequence[StoredMemory]:
        """Return the memories closest to a vector of a space, the closest first."""
        await self.check()
        asked = {"space": space, "vector": Vector(list(vector)), "most": most}
        return await self._memories("memories_nearest", confines, asked)

    async def newest(
        self, confines: Confines, before: tuple[datetime, str] | None, most: int
    ) -> Sequence[StoredMemory]:
        """Return memories, the newest first, those behind one of a time and an id where it is named."""
        at, last = before or (None, None)
        return await self._memories("memories_newest", confines, {"at": at, "last": last, "most": most})

    async def spaces(self, tenant: str) -> Mapping[str, int]:
        """Count a tenant's vectors by the space in which they lie, and under "" the memories."""
        rows = await self._pool.fetch(READING["memory_spaces"].decode(), tenant=tenant)
        return dict(rows)

    async def unembedded(self, tenant: str, space: str, after: str, most: int) -> Sequence[tuple[str, str]]:
        """Return ids and texts of a tenant's memories behind an id that have no vector in a space."""
        asked = {"tenant": tenant, "space": space, "after": after, "most": most}
        rows = await self._pool.fetch(READING["memories_unembedded"].decode(), **asked)
        return [(memory, text) for memory, text in rows]

    async def _memories(self, statement: str, confines: Confines, asked: Mapping[str, Any]) -> list[StoredMemory]:
        confined = {**msgspec.structs.asdict(confines), "kinds": list(confines.kinds)}
        rows = await self._pool.fetch_columns(READING[statement].decode(), **confined, **asked)
        return [StoredMemory(**row) for row in rows]
