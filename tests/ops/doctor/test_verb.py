"""`reprise doctor` says it to people and to programs, and its exit code to scripts."""

import json
from pathlib import Path

import pytest

from ops.doctor.checks import CHECKS
from tests.end_to_end.program import reprise
from tests.ops.cli.conftest import Say, say
from tests.ops.doctor.installation import mark_of

__all__ = ["say"]


def test_a_healthy_up_is_exit_code_0_with_everything_that_was_looked_at(served: Path, tmp_path: Path) -> None:
    done = reprise("doctor", folder=tmp_path, more={"REPRISE_DATA": str(served)})
    assert done.returncode == 0, done.stdout
    assert (
        "✓ packages" in done.stdout
        and "✓ relay" in done.stdout
        and "– token-keys" in done.stdout
        and "\x1b" not in done.stdout
    )
    assert done.stdout.splitlines()[-1].startswith("Everything is well")
    assert mark_of(served)["pid"]


def test_where_nothing_was_ever_kept_nothing_is_left_behind(tmp_path: Path) -> None:
    done = reprise("doctor", "--json", folder=tmp_path, more={"REPRISE_PORT": "0"})
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["healthy"] and "postgres" in found["checked"]
    assert sorted([*found["checked"], *(each["code"] for each in found["skipped"])]) == sorted(
        check.name for check in CHECKS
    )
    assert list(tmp_path.iterdir()) == []


def test_a_fault_is_exit_code_1_with_what_to_do(tmp_path: Path) -> None:
    done = reprise("doctor", folder=tmp_path, more={"REPRISE_LOG_LEVEL": "LOUD"})
    assert done.returncode == 1 and done.stderr == ""
    assert "✗ settings-invalid" in done.stdout and "  do     Correct or unset" in done.stdout


def test_with_json_a_fault_is_one_object(tmp_path: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_LOG_LEVEL", "LOUD")
    said = say("doctor", "--json")
    assert said.code == 1 and not said.json["healthy"]
    assert list(said.json["findings"][0]) == ["code", "fix", "found", "why"]
