"""What is published is committed, and a change that breaks what was written is refused."""

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from api.schemas.breaking import Break
from domain.upcasting import UPCASTS
from ops.setup import schemas
from ops.setup.schemas import FOLDER, changes, committed, generated, main

PAUSED = "events/session.paused.v1.json"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hold committed schemas that tests may change."""
    monkeypatch.setattr(schemas, "FOLDER", tmp_path)
    assert main([]) == 0
    return tmp_path


def with_another_field(text: str, *, required: bool) -> str:
    """Return a schema as it would have been committed with one more field of the data."""
    schema = json.loads(text)
    (data,) = (each for each in schema["$defs"].values() if "type" in each["properties"])
    data["properties"]["mood"] = {"type": "string"}
    data["required"] += ["mood"] if required else []
    return json.dumps(schema)


def test_what_is_committed_is_what_the_code_says() -> None:
    found = [str(each) for each in changes(committed(FOLDER), generated())]
    assert found == [], "run `make schemas`"


def test_writing_twice_changes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check"]) == 0 and main([]) == 0
    assert committed(folder) == generated()
    assert capsys.readouterr().out.splitlines()[-1] == "0 files were written."


def test_a_compatible_change_asks_to_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / PAUSED
    path.write_text(path.read_text().replace("Somebody halted the session", "It stopped"))
    assert main(["--check"]) == 1
    assert f"{PAUSED}: changed, and compatible\n" in (told := capsys.readouterr().out) and "make schemas" in told
    assert main([]) == 0 and main(["--check"]) == 0


def test_a_new_type_asks_to_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / PAUSED).unlink()
    assert main(["--check"]) == 1
    assert f"{PAUSED}: new\n" in capsys.readouterr().out
    assert main([]) == 0 and main(["--check"]) == 0


@pytest.mark.parametrize("required", [True, False])
def test_a_field_that_was_removed_from_an_event_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], required: bool
) -> None:
    path = folder / PAUSED
    path.write_text(before := with_another_field(path.read_text(), required=required))
    for arguments in (["--check"], []):
        assert main(arguments) == 1
        told = capsys.readouterr().out
        assert f"{PAUSED}: BREAKING at /data/mood: the field is removed\n" in told
        assert "upcast the old one in domain/upcasting.py" in told
    assert path.read_text() == before


def test_an_answer_may_say_more_but_not_less(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "payloads" / "task.json"
    schema = json.loads(path.read_text())
    del schema["properties"]["goal"]
    path.write_text(json.dumps({**schema, "required": [each for each in schema["required"] if each != "goal"]}))
    assert main([]) == 0 and "payloads/task.json: changed, and compatible\n" in capsys.readouterr().out
    schema["properties"]["mood"] = {"type": "string"}
    path.write_text(json.dumps(schema))
    assert main(["--check"]) == main([]) == 1
    assert "payloads/task.json: BREAKING at /mood: the field is removed\n" in capsys.readouterr().out


@pytest.mark.parametrize("name", [PAUSED, "schema.graphql"])
def test_what_a_merge_left_is_named(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    path = folder / name
    path.write_text("<<<<<<< ours\n" + path.read_text())
    assert main(["--check"]) == main([]) == 1
    assert f"{name}: BREAKING what is committed cannot be read (" in capsys.readouterr().out


def test_a_payload_that_was_removed_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "payloads" / "wish.json").write_text("{}")
    assert main(["--check"]) == main([]) == 1
    assert "payloads/wish.json: BREAKING the type is removed\n  Callers rely on it" in capsys.readouterr().out


def test_a_graphql_field_that_was_removed_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "schema.graphql"
    path.write_text(path.read_text().replace("type Session {", "type Session {\n  mood: String", 1))
    assert main(["--check"]) == main([]) == 1
    assert "schema.graphql: BREAKING " in (told := capsys.readouterr().out) and "Session.mood" in told


def test_an_old_version_of_an_event_keeps_its_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPCASTS, "session.paused.v0", dict)
    kept, gone = {"events/session.paused.v0.json": "{}"}, {PAUSED: "{}"}
    assert list(changes(kept, {})) == []
    assert [each.breaks for each in changes(gone, gone)] == [
        (Break("", "such events are still read, but their schema is gone"),)
    ]


def test_the_wheel_holds_what_is_served(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=FOLDER.parents[1], check=True, capture_output=True)
    (wheel,) = tmp_path.iterdir()
    with ZipFile(wheel) as held:
        assert {f"api/schemas/{path}" for path in committed(FOLDER)} | {"api/docs/docs.css"} <= {*held.namelist()}
