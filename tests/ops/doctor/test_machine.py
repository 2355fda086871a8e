"""What is wrong with this machine is found: packages, folder, disk, port, and what a killed `up` left behind."""

import os
import socket
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from adapters.embedded.folder import hold
from ops import running
from ops.bootstrap import doctor as bootstrap
from ops.settings import Settings
from tests.adapters.nats.logs import append
from tests.ops.doctor.conftest import Examine
from tests.ops.doctor.installation import Installation, only
from tests.ports import free_port


async def test_alone_nothing_is_meant_to_run_and_so_nothing_lags(look: Examine, ill: Installation) -> None:
    await append(ill.store, 2)
    found = await look(ill.changed(nats_url="", port=0))
    assert found.healthy and "embedded servers" in found.notes[0]
    skipped = {each.code: each.because for each in found.skipped}
    assert "no `reprise up` runs" in skipped["relay"] and "no `reprise up` runs" in skipped["workers"]


async def test_packages_that_are_not_the_locked_ones(look_alone: Examine, tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(
        "click==0.1 \\\n    --hash=x\nnothing==1 ; sys_platform == 'win32' \\\n"
    )
    finding = only(await look_alone(root=tmp_path), "packages-differ")
    assert "click is " in finding.found and "instead of 0.1" in finding.found and "nothing" not in finding.found


async def test_a_data_folder_that_cannot_be_made(look_alone: Examine) -> None:
    found = await look_alone(data="/proc/nowhere")
    only(found, "data-folder-unusable")
    assert "first see to data-folder-unusable" in {each.because for each in found.skipped}


async def test_a_data_folder_that_is_a_file(look_alone: Examine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "Not a directory" in only(await look_alone(data=str(tmp_path / "file")), "data-folder-unusable").found


async def test_a_disk_that_is_nearly_full(look_alone: Examine) -> None:
    def statvfs(_: Path) -> object:
        return SimpleNamespace(f_bavail=10, f_frsize=4096)

    only(await look_alone(statvfs=statvfs), "disk-nearly-full")


async def test_a_port_that_is_taken(look_alone: Examine) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert str(port) in only(await look_alone(port=port), "port-taken").found
    assert (await look_alone(port=port)).healthy


async def test_what_a_killed_up_left_behind(look_alone: Examine, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    mark = msgspec.structs.replace(running.mark("http://127.0.0.1:1", "", ""), pid=os.getppid(), started=1)
    (data / running.FILE).write_bytes(msgspec.json.encode(mark))
    assert "no data is lost" in only(await look_alone(), "up-was-killed").why


async def test_embedded_servers_that_do_not_start(look: Examine, tmp_path: Path) -> None:
    (tmp_path / "postgres" / "cluster").mkdir(parents=True, mode=0o700)
    found = await look(Settings(data=str(tmp_path), port=0))
    assert "postgres ended" in only(found, "servers-do-not-start").found


async def test_a_data_folder_in_which_another_process_works(
    look: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "TAKEN_SECONDS", 0.1)
    (tmp_path / "postgres" / "cluster").mkdir(parents=True, mode=0o700)
    with hold(tmp_path / "postgres"):
        found = await look(Settings(data=str(tmp_path), port=0))
    assert f"in use by process {os.getpid()}" in only(found, "servers-do-not-start").found


async def test_an_up_that_is_just_starting_is_waited_for(
    look: Examine, well: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "postgres" / "cluster").mkdir(parents=True, mode=0o700)
    up = running.mark("http://127.0.0.1:1", well.settings.postgres_url, well.settings.nats_url)
    asked = count()
    monkeypatch.setattr(running, "find", lambda _: up if next(asked) > 10 else None)
    with hold(tmp_path / "postgres"):
        found = await look(Settings(data=str(tmp_path), port=0))
    assert f"(process {up.pid}) runs" in only(found, "api-silent").found
