"""Bring the schema up to date, and refuse to work on one that this code does not know.

Files are ``NNNN_name.pre.sql`` (run before the new code is deployed; old code must still work on the result)
and ``NNNN_name.post.sql`` (run afterwards: what only old code needed goes away). Each runs once, in a
transaction, and is recorded with its checksum.
"""

import hashlib
from importlib.resources import files
from typing import Literal

import msgspec
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg.errors import InsufficientPrivilege

from adapters.postgres.connections import Connection, connect, open_patiently
from adapters.postgres.read_models.schemas import make_missing
from domain.errors import Refused
from projections.registry import READ_MODELS

Phase = Literal["pre", "post"]

_LOCK = "SELECT pg_advisory_lock(1380995667, 2)"
_UNLOCK = "SELECT pg_advisory_unlock(1380995667, 2)"
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one migration; ``name`` is the file's, without ``.sql``."""

    name: str
    phase: Phase
    sql: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the file's text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return the migrations that this code knows, in their order: by number, pre before post."""
    found = [
        Migration(
            name=file.name.removesuffix(".sql"),
            phase="post" if file.name.endswith(".post.sql") else "pre",
            sql=file.read_text("utf-8"),
        )
        for file in files(__package__).joinpath("migrations").iterdir()
        if file.name.endswith(".sql")
    ]
    return sorted(found, key=lambda migration: (migration.name[:4], migration.phase == "post"))


async def migrate(url: str, phase: Phase | None = None) -> list[str]:
    """Apply what is missing, of one phase or of both, and return the names; safe when several do it at once.

    Unless it is the post phase, the tables of this code's read models are made too.
    Raises Refused where the schema is newer than this code or an applied migration has changed, Unavailable.
    """
    connection = await _connect(url)
    try:
        await connection.execute(_LOCK)
        await connection.execute(_TABLE.encode())
        missing = _missing(await _applied(connection))
        chosen = [migration for migration in missing if phase in (None, migration.phase)]
        for migration in chosen:
            await _apply(connection, migration)
        await connection.execute(_UNLOCK)
    finally:
        await connection.close()
    if phase != "post":
        await make_missing(url, READ_MODELS.values())
    return [migration.name for migration in chosen]


async def check_schema(url: str) -> None:
    """Refuse a schema that is newer than this code, that was changed, or that lacks a pre migration."""
    applied = await open_patiently(lambda: _seen_by_the_service(url))
    missing = [migration.name for migration in _missing(applied) if migration.phase == "pre"]
    if missing:
        raise Refused(f"The database lacks {len(missing)} migrations, {missing[0]} first. Run `reprise migrate`.")


async def _connect(url: str) -> Connection:
    conninfo = make_conninfo(url, connect_timeout=5)
    return await open_patiently(lambda: AsyncConnection.connect(conninfo, autocommit=True))


async def _seen_by_the_service(url: str) -> dict[str, str]:
    async with await connect(url) as connection:
        cursor = await connection.execute("SELECT to_regclass('schema_migrations') IS NOT NULL")
        return await _applied(connection) if await cursor.fetchone() == (True,) else {}


async def _applied(connection: Connection) -> dict[str, str]:
    cursor = await connection.execute("SELECT name, checksum FROM schema_migrations")
    return {name: checksum for name, checksum in await cursor.fetchall()}


async def _apply(connection: Connection, migration: Migration) -> None:
    record = "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)"
    try:
        async with connection.transaction():
            await connection.execute(migration.sql.encode())
            await connection.execute(record, (migration.name, migration.checksum))
    except InsufficientPrivilege as fault:
        raise Refused(
            f"Migration {migration.name} needs more rights than this login has: {fault.diag.message_primary}. "
            "Let an administrator of Postgres `GRANT reprise_service, reprise_retention TO` it, or migrate as one."
        ) from fault


def _missing(applied: dict[str, str]) -> list[Migration]:
    known = {migration.name: migration for migration in migrations()}
    if newer := sorted(applied.keys() - known.keys()):
        raise Refused(
            f"The database has migration {newer[-1]}, which this version of Reprise does not know. "
            "Install the version that wrote it, or a newer one."
        )
    for name, checksum in applied.items():
        if known[name].checksum != checksum:
            raise Refused(
                f"Migration {name} was applied with another text than this version carries. "
                "Install the version that wrote it; an applied migration is never edited."
            )
    return [migration for name, migration in known.items() if name not in applied]
