"""The embedded Postgres starts anywhere, survives every death, and belongs to one owner."""

import asyncio
import os
import shutil
import signal
import stat
from pathlib import Path

import psycopg
import pytest

from adapters.embedded.errors import FolderTaken, ServerFailed
from adapters.embedded.postgres import PostgresServer, embedded_postgres

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused by Postgres")


async def ask(url: str, question: str) -> object:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(question.encode())
        row = await cursor.fetchone() if cursor.description else None
        return row[0] if row else None


async def test_it_is_durable_utf8_and_brings_pgvector(postgres: PostgresServer) -> None:
    await ask(postgres.url, "create extension vector")
    assert await ask(postgres.url, "select ('[1,2]'::vector <-> '[1,3]')::text") == "1"
    assert await ask(postgres.url, "select current_setting('server_encoding')") == "UTF8"
    assert await ask(postgres.url, "select current_setting('fsync')") == "on"
    assert await ask(postgres.url, "select string_agg(x, '' order by x) from unnest('{b,Ä,a,B}'::text[]) x") == "BabÄ"


async def test_what_was_committed_survives_a_kill_9_again_and_again(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path) as server:
        await ask(server.url, "create table kept (n int)")
        for n in range(5):
            await ask(server.url, f"insert into kept values ({n})")
            os.kill(server.pid, signal.SIGKILL)
            await server.restart()
        assert await ask(server.url, "select count(*) from kept") == 5


async def test_a_stopped_server_is_ended_all_the_same(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path) as server:
        os.kill(server.pid, signal.SIGSTOP)
    assert not Path(f"/proc/{server.pid}").exists()


async def test_a_second_owner_of_the_folder_is_refused_by_name(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path) as server:
        with pytest.raises(FolderTaken, match=rf"in use by process {os.getpid()}: end it or choose another"):
            async with embedded_postgres(tmp_path):
                pass
        assert await ask(server.url, "select 1") == 1


async def test_pid_files_that_name_a_living_stranger_do_not_keep_it_down(servers_folder: Path) -> None:
    data = servers_folder / "stranger"  # short, so that its socket stands in it
    async with embedded_postgres(data) as server:
        files = [server.home / "postmaster.pid", server.sockets / ".s.PGSQL.5432.lock"]
        texts = [file.read_text().replace(str(server.pid), str(os.getpid()), 1) for file in files]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    async with embedded_postgres(data) as server:
        assert await ask(server.url, "select 1") == 1


async def test_it_works_in_a_long_folder_with_blanks_quotes_and_commas(tmp_path: Path, servers_folder: Path) -> None:
    data = tmp_path / 'it\'s a "data" folder, with blanks' / ("x" * 200)
    async with embedded_postgres(data) as server:
        assert await ask(server.url, "select 1") == 1
        assert server.sockets != data
    assert not server.sockets.exists()
    async with embedded_postgres(tmp_path / "short, blank") as server:
        assert await ask(server.url, "select 1") == 1
    async with embedded_postgres(servers_folder / "with blank") as server:
        assert server.sockets == server.log.parent
        assert await ask(server.url, "select 1") == 1


async def test_a_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "cluster.new").mkdir()
    (tmp_path / "cluster.new" / "PG_VERSION").write_text("18\n")
    async with embedded_postgres(tmp_path) as server:
        assert await ask(server.url, "select 1") == 1


async def test_a_broken_cluster_is_reported_with_the_servers_own_words(tmp_path: Path) -> None:
    async with embedded_postgres(tmp_path):
        pass
    (tmp_path / "cluster" / "PG_VERSION").write_text("17\n")
    with pytest.raises(ServerFailed, match=r"database files are incompatible.*postgres\.log"):
        async with embedded_postgres(tmp_path):
            pass


async def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ServerFailed, match="cannot be used as a data folder"):
        async with embedded_postgres(tmp_path / "file"):
            pass


@as_root
async def test_root_may_keep_data_in_a_private_folder_whose_mode_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    async with embedded_postgres(home / "data") as server:
        assert await ask(server.url, "select 1") == 1
        assert server.home.stat().st_uid == 0
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "data").stat().st_mode) == 0o700


@as_root
async def test_root_runs_a_cluster_of_nobodys_without_a_user_namespace(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    async with embedded_postgres(home / "data") as server:
        pass
    for path in [server.home, *server.home.rglob("*")]:
        shutil.chown(path, "nobody", "nogroup")
    async with embedded_postgres(home / "data") as server:
        assert await ask(server.url, "select 1") == 1
        assert Path(f"/proc/{server.pid}").stat().st_uid == server.home.stat().st_uid != 0


async def test_it_starts_in_a_fraction_of_the_time_once_initialised(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    took = []
    for _ in range(4):
        began = loop.time()
        async with embedded_postgres(tmp_path):
            took.append(loop.time() - began)
    assert min(took[1:]) < took[0] / 2, took
