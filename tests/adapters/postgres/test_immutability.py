"""The database itself refuses to change history, whoever logged in."""

from uuid import uuid4

import psycopg
import pytest
from psycopg.errors import CheckViolation, InsufficientPrivilege

from adapters.postgres.connections import connect
from adapters.postgres.store import PostgresEventStore
from tests.adapters.postgres.events import event


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_events SET state = 'x'",
        "DELETE FROM log_events",
        "TRUNCATE log_events",
        "DROP TABLE log_events",
        "ALTER TABLE log_events DISABLE TRIGGER ALL",
        "LOCK TABLE log_events IN EXCLUSIVE MODE",
        "UPDATE blobs SET bytes = 'x'",
        "DELETE FROM blobs",
        "DELETE FROM schema_migrations",
        "CREATE OR REPLACE FUNCTION next_position() RETURNS bigint LANGUAGE sql AS 'SELECT 7::bigint'",
    ],
)
async def test_the_service_cannot_rewrite_what_was_recorded(
    database: str, store: PostgresEventStore, statement: str
) -> None:
    await store.append([event(uuid4(), 1)])
    async with await connect(database) as connection:
        with pytest.raises(InsufficientPrivilege):
            await connection.execute(b"BEGIN; " + statement.encode())


@pytest.mark.parametrize("statement", ["UPDATE log_events SET state = 'forged'", "DELETE FROM blobs"])
async def test_retention_which_is_not_built_yet_may_change_nothing(
    database: str, store: PostgresEventStore, statement: str
) -> None:
    await store.append([event(uuid4(), 1)])
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("SET ROLE reprise_retention")
        with pytest.raises(InsufficientPrivilege):
            await connection.execute(statement.encode())


async def test_no_writer_can_store_an_event_that_is_too_large(database: str, store: PostgresEventStore) -> None:
    async with await connect(database) as connection:
        with pytest.raises(CheckViolation):
            await connection.execute(
                "INSERT INTO log_events (originator_id, originator_version, topic, state) VALUES (%s, 1, 'x', %s)",
                (uuid4(), b"x" * ((512 << 10) + 1)),
            )


async def test_plain_inserts_get_dense_positions_too(database: str, store: PostgresEventStore) -> None:
    await store.append([event(uuid4(), 1)])
    connection = await connect(database)
    await connection.execute(
        "INSERT INTO log_events (originator_id, originator_version, topic, state) "
        "SELECT gen_random_uuid(), 1, 'x', 'y' FROM generate_series(1, 3)"
    )
    await connection.close()
    assert await store.append([event(uuid4(), 1)]) == 5
    assert [row.id for row in await store.read_log(0, 10)] == [1, 2, 3, 4, 5]
