"""A plan that binds its arguments, against the real shop: what the goal says needs nobody, what was read does."""

import json
from pathlib import Path
from typing import Any

from tests.ops.cli.conftest import Say

GOAL = "Order 2 blue-mug for customer 7"
FIND = {"goal": "find it", "tool": "search_products", "slots": [{"argument": "/query/search", "value": "mug"}]}
MUGS = [{"productId": "blue-mug", "quantity": 2}]


def orchestrated(up: Say, folder: Path, customer: dict[str, Any], chosen: dict[str, Any]) -> tuple[Any, str]:
    """Let a script plan and order; return how it ended, and what is shown of the session."""
    items = {"argument": "/body/items", "value": MUGS}
    slots = [{"argument": "/body/customerId", **customer}, items]
    order = {"goal": "order it", "after": [1], "tool": "create_order", "slots": slots}
    replies = [
        {"purpose": "plan", "reply": {"steps": [FIND, order]}},
        {"purpose": "choose", "step": 1, "reply": {"tool": "search_products", "arguments": {}}},
        {"purpose": "choose", "step": 2, "reply": {"tool": "create_order", "arguments": {"body": chosen}}},
        {"purpose": "review", "reply": {"verdict": "accept"}},
        {"purpose": "answer", "reply": {"answer": "ordered"}},
    ]
    (folder / "bound.json").write_text(json.dumps({"replies": replies}))
    outcome = up("orchestrate", GOAL, "--model", "scripted:bound.json", "--wait", "--json").json
    return outcome, up("sessions", "show", outcome["session_id"]).output


def test_an_order_that_the_goal_spells_out_needs_nobody_and_its_answer_is_marked(up: Say, tmp_path: Path) -> None:
    outcome, shown = orchestrated(up, tmp_path, {"value": 7}, {})
    assert (outcome["status"], outcome["untrusted"]) == ("completed", True), outcome
    assert "create_order (POST /orders): succeeded" in shown
    assert "mark    draws on what others may have written; sources: create_order, search_products" in shown


def test_a_customer_that_the_agent_says_otherwise_is_asked_about(up: Say, tmp_path: Path) -> None:
    outcome, shown = orchestrated(up, tmp_path, {"value": 7}, {"customerId": 8})
    assert outcome["status"] == "waiting"
    assert "`body.customerId` is the word of an agent that had read what search_products said" in shown


def test_a_customer_out_of_an_answer_is_asked_about(up: Say, tmp_path: Path) -> None:
    outcome, shown = orchestrated(up, tmp_path, {"step": 1, "pointer": "/0/priceCents"}, {})
    assert outcome["status"] == "waiting", outcome
    assert "`body.customerId` came from search_products" in shown
