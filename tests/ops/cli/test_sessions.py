"""Start, watch and steer sessions from a shell."""

import json
import shutil
import time
from pathlib import Path
from uuid import UUID

from ops.sample import demo
from tests.ops.cli.conftest import GOAL, POSITION, SECONDS, Say


def test_a_goal_starts_a_session_and_its_id_is_the_answer(up: Say) -> None:
    said = up("orchestrate", GOAL)
    assert said.code == 0 and str(UUID(said.output.strip())) == said.output.strip()
    assert up("orchestrate", GOAL, "--json").json["status"] == "started"


def test_waiting_shows_the_timeline_and_ends_at_a_question_to_people(up: Say) -> None:
    said = up("orchestrate", GOAL, "--wait")
    assert said.code == 0
    assert "A plan of 4 steps: 1. executor: Find the blue mug" in said.output
    assert "The policy says ask" in said.output
    assert "-call-2-1 --reason" in said.output.splitlines()[-1]


def test_a_goal_that_fails_is_told_with_exit_code_1(up: Say) -> None:
    said = up("orchestrate", "Something that the script does not know", "--wait", "--json")
    assert said.code == 1
    assert said.json["status"] == "failed" and "No reply in" in said.json["text"]


def test_a_relative_script_is_found_by_a_worker_in_another_folder(up: Say, tmp_path: Path) -> None:
    shutil.copy(demo.script().removeprefix("scripted:"), tmp_path / "mine.json")
    assert up("orchestrate", GOAL, "--model", "scripted:mine.json", "--wait", "--json").json["status"] == "waiting"


def test_sessions_are_listed_by_status(up: Say, waiting: str) -> None:
    assert waiting in up("sessions", "list").output
    found = up("sessions", "list", "--status", "waiting", "--json").json
    assert waiting in [each["id"] for each in found] and {each["status"] for each in found} == {"waiting"}


def test_a_session_is_shown_with_its_steps_and_actions(up: Say, waiting: str) -> None:
    told = up("sessions", "show", waiting).output
    assert f"{waiting}: waiting" in told and f"goal    {GOAL}" in told
    assert "search_products (GET /products): succeeded, 0 retries\n      policy: allow by " in told
    assert up("sessions", "show", waiting, "--json").json["tasks"][0]["status"] == "completed"


def test_positions_are_bound_to_their_log(up: Say, waiting: str) -> None:
    (listed,) = [each for each in up("sessions", "list", "--json").json if each["id"] == waiting]
    up("sessions", "cancel", waiting)
    shown = up("sessions", "show", waiting, "--json").json["session"]
    watched = [json.loads(line) for line in up("sessions", "watch", waiting, "--json").output.splitlines()]
    assert all(POSITION.fullmatch(each["position"]) for each in (listed, shown, *watched))
    assert shown["position"] == watched[-1]["position"]


def test_a_session_is_paused_resumed_and_cancelled(up: Say, waiting: str) -> None:
    assert up("sessions", "pause", waiting, "--reason", "lunch").output == f"paused: {waiting}\n"
    assert up("sessions", "show", waiting, "--json").json["session"]["status"] == "paused"
    assert up("sessions", "resume", waiting, "--json").json["did"] == "resumed"
    assert up("sessions", "cancel", waiting, "--reason", "enough").output == f"cancelled: {waiting}\n"
    again = up("sessions", "cancel", waiting)
    assert again.code in (0, 1) and len(again.errors.splitlines()) <= 1


def test_watching_shows_a_session_to_its_end(up: Say, waiting: str) -> None:
    up("sessions", "cancel", waiting, "--reason", "enough")
    told = up("sessions", "watch", waiting)
    assert told.code == 0 and "enough" in told.output
    everything = up("sessions", "watch", waiting, "--all", "--json").output.splitlines()
    assert len(everything) > len(told.output.splitlines())


def test_without_an_up_a_session_is_recorded_and_said_to_wait(say: Say, shop: str) -> None:
    say("tools", "add", f"{shop}/openapi.json", "--name", "shop", "--allow-private")
    said = say("orchestrate", GOAL, "--model", demo.script())
    assert said.code == 0
    assert str(UUID(said.output.strip())) == said.output.strip()
    assert said.errors.splitlines()[-1] == "Nothing performs it yet: `reprise up` does, or say --wait."


def test_without_an_up_waiting_performs_the_session_itself(say: Say, shop: str) -> None:
    say("tools", "add", f"{shop}/openapi.json", "--name", "shop", "--allow-private")
    begun = time.monotonic()
    said = say("orchestrate", GOAL, "--model", demo.script(), "--wait", "--json")
    assert said.json["status"] == "waiting" and len(said.json["approvals"]) == 1
    assert time.monotonic() - begun < SECONDS


def test_a_session_is_shown_as_a_trace(up: Say, waiting: str) -> None:
    told = up("sessions", "trace", waiting).output
    assert "invoke_workflow" in told and "open" in told and "  invoke_agent executor  (step-1)" in told
    assert "    execute_tool search_products  [verdict, attempt]" in told and GOAL not in told
    shown = up("sessions", "trace", waiting, "--json").json
    (session,) = [span for span in shown["spans"] if not span["parent_id"]]
    assert session["end"] is None and {"command goal-submitted"} < {span["name"] for span in shown["spans"]}


def test_what_a_model_was_asked_is_shown_again(up: Say, waiting: str) -> None:
    told = up("prompts", "show", waiting, "1").output
    assert "choose, asked of executor" in told and ": as its reply recorded" in told
    assert "TASK purpose=choose step=1 round=1 attempt=1" in told
    (plan, *_) = up("prompts", "show", waiting, "0", "--json").json
    assert plan["purpose"] == "plan" and plan["digest"] == plan["recorded"]
    assert "no reply" not in told and up("prompts", "show", waiting, "77").code == 1


def test_a_dry_run_sends_nothing_that_writes_and_asks_nobody(up: Say) -> None:
    said = up("orchestrate", GOAL, "--dry-run", "--wait")
    assert "create_order is not sent: a dry run" in said.output
    assert "approvals approve" not in said.output and "Attempt 1 began" in said.output
