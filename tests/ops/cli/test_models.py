"""A script is served as a model, what it says is watched while it says it, and its session is played again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.program import PROGRAM, started
from tests.ops.cli.conftest import Say

ANSWER = " ".join(f"word{number}" for number in range(60))
SCRIPT: list[dict[str, Any]] = [
    {"purpose": "plan", "reply": {"steps": [{"goal": "conclude"}]}},
    {"purpose": "choose", "reply": {"result": "\u001b[2Jit is so"}},
    {"purpose": "review", "reply": {"verdict": "accept"}},
    {"purpose": "answer", "reply": {"answer": ANSWER}, "pause_ms": 20},
]


@pytest.fixture
def scripted(tmp_path: Path) -> Iterator[str]:
    """Serve the script through the program, and yield the model's name."""
    (tmp_path / "script.json").write_text(json.dumps({"replies": SCRIPT}))
    with started([PROGRAM, "serve", "script", "script.json"], tmp_path, "openai:scripted@http://127.0.0.1:") as (
        _,
        line,
    ):
        yield line.strip()


def test_a_served_script_is_watched_word_by_word_and_played_again_from_its_tape(up: Say, scripted: str) -> None:
    session = up("orchestrate", "Say so", "--model", scripted, "--json").json["session_id"]
    lines = [json.loads(line) for line in up("sessions", "watch", session, "--tokens", "--json").output.splitlines()]
    said = [line for line in lines if line["type"] == "said"]
    assert (
        len(said) > 3
        and "".join(each["text"] for each in said if "answer" in each["call"])[:8] in f'{{"answer":"{ANSWER}'
    )
    assert lines[-1]["type"] == "session.completed.v1"
    told = up("sessions", "watch", session).output
    assert "it is so" in told and "\x1b" not in told
    again = up("orchestrate", "Say so", "--model", f"tape:{session}", "--wait", "--json").output.splitlines()[-1]
    assert json.loads(again)["text"] == ANSWER
    other = up("orchestrate", "Say something else", "--model", f"tape:{session}", "--wait")
    assert other.code == 1 and "to another prompt" in other.output


def test_what_is_no_script_is_not_served(say: Say, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text("{}")
    refused = say("serve", "script", "none.json")
    assert refused.code == 1 and "Expected a script" in refused.errors
