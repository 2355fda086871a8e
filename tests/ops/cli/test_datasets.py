"""Datasets are run with any model, saved and compared; what is wrong with one is said with its place."""

import json
from pathlib import Path
from typing import Any

from ops.evaluation.tasks.suite import SMOKE
from ops.sample.shop import document
from tests.ops.cli.conftest import GOAL, Say


def written(folder: Path, **changes: Any) -> str:
    file = folder / "own.json"
    file.write_text(json.dumps({**json.loads(SMOKE.read_text()), **changes}))
    return str(file)


def test_every_smoke_task_is_done_by_the_gold_model_and_two_runs_come_out_alike(say: Say) -> None:
    for name in ("one", "two"):
        said = say("eval", "run", "smoke", "--json", "--save", f"{name}.json", "--ratchet")
        assert (said.code, said.json["passed"], said.json["cases"]) == (0, 4, 4)
    assert say("eval", "compare", "one.json", "two.json", "--json").json == []


def test_a_model_that_does_something_else_fails_and_is_compared_step_by_step(say: Say, tmp_path: Path) -> None:
    (case,) = [each for each in json.loads(SMOKE.read_text())["cases"] if each["id"] == "order"]
    lazy = {
        "replies": [
            {"purpose": "plan", "reply": {"steps": [{"goal": "look", "agent": "executor"}]}},
            {"purpose": "choose", "reply": {"tool": "search_products", "arguments": {"query": {"search": "pot"}}}},
            {"purpose": "review", "reply": {"verdict": "accept"}},
            {"purpose": "answer", "reply": {"answer": "nothing to order"}},
        ]
    }
    (tmp_path / "lazy.json").write_text(json.dumps(lazy))
    own = written(tmp_path, cases=[case])
    say("eval", "run", own, "--save", "gold.json")
    said = say("eval", "run", own, "--model", "scripted:lazy.json", "--save", "lazy-run.json", "--json")
    assert said.json["passed"] == 0 and said.json["failed"] == ["order"]
    assert (said.json["exact"], said.json["path"], said.json["state"]) == (0, 0, 0)
    assert (
        "\n  order: not exact; not path; not state\n" in say("eval", "run", own, "--model", "scripted:lazy.json").output
    )
    (found,) = say("eval", "compare", "gold.json", "lazy-run.json", "--json").json
    assert found["step"] == 1 and "blue mug" in found["first"] and "pot" in found["second"]
    assert "exact, path, state" in say("eval", "compare", "gold.json", "lazy-run.json").output


def test_what_no_session_could_do_is_said_before_any_begins(say: Say, tmp_path: Path) -> None:
    cases = [
        {"id": "a", "goal": "x", "calls": [{"tool": "order_create"}], "tools": ["*", "get_odrer"]},
        {"id": "b", "goal": "x", "calls": [{"tool": "get_order"}]},
        {"id": "c", "goal": "x", "calls": [{"tool": "list_orders"}], "tools": ["get_order"]},
        {"id": "d", "goal": "x", "calls": [{"tool": "list_orders"}], "tools": ["api/*"]},
    ]
    said = say("eval", "run", written(tmp_path, cases=cases), "--keep", "--save", "run.json", "--report", "run.html")
    assert said.code == 1 and "case 'd'" not in said.errors
    for words in (
        "case 'a': there is no tool 'order_create', but search_products, ",
        "case 'a': there is no tool 'get_odrer', but search_products, ",
        "case 'b': get_order cannot be called so, at /: 'path' is a required property",
        "case 'c': list_orders is expected, but it is none of the tools that agents may use",
    ):
        assert words in said.errors
    assert [file.name for file in tmp_path.iterdir()] == ["own.json"]


def test_a_dataset_that_cannot_be_read_is_refused_before_anything_is_made(say: Say, tmp_path: Path) -> None:
    said = say("eval", "run", written(tmp_path, cases=[]), "--keep")
    assert said.code == 1 and "own.json, but it has no cases" in said.errors and not (tmp_path / "data").exists()
    gone = written(tmp_path, document="api.json", base_url="http://127.0.0.1:9")
    assert "Expected the document of smoke in" in say("eval", "run", gone).errors


def test_files_that_cannot_be_written_are_refused_before_the_run(say: Say) -> None:
    for option in ("--save", "--report"):
        said = say("eval", "run", "smoke", option, "nowhere/run")
        assert said.code == 1 and "nowhere/run" in said.errors and said.output.count("\n") <= 1


def test_an_api_that_nobody_serves_fails_its_cases_and_not_the_run(say: Say, tmp_path: Path) -> None:
    (tmp_path / "api.json").write_text(json.dumps(document("http://127.0.0.1:1", keys=True)))
    own = written(tmp_path, document="api.json", base_url="http://127.0.0.1:1", allow_private=True)
    said = say("eval", "run", own, "--json")
    assert said.code == 0 and (said.json["cases"], said.json["passed"], said.json["state"]) == (4, 0, 0)


def test_a_file_that_is_not_there_and_a_model_that_nobody_serves_are_refused(say: Say) -> None:
    assert "nothing.json" in say("eval", "run", "nothing.json").errors
    assert "scripted:FILE" in say("eval", "run", "smoke", "--model", "magic:wand").errors
    assert "--save" in say("eval", "compare", "a.json", "b.json").errors


def test_kept_runs_are_numbered_listed_and_compared(say: Say) -> None:
    for _ in range(2):
        assert say("eval", "run", "smoke", "--keep").code == 0
    assert "Kept as run 3." in say("eval", "run", "shop", "--keep").errors
    runs = say("eval", "runs", "--json").json
    assert [(each["number"], each["graded"]["suite"]) for each in runs] == [(1, "smoke"), (2, "smoke"), (3, "shop")]
    assert runs[0]["graded"]["figures"]["passed"] == 4 and runs[0]["graded"]["model"] == "gold"
    assert "passed 4" in say("eval", "runs", "smoke").output and "shop" not in say("eval", "runs", "smoke").output
    assert say("eval", "compare", "1", "2").output.strip() == "Both runs came out alike."
    assert "see `eval runs`" in say("eval", "compare", "1", "9").errors
    assert "run of tasks in run 3" in say("eval", "compare", "1", "3").errors


def test_agents_have_only_the_tools_of_their_case_and_a_judge_looks_at_its_rubric(say: Say, tmp_path: Path) -> None:
    cases = {each["id"]: each for each in json.loads(SMOKE.read_text())["cases"]}
    bare = {**cases["order"], "calls": [], "tools": ["search_products"], "rubric": ["It was polite"]}
    (tmp_path / "judge.json").write_text('{"replies": [{"purpose": "grade", "reply": {"met": [false]}}]}')
    eager = [
        {"purpose": "plan", "reply": {"steps": [{"goal": "order", "agent": "executor"}]}},
        {"purpose": "choose", "reply": cases["order"]["calls"][1]},
        {"purpose": "review", "reply": {"verdict": "accept"}},
        {"purpose": "answer", "reply": {"answer": "done"}},
    ]
    (tmp_path / "eager.json").write_text(json.dumps({"replies": eager}))
    priced = {"model": "scripted:*", "input_per_million": "1000", "output_per_million": "3000"}
    (tmp_path / "prices.json").write_text(json.dumps({"name": "ours", "currency": "EUR", "models": [priced]}))
    assert say("prices", "add", "prices.json").code == say("prices", "activate", "ours", "--reason", "new").code == 0
    words = ("--model", "scripted:eager.json", "--judge", "scripted:judge.json", "--save", "run.json", "--json")
    said = say("eval", "run", written(tmp_path, cases=[bare]), *words)
    assert said.json["passed"] == 0 and (said.json["rubric"], said.json["state"]) == (0, 0)
    (outcome,) = json.loads((tmp_path / "run.json").read_text())["outcomes"]
    assert outcome["unmet"] == ["It was polite"] and outcome["status"] == "failed"
    tokens_in, tokens = outcome["judge_tokens_in"], outcome["judge_tokens"]
    cost = round((1_000 * tokens_in + 3_000 * (tokens - tokens_in)) / 1_000_000, 6)
    assert tokens > tokens_in > 0 and (said.json["judge_cost"], said.json["judge_currency"]) == (cost, "EUR")
    assert all(not call["sent"] for call in outcome["calls"] if call["tool"] == "create_order")


def test_recorded_sessions_are_graded_afterwards(up: Say, waiting: str, tmp_path: Path) -> None:
    up("sessions", "cancel", waiting, "--reason", "enough")
    look = {"tool": "search_products", "arguments": {"query": {"search": "blue mug"}}}
    case = {"id": "mugs", "goal": GOAL, "calls": [look], "state": {"/orders": {"/0": 1}}}
    own = written(tmp_path, cases=[case])
    said = up("eval", "grade", own, waiting, "--json", "--save", "graded.json")
    assert said.code == 0 and (said.json["exact"], said.json["path"], said.json["passed"]) == (1, 1, 0)
    assert "state" not in said.json  # nobody can be asked what stood there then
    assert up("eval", "grade", own, waiting, "--threshold", "path>=2").code == 1
    other = written(tmp_path, cases=[{**case, "goal": "Something else"}])
    assert "a goal of smoke" in up("eval", "grade", other, waiting).errors
    twice = written(tmp_path, cases=[case, {**case, "id": "again"}])
    assert "a goal of their own each" in up("eval", "grade", twice, waiting).errors
    own = written(tmp_path, cases=[case])
    unknown = up("eval", "grade", own, "00000000-0000-4000-8000-000000000000")
    assert unknown.code == 1 and "nothing is recorded" in unknown.errors
