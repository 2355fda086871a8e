"""Answer named statements over the read models."""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from adapters.postgres.connections import Connection, Pool
from adapters.postgres.read_models.schemas import seeing
from adapters.postgres.read_models.statements import named
from projections.registry import READ_MODELS
from projections.rows import ReadModel

READING = named(files(__package__).joinpath("reading.sql").read_text("utf-8"))


class JsonText(Loader):
    """Read a json column as the foreign JSON text that was stored."""

    format = Format.BINARY

    def load(self, data: Buffer) -> msgspec.Raw:
        """Return the text."""
        return msgspec.Raw(bytes(data))


class PostgresReadStore:
    """Implement the read side's ReadStore over the versions of read models that this code knows."""

    def __init__(self, url: str, models: Mapping[str, ReadModel] = READ_MODELS):
        self._pool = Pool(seeing(url, models.values()), prepare=_json_as_text)

    async def fetch(self, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        """Return a statement's rows, each as its columns by name."""
        return await self._pool.fetch_columns(READING[statement].decode(), **values)

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.close()


def _json_as_text(connection: Connection) -> None:
    connection.adapters.register_loader("json", JsonText)
