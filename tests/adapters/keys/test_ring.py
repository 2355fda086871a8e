"""Keys of sessions are made once, kept wrapped, and open nothing but what was sealed for their session and token."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg.errors import InsufficientPrivilege

from adapters.keys.master import Master, master_file
from adapters.keys.ring import SessionKeyRing
from adapters.keys.seals import SessionSeal
from adapters.postgres.connections import connect
from adapters.postgres.store import PostgresEventStore
from adapters.secrets.places import from_file
from domain.errors import Invalid, NotPossible

SECRET = "a master key of more than thirty-two characters"


def ring(store: PostgresEventStore, secret: str = SECRET) -> SessionKeyRing:
    return SessionKeyRing(Master(secret), store.session_keys)


async def sealed(keys: SessionKeyRing, session: str) -> SessionSeal:
    seal = await keys.seal("local", session, make=True)
    assert seal is not None
    return seal


async def test_a_value_opens_only_for_its_own_token_and_session(store: PostgresEventStore) -> None:
    one, other = await sealed(ring(store), str(uuid4())), await sealed(ring(store), str(uuid4()))
    kept = one.close("[email:1]", '"ada@example.org"')
    assert one.open("[email:1]", kept) == '"ada@example.org"' and "ada" not in kept
    for seal, token, text in (
        (one, "[email:2]", kept),
        (other, "[email:1]", kept),
        (one, "[email:1]", kept[:-4] + "AAA="),
    ):
        with pytest.raises(NotPossible, match="but it is not"):
            seal.open(token, text)
    assert one.close("[email:1]", "x") != one.close("[email:1]", "x")


async def test_processes_that_begin_at_once_get_the_same_key(store: PostgresEventStore) -> None:
    session = str(uuid4())
    seals = await asyncio.gather(*(sealed(ring(store), session) for _ in range(8)))
    kept = seals[0].close("[card:1]", "1")
    assert {seal.open("[card:1]", kept) for seal in seals} == {"1"}
    assert len({seal.digest_key for seal in seals}) == 1


async def test_a_key_under_another_master_key_is_named(store: PostgresEventStore) -> None:
    session = str(uuid4())
    await sealed(ring(store), session)
    with pytest.raises(NotPossible, match=rf"under the master key \w+, but it is under {Master(SECRET).name}"):
        await ring(store, SECRET + "!").seal("local", session)


async def test_a_session_without_a_key_has_none(store: PostgresEventStore) -> None:
    assert await ring(store).seal("local", str(uuid4())) is None


async def test_the_service_can_neither_change_nor_delete_a_key(database: str) -> None:
    async with await connect(database) as service:
        for statement in ("update session_keys set wrapped = ''", "delete from session_keys"):
            with pytest.raises(InsufficientPrivilege):
                await service.execute(statement)


def test_a_master_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "data" / "master.key"
    master_file(file)
    made = from_file(file)
    master_file(file)
    assert from_file(file) == made and len(made) >= 32
    assert file.stat().st_mode & 0o777 == 0o600 and [each.name for each in file.parent.iterdir()] == ["master.key"]


def test_a_short_master_key_is_refused_and_not_repeated() -> None:
    with pytest.raises(Invalid, match="at least 32 characters, but it has 6") as told:
        Master("secret")
    assert "'secret'" not in str(told.value)
