"""The embedded NATS keeps what it acknowledged, its address over restarts, and strangers out."""

import asyncio
import os
import signal
import socket
from pathlib import Path

import nats
import pytest

from adapters.embedded.errors import FolderTaken, PortTaken
from adapters.embedded.nats import NatsServer, embedded_nats


async def test_an_acknowledged_message_survives_a_kill_9_at_the_same_address(fresh_nats: NatsServer) -> None:
    client = await nats.connect(fresh_nats.url)
    await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
    await client.jetstream().publish("kept", b"once")
    await client.close()
    os.kill(fresh_nats.pid, signal.SIGKILL)
    url = fresh_nats.url
    await fresh_nats.restart()
    assert fresh_nats.url == url
    client = await nats.connect(url)
    assert (await client.jetstream().get_msg("KEPT", 1)).data == b"once"
    await client.close()


async def test_a_client_without_the_token_is_refused(fresh_nats: NatsServer) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", fresh_nats.port)
    writer.write(b'CONNECT {"verbose":true}\r\n')
    assert (await reader.readline()).startswith(b"INFO ")
    assert await reader.readline() == b"-ERR 'Authorization Violation'\r\n"
    writer.close()
    await writer.wait_closed()


async def test_only_its_owner_can_read_the_token(fresh_nats: NatsServer) -> None:
    assert (fresh_nats.home / "nats.conf").stat().st_mode & 0o077 == 0


async def test_a_second_owner_of_the_folder_is_refused(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path):
        with pytest.raises(FolderTaken, match="choose another data folder"):
            async with embedded_nats(tmp_path):
                pass


async def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port}.*choose another port"):
            async with embedded_nats(tmp_path, port):
                pass


async def test_it_works_in_a_long_folder_with_blanks_and_quotes(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path / 'it\'s a "data" folder' / ("x" * 200)) as server:
        client = await nats.connect(server.url)
        assert (await client.jetstream().account_info()).streams == 0
        await client.close()


async def test_a_stopped_server_is_ended_all_the_same(tmp_path: Path) -> None:
    async with embedded_nats(tmp_path) as server:
        os.kill(server.pid, signal.SIGSTOP)
    assert not Path(f"/proc/{server.pid}").exists()
