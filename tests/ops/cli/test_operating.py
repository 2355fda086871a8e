"""Replay, rebuild, migrate, issue tokens, look at settings."""

import json
import sys
from pathlib import Path

import click
import pytest

from ops.cli.main import VERBS, program
from tests.end_to_end.program import ran
from tests.ops.cli.conftest import Say


def test_a_session_is_replayed_without_a_divergence(up: Say, waiting: str) -> None:
    assert "divergences    none" in up("replay", waiting, "--execute").output
    found = up("replay", waiting, "--execute", "--json").json
    assert found["divergences"] == [] and found["decided"] == found["facts"]
    assert found["state_digest"] == found["replay_digest"]


def test_all_sessions_are_replayed(up: Say, waiting: str) -> None:
    found = up("replay", "--all", "--execute", "--json").json
    assert found["sessions"] >= 1 and found["divergences"] == []


def test_the_state_at_a_version_is_shown(up: Say, waiting: str) -> None:
    assert up("replay", waiting, "--at", "5", "--json").json["version"] == 5
    told = up("replay", waiting, "--at", "5000")
    last = up("replay", waiting, "--json").json["events"]
    assert told.code == 1 and f"up to {last}, the last one recorded" in told.errors


def test_a_schema_that_is_up_to_date_has_nothing_to_apply(up: Say) -> None:
    assert up("migrate").output == "nothing to apply\n"
    assert up("migrate", "--json").json == {"applied": []}


def test_settings_are_shown_with_their_source_and_without_secrets(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRISE_POSTGRES_URL", "postgresql://ada:hunter2@db/reprise?sslpassword=hunter3")
    monkeypatch.setenv("REPRISE_NATS_URL", "nats://hunter4@bus:4222")
    monkeypatch.setenv("REPRISE_MODEL_KEY", "env:KEY")
    monkeypatch.setenv("KEY", "hunter5")
    for words in (("config", "show"), ("config", "show", "--json")):
        told = say(*words).output
        assert "hunter" not in told and "…@db/reprise" in told and "environment" in told


def test_a_token_is_issued_and_asked_for_where_it_is_required(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    said = say("token", "issue", "--user", "ada", "--roles", "viewer")
    assert len(said.output.split(".")) == 3 and len(said.output.splitlines()) == 1
    assert "REPRISE_TOKENS__REQUIRED=true" in said.errors
    monkeypatch.setenv("REPRISE_TOKENS__REQUIRED", "true")
    assert len(say("token", "issue", "--user", "ada", "--json").json["token"].split(".")) == 3


def test_every_verb_says_the_same_in_the_list_and_by_itself_and_takes_json() -> None:
    def leaves(command: click.Command) -> list[click.Command]:
        if not isinstance(command, click.Group):
            return [command]
        return [leaf for each in command.commands.values() for leaf in leaves(each)]

    with click.Context(program) as context:
        for name in VERBS:
            command = program.get_command(context, name)
            assert command is not None and command.help, name
            for leaf in leaves(command):
                assert leaf.help, f"{name} {leaf.name} says nothing of itself"
                assert "--json" in [option for each in leaf.params for option in each.opts], f"{name} {leaf.name}"


def test_help_comes_without_importing_what_verbs_need(tmp_path: Path) -> None:
    told, loaded = _loaded_by("['--help']", tmp_path)
    assert "orchestrate" in told
    assert not {"asyncio", "psycopg", "litestar", "nats", "httpx"} & loaded


def test_a_verb_that_sends_nothing_loads_nothing_that_sends(tmp_path: Path) -> None:
    told, loaded = _loaded_by("['approvals', 'list']", tmp_path)
    assert "Nothing waits" in told and "psycopg" in loaded
    assert not {"httpx", "yaml", "jsonschema", "litestar", "strawberry"} & loaded


def _loaded_by(words: str, folder: Path) -> tuple[str, set[str]]:
    """Run a verb in a process of its own; return what it said, and which modules it loaded."""
    code = (
        f"import sys; from ops.cli.main import run; run({words}); "
        "import json; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = ran([sys.executable, "-c", code], folder)
    return done.stdout, set(json.loads(done.stderr))
