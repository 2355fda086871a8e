"""Answer what agents must ask people."""

import json
import time
from typing import Any
from urllib.request import Request, urlopen

from ops.cli.output import sentences
from tests.ops.cli.conftest import SECONDS, Say


def test_an_approval_is_listed_and_shows_exactly_what_would_be_sent(up: Say, waiting: str) -> None:
    asked = f"{waiting}-call-2-1"
    assert asked in up("approvals", "list").output
    told = up("approvals", "show", asked).output
    assert f"{asked}: open" in told and "create_order (POST /orders, write)" in told
    assert '"productId": "blue-mug", "quantity": 2' in told
    shown = up("approvals", "show", asked, "--json").json
    assert f"request    {shown['request_digest']}" in told


def test_what_is_approved_is_sent(up: Say, waiting: str) -> None:
    said = up("approvals", "approve", f"{waiting}-call-2-1", "--reason", "fine", "--json")
    assert said.json["decision"] == "approved"
    assert _asked(up, f"{waiting}-call-3-1")["question"] == "call"
    told = up("approvals", "show", f"{waiting}-call-2-1").output
    assert ": granted" in told and ": fine" in told
    shown = up("sessions", "show", waiting).output
    assert "\n      policy: ask by writes-ask, and 1 time more before it was sent. It may change something." in shown


def test_an_answer_says_where_its_run_goes_on(up: Say, waiting: str) -> None:
    told = up("approvals", "approve", f"{waiting}-call-2-1", "--reason", "fine")
    assert (told.output, told.errors) == (
        f"approved: {waiting}-call-2-1\n",
        f"  reprise sessions watch {waiting}\n",
    )


def test_lines_are_put_on_one_line_as_sentences_and_json_stays_json() -> None:
    assert sentences("two mugs are fine\nProof: 62.\nNext") == "two mugs are fine. Proof: 62. Next"
    assert sentences('{\n  "a": [\n 1,\n "b"]\n}') == '{ "a": [ 1, "b"] }'


def test_a_reason_that_is_cut_shows_it(up: Say, waiting: str) -> None:
    (row,) = [each for each in up("approvals", "list").output.splitlines() if waiting in each]
    assert row.endswith("…")


def test_what_is_denied_is_not_sent(up: Say, waiting: str) -> None:
    assert up("approvals", "deny", f"{waiting}-call-2-1", "--reason", "too dear").code == 0
    actions = up("sessions", "show", waiting, "--json").json["actions"]
    assert next(each["status"] for each in actions if each["tool_id"] == "create_order") != "succeeded"


def test_an_approval_is_answered_once(up: Say, waiting: str) -> None:
    up("approvals", "deny", f"{waiting}-call-2-1")
    again = up("approvals", "approve", f"{waiting}-call-2-1")
    assert again.code == 1 and len(again.errors.splitlines()) == 1


def test_a_call_whose_answer_was_lost_is_settled_by_a_person(up: Say, waiting: str, shop: str) -> None:
    fault = {"operation": "POST /orders", "kind": "lost-answer"}
    urlopen(Request(f"{shop}/_faults", json.dumps(fault).encode(), method="POST"), timeout=60).close()
    up("approvals", "approve", f"{waiting}-call-2-1")
    question = _asked(up, waiting, "outcome")
    said = up("approvals", "settle", question["id"], "give-up", "--reason", "looked at the shop")
    assert said.output == f"settled: give-up: {question['id']}\n"
    assert question["id"] not in up("approvals", "list").output


def _asked(up: Say, beginning: str, question: str = "call") -> Any:
    """Wait until an approval is open."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        for each in up("approvals", "list", "--json").json:
            if each["id"].startswith(beginning) and each["question"] == question:
                return each
        time.sleep(0.1)
    raise AssertionError(f"{beginning} never asked")


def test_what_is_sent_on_consent_is_shown_with_who_asks_and_its_proof(up: Say, waiting: str) -> None:
    asked = f"{waiting}-call-2-1"
    shown = up("approvals", "show", asked, "--json").json
    told = up("approvals", "show", asked).output
    assert f"proof      {shown['proof']}" in told and f"POST {shown['sends']['url']}" in told
    wrong = up("approvals", "approve", asked, "--proof", "0" * 64)
    assert wrong.code == 1 and "read the approval again" in wrong.errors


def test_what_is_allowed_beforehand_is_added_listed_and_revoked(up: Say, waiting: str) -> None:
    bounds = '[{"at": "/body/customerId", "values": [8]}]'
    usual = ("--uses", "2", "--until", "2099-01-01T00:00:00Z", "--reason", "often", "--bounds", bounds)
    standing = up("approvals", "standing", "add", "create_order", *usual, "--json").json["id"]
    assert f"{standing}  POST /orders  0 of 2" in up("approvals", "standing", "list").output
    assert up("approvals", "standing", "revoke", standing, "--reason", "no more").code == 0
    assert "withdrew it: no more" in up("approvals", "standing", "list").output
    assert up("approvals", "standing", "add", "create_order", *usual[:-1], "{").code == 1
