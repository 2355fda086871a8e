"""Look after calls that were given up."""

import json
from typing import Any
from urllib.request import Request, urlopen

import pytest

from ops.sample import demo
from tests.ops.cli.conftest import GOAL, Say
from tests.ops.cli.test_approvals import _asked


@pytest.fixture
def letter(up: Say, waiting: str, shop: str) -> str:
    """Let an order fail, and a person give it up; return the dead letter's id."""
    plan_fault(shop, "POST /orders")
    up("approvals", "approve", f"{waiting}-call-2-1")
    question = _asked(up, waiting, "outcome")
    up("approvals", "settle", question["id"], "give-up", "--reason", "the shop is closed")
    return f"{waiting}-call-2-1"


def plan_fault(shop: str, operation: str, times: int = 1) -> None:
    fault = {"operation": operation, "kind": "error", "times": times}
    urlopen(Request(f"{shop}/_faults", json.dumps(fault).encode(), method="POST"), timeout=60).close()


def statuses(up: Say) -> dict[str, Any]:
    return {each["id"]: each["status"] for each in up("dlq", "list", "--all", "--json").json}


def test_a_dead_letter_is_listed_and_shows_exactly_what_a_replay_sends(up: Say, letter: str) -> None:
    assert letter in up("dlq", "list").output
    told = up("dlq", "show", letter).output
    assert f"{letter}: open" in told and "the shop is closed" in told
    assert "create_order (POST /orders, write)" in told and '"productId": "blue-mug", "quantity": 2' in told
    shown = up("dlq", "show", letter, "--json").json
    assert f"request    {shown['request_digest']}" in told and f"key        {shown['idempotency_key']}" in told


def test_what_is_replayed_is_followed_to_its_end(up: Say, letter: str) -> None:
    said = up("dlq", "replay", letter, "--reason", "the shop is open", "--wait")
    assert said.code == 0 and said.output.endswith(f"resolved: {letter}\n")
    assert "Attempt 2 began" in said.output and "The tool answered 201" in said.output
    assert statuses(up)[letter] == "resolved" and letter not in up("dlq", "list").output
    again = up("dlq", "replay", letter, "--reason", "once more")
    assert again.code == 1 and "was closed" in again.errors and len(again.errors.splitlines()) == 1
    watched = up("sessions", "watch", letter[:36]).output
    assert watched.splitlines()[-1].endswith("The dead letter is resolved")


def test_a_replay_that_fails_says_so_by_its_exit_code_and_the_letter_is_discarded(
    up: Say, letter: str, shop: str
) -> None:
    plan_fault(shop, "POST /orders")
    said = up("dlq", "replay", letter, "--reason", "try", "--wait", "--json")
    assert (said.code, said.json["status"], said.json["attempts"]) == (1, "open", 2)
    assert "may have happened" in said.json["reason"]
    gone = up("dlq", "discard", letter, "--reason", "ordered by phone")
    assert (gone.code, gone.output) == (0, f"discarded: {letter}\n")
    assert statuses(up)[letter] == "discarded"
    assert ": ordered by phone" in up("dlq", "show", letter).output


def test_wrong_words_are_answered_in_one_line(up: Say) -> None:
    for words in (("show", "x"), ("replay", "x", "--reason", "r"), ("discard", "x", "--reason", "r")):
        said = up("dlq", *words)
        assert said.code == 1 and "dead letter" in said.errors and len(said.errors.splitlines()) == 1
    assert up("dlq", "replay", "x").code == 2


def test_without_an_up_waiting_sends_it_again_itself(say: Say, shop: str) -> None:
    say("tools", "add", f"{shop}/openapi.json", "--name", "shop", "--allow-private")
    plan_fault(shop, "GET /products", times=5)
    told = say("orchestrate", GOAL, "--model", demo.script(), "--wait")
    letter = f"{told.output.split('session ')[-1][:36]}-call-1-1"
    assert told.code == 1 and f"reprise dlq replay {letter} --reason …" in told.output
    said = say("dlq", "replay", letter, "--reason", "the shop is open", "--wait", "--json")
    assert (said.code, said.json["status"], said.json["attempts"]) == (0, "resolved", 6)
