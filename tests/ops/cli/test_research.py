"""A researcher at work from end to end: a real log, a real stream, a shop over HTTP, and its words from a script."""

import json
from pathlib import Path

import httpx
import pytest

from tests.ops.cli.conftest import Say

GOAL = "Which is the cheapest mug, and how many are in stock?"
SCRIPT = Path(__file__).parents[3] / "ops/sample/research_script.json"
FINDINGS = [
    {"claim": "Two mugs were found: the blue mug costs 12.50, the red mug 11.50.", "calls": ["call-1-1"]},
    {"claim": "12 of the red mug are in stock.", "calls": ["call-1-2"], "value": 12},
]


@pytest.fixture
def researched(up: Say) -> str:
    """Let a goal be researched; return its session's id."""
    ended = up("orchestrate", GOAL, "--model", f"scripted:{SCRIPT}", "--wait", "--json").json
    assert ended["status"] == "completed", ended
    return str(ended["session_id"])


def test_a_goal_is_researched_from_end_to_end(up: Say, researched: str, served: Path) -> None:
    told = up("sessions", "watch", researched).output
    assert "search_products was chosen" in told and "get_product was chosen" in told
    assert "finding 1 rests on 'call-1-9', but there is no such call: name some of call-1-1, call-1-2" in told
    assert "What was found: 2 findings: Two mugs were found: the blue mug costs 12.50" in told
    shown = up("sessions", "show", researched).output
    assert "step 1: completed, researcher, round 3" in shown
    assert "call-1-1  search_products (GET /products): succeeded" in shown
    assert "call-1-2  get_product (GET /products/{productId}): succeeded" in shown
    assert "found 12 of the red mug are in stock. (call-1-2)" in shown
    _is_served(json.loads((served / "running.json").read_text())["url"], researched)
    assert up("replay", researched, "--execute", "--json").json["divergences"] == []


def _is_served(url: str, session: str) -> None:
    """Expect REST and GraphQL to show the calls, and the findings with what they rest on."""
    asked = f'{{ session(id: "{session}") {{ tasks {{ round outputJson actions {{ id status }} }} }} }}'
    with httpx.Client(base_url=url, timeout=60) as client:
        rest = client.get(f"/sessions/{session}").json()
        (task,) = client.post("/graphql", json={"query": asked}).json()["data"]["session"]["tasks"]
    assert rest["tasks"][0]["outputJson"] == task["outputJson"] == {"findings": FINDINGS}
    called = [(each["id"].removeprefix(f"{session}-"), each["status"]) for each in task["actions"]]
    assert sorted(called) == [("call-1-1", "succeeded"), ("call-1-2", "succeeded")]


def test_each_question_of_a_step_is_derived_again(up: Say, researched: str) -> None:
    asked = up("prompts", "show", researched, "1", "--json").json
    chosen = [each for each in asked if each["purpose"] == "choose"]
    assert [(each["call"], each["attempt"]) for each in chosen] == [
        ("choose-1-1", 1),
        ("choose-1-2", 1),
        ("choose-1-3", 1),
        ("choose-1-3", 2),
    ]
    assert all(each["digest"] == each["recorded"] for each in asked)
    last = chosen[-1]["messages"][1]["text"]
    assert "ANSWER of call-1-1, search_products" in last and "ANSWER of call-1-2, get_product" in last
    assert "up to 6 more calls" in last
