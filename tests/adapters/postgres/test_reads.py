"""The log is read by stream, by position, by command; blobs by digest."""

import asyncio
import hashlib
from uuid import UUID, uuid4

import psycopg
import pytest

from adapters.postgres.store import PostgresEventStore
from commands.ports import RecordedCommand
from domain.errors import Divergence, NotFound
from tests.adapters.postgres.events import command, event, run


async def test_the_log_is_read_in_pages(store: PostgresEventStore) -> None:
    await store.append(run(uuid4(), 1, 10))
    assert [row.id for row in await store.read_log(after=4, limit=3)] == [5, 6, 7]
    assert await store.read_log(after=10, limit=3) == []


async def test_the_catalogue_leaves_sessions_and_other_tenants_out(store: PostgresEventStore) -> None:
    stream = uuid4()
    await store.append([event(uuid4(), 1), event(stream, 1, topic="agent.defined.v1"), event(uuid4(), 1)])
    await store.append([command(uuid4(), 1, "c", tenant="other"), event(stream, 2, topic="agent.defined.v1")])
    assert [row.id for row in await store.read_catalog("local", 0)] == [2, 5]
    known, added = await store.read_catalog("local", 2)
    assert (known.id, known.state, added.id, added.state) == (2, b"", 5, event(stream, 2).state)
    assert await store.read_catalog("other", 0) == []


async def test_the_catalogue_leaves_out_what_accounts_hand_to_sessions(store: PostgresEventStore) -> None:
    account = uuid4()
    await store.append([event(account, 1, topic="account.limited.v1"), event(account, 2, topic="allotment.given.v1")])
    await store.append([event(account, 3, topic="account.limited.v1")])
    assert [row.id for row in await store.read_catalog("local", 0)] == [1, 3]


async def test_the_catalogue_is_read_through_its_own_index(database: str, store: PostgresEventStore) -> None:
    await store.append(run(uuid4(), 1, 2_000))
    async with await psycopg.AsyncConnection.connect(database) as connection:
        await connection.execute("ANALYZE log_events")
        plan = await connection.execute(
            "EXPLAIN SELECT state FROM log_events WHERE tenant = 'local' AND notification_id >= 0 "
            "AND topic NOT LIKE 'session.%' AND topic NOT LIKE 'allotment.%' AND topic NOT LIKE 'memory.%' "
            "ORDER BY notification_id"
        )
        assert "log_events_registered" in "".join(line for (line,) in await plan.fetchall())


async def test_a_command_is_found_with_the_position_of_its_last_event(store: PostgresEventStore) -> None:
    stream = uuid4()
    await store.append([event(uuid4(), 1)])
    await store.append([event(uuid4(), 1), command(stream, 1, "c"), *run(stream, 2, 3)])
    found = RecordedCommand(stream=stream, version=1, position=6, request_digest="digest of c")
    assert await store.find_command("local", "c") == found
    assert await store.find_command("other", "c") is None


async def test_a_log_has_an_id_that_can_be_renewed(store: PostgresEventStore) -> None:
    first = await store.log_id()
    renewed = await store.renew_log_id()
    assert UUID(first) != UUID(renewed)
    assert await store.log_id() == renewed


async def test_blobs_are_kept_once_under_their_digest(store: PostgresEventStore) -> None:
    blobs = [bytes([number]) * 100_000 for number in range(5)]
    await asyncio.gather(*[store.put_blobs("local", order) for order in (blobs, blobs[::-1], blobs * 2)])
    for blob in blobs:
        assert await store.get_blob("local", hashlib.sha256(blob).hexdigest()) == blob


async def test_a_blob_is_hidden_from_other_tenants(store: PostgresEventStore) -> None:
    await store.put_blobs("local", [b"mine"])
    with pytest.raises(NotFound, match="tenant other"):
        await store.get_blob("other", hashlib.sha256(b"mine").hexdigest())


async def test_a_blob_that_was_altered_is_not_handed_out(database: str, store: PostgresEventStore) -> None:
    digest = hashlib.sha256(b"true").hexdigest()
    await store.put_blobs("local", [b"true"])
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as owner:
        await owner.execute("ALTER TABLE blobs DROP CONSTRAINT blobs_check")
        await owner.execute("UPDATE blobs SET bytes = 'false'")
    with pytest.raises(Divergence, match=digest):
        await store.get_blob("local", digest)


async def test_followers_hear_of_commits_of_their_own_and_other_processes(
    database: str, store: PostgresEventStore
) -> None:
    other = await PostgresEventStore.open(database)
    assert not await store.wait_for_commit(0, 0.05)
    for position, writer in enumerate([store, other, store], 1):
        waiting = asyncio.create_task(store.wait_for_commit(position - 1, 60))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        await writer.append([event(uuid4(), 1)])
        assert await waiting
    await other.close()


async def test_a_follower_that_comes_late_hears_at_once(database: str, store: PostgresEventStore) -> None:
    await store.append([event(uuid4(), 1)])
    late = await PostgresEventStore.open(database)
    assert await late.wait_for_commit(0, 60)
    await late.close()


async def test_a_follower_hears_of_writers_that_are_not_ours(database: str, store: PostgresEventStore) -> None:
    waiting = asyncio.create_task(store.wait_for_commit(0, 60))
    await asyncio.sleep(0.1)
    async with await psycopg.AsyncConnection.connect(database) as plain:
        await plain.execute(
            "INSERT INTO log_events (originator_id, originator_version, topic, state) "
            "VALUES (gen_random_uuid(), 1, 'x', ''); NOTIFY log_events"
        )
    assert await waiting


async def test_a_follower_hears_again_after_its_connection_was_cut(database: str, store: PostgresEventStore) -> None:
    assert not await store.wait_for_commit(0, 0.05)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as owner:
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT coalesce%'"
        )
    other = await PostgresEventStore.open(database)
    await other.append([event(uuid4(), 1)])
    assert await store.wait_for_commit(0, 60)
    await other.close()
