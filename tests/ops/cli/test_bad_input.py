"""Whatever is typed wrongly is answered in one line that says what to do; wrong usage is exit code 2."""

import json
from pathlib import Path

import pytest

from tests.ops.cli.conftest import GOAL, Say

NOBODY = "00000000-0000-0000-0000-000000000001"
REFUSED = [
    (f"sessions show {NOBODY}", "there is none with the id"),
    (f"sessions watch {NOBODY}", "there is none with the id"),
    (f"sessions cancel {NOBODY}", "nothing is recorded under this id"),
    (f"sessions pause {NOBODY}", "nothing is recorded under this id"),
    (f"sessions resume {NOBODY}", "nothing is recorded under this id"),
    ("sessions show 12", "`reprise sessions list` shows them"),
    ("sessions cancel 12", "`reprise sessions list` shows them"),
    ("replay 12", "`reprise sessions list` shows them"),
    (f"replay {NOBODY}", f"nothing is recorded under {NOBODY}"),
    (f"approvals show {NOBODY}-call-1-1", "Expected an approval that exists"),
    ("approvals show 12", "Expected an approval that exists"),
    ("approvals approve 12", "`reprise approvals list` shows it"),
    (f"approvals approve {NOBODY}-call-1-1", "nothing is recorded under this id"),
    (f"approvals deny {NOBODY}-call-1-1", "nothing is recorded under this id"),
    (f"approvals settle {NOBODY}-call-1-1 happened", "nothing is recorded under this id"),
    ("projections rebuild nothing", "Expected a read model out of sessions, "),
    ("agents add Clerk --role executor --prompt x", "a-z"),
    ("orchestrate x --model nothing:x", "scripted:FILE, rules, openai:NAME@BASE_URL"),
    ("orchestrate x --model scripted:missing.json", "No such file"),
    ("orchestrate x --model openai:x", "openai:NAME@BASE_URL"),
    ("tools add missing.json", "cannot be read: No such file"),
    ("tools add .", "none of its files says openapi or swagger"),
    ("tools add http://127.0.0.1:1/openapi.json", "--allow-private"),
    ("tools add http://127.0.0.1:1/openapi.json --allow-private", "cannot be fetched"),
    ("tools add http://[::1/openapi.json", "Expected the URL of a document"),
    ("token issue --user ada --roles king", "viewer, operator, admin"),
    ("up --host 0.0.0.0", "REPRISE_TOKENS__REQUIRED=true"),
    ("serve worker", "REPRISE_POSTGRES_URL and REPRISE_NATS_URL"),
]
MISUSED = [
    "nothing",
    "sessions nothing",
    "sessions show",
    "sessions list --limit many",
    "sessions list --limit 0",
    "sessions list --status finished",
    "orchestrate",
    "orchestrate x --lane fast",
    "orchestrate x --nothing",
    "approvals settle x perhaps",
    "replay",
    f"replay {NOBODY} --all",
    "replay --all --at 3",
    f"replay {NOBODY} --at 0",
    f"replay {NOBODY} --at three",
    "agents add clerk",
    "up --port 70000",
    "up --port http",
    "serve everything",
    "migrate --phase later",
    "token issue",
    "token issue --user ada --hours 0",
    "token issue --user ada --hours nan",
    "bench write --rounds 0",
]
DOCUMENTS = {
    "empty": b"",
    "truncated": b'{"openapi": "3.1.0", "paths": ',
    "binary": bytes(range(256)),
    "list": b"[1, 2]",
    "another": b'{"swagger": "9"}',
    "bomb": b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
}


@pytest.mark.parametrize(("line", "words"), REFUSED)
def test_what_cannot_be_done_is_refused_in_one_line(up: Say, line: str, words: str) -> None:
    said = up(*line.split())
    assert (said.code, said.output) == (1, "")
    (told,) = said.errors.splitlines()
    assert told.startswith("Error: ") and words in told


@pytest.mark.parametrize("line", MISUSED)
def test_wrong_usage_is_exit_code_2_and_says_how_to_get_help(up: Say, line: str) -> None:
    said = up(*line.split())
    assert (said.code, said.output) == (2, "")
    assert "--help' for help." in said.errors and "Error: " in said.errors


@pytest.mark.parametrize("line", [REFUSED[0][0], MISUSED[0], MISUSED[2]])
def test_with_json_an_error_is_one_object_on_the_error_stream(up: Say, line: str) -> None:
    said = up(*line.split(), "--json")
    assert said.code in (1, 2) and said.output == ""
    (told,) = said.errors.splitlines()
    assert list(json.loads(told)) == ["error"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_no_document_is_refused_and_registers_nothing(up: Say, tmp_path: Path, name: str) -> None:
    (tmp_path / "odd.json").write_bytes(DOCUMENTS[name])
    said = up("tools", "add", "odd.json")
    assert (
        said.code == 1
        and said.errors.startswith("Error: odd.json is not registered: Expected ")
        and len(said.errors.splitlines()) == 1
    )
    assert "odd" not in {each["api"] for each in up("tools", "list", "--json").json}


def test_a_script_that_is_none_is_refused(up: Say, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('{"answers": []}')
    said = up("orchestrate", GOAL, "--model", "scripted:script.json")
    assert said.code == 1 and 'Expected a script {"replies": [...]}' in said.errors


def test_without_a_model_the_choices_are_listed(up: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPRISE_MODEL")
    said = up("orchestrate", GOAL)
    assert said.code == 1
    assert "No model is named: say --model or set REPRISE_MODEL, to one of scripted:FILE, rules, openai:" in said.errors


def test_a_blank_goal_and_one_without_tools_are_refused(up: Say, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it is blank" in up("orchestrate", "  ").errors
    monkeypatch.setenv("REPRISE_DATA", "elsewhere")
    assert "register an API first" in say("orchestrate", GOAL).errors


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("REPRISE_PORTT", "1", "There is no setting REPRISE_PORTT: did you mean REPRISE_PORT?"),
        ("REPRISE_ZZZ", "1", "there are REPRISE_"),
        ("REPRISE_PORT", "http", "Expected REPRISE_PORT to be a whole number"),
        ("REPRISE_PORT", "70000", "from 0 to 65535"),
        ("REPRISE_TOKENS__REQUIRED", "maybe", "true or false"),
        ("REPRISE_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING, ERROR"),
        ("REPRISE_LANES", "fast", "interactive, standard, batch"),
        ("REPRISE_POSTGRES_URL", "secret", "Expected REPRISE_POSTGRES_URL to be a URL like postgresql://"),
        ("REPRISE_NATS_URL", "secret:4222", "Expected REPRISE_NATS_URL to be a URL like nats://"),
        ("REPRISE_DATA", "/proc/nowhere", "choose one of your own"),
    ],
)
def test_a_setting_that_cannot_work_is_named(
    say: Say, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    said = say("sessions", "list")
    assert (said.code, said.output) == (1, "")
    (told,) = said.errors.splitlines()
    assert words in told and (value != "secret" or "secret" not in told)


def test_a_key_that_no_header_can_hold_is_refused_before_a_session_starts(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRISE_MODEL_KEY", "env:KEY")
    monkeypatch.setenv("KEY", "schlüssel")
    said = say("orchestrate", GOAL, "--model", "openai:x@http://127.0.0.1:1/v1")
    assert said.code == 1 and "REPRISE_MODEL_KEY" in said.errors and "schlüssel" not in said.errors


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("hunter2", "env:NAME, file:/PATH or vault:PATH#KEY"),
        ("sk:hunter2", "env:NAME, file:/PATH or vault:PATH#KEY"),
        ("env:NOWHERE", "no such variable is set"),
        ("file:/nowhere", "No such file"),
    ],
)
def test_a_key_that_is_not_referred_to_is_refused_and_never_repeated(
    say: Say, monkeypatch: pytest.MonkeyPatch, reference: str, words: str
) -> None:
    monkeypatch.setenv("REPRISE_MODEL_KEY", reference)
    said = say("tools", "list")
    assert (said.code, said.output) == (1, "")
    assert words in said.errors and "hunter2" not in said.errors
