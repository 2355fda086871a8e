"""Keep prices and budgets from a shell."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.ops.cli.conftest import GOAL, SECONDS, Say

PRICES = {
    "name": "ours",
    "currency": "EUR",
    "models": [{"model": "*", "input_per_million": "0.25", "output_per_million": "2"}],
    "tools": [{"tool": "shop/*", "per_call": "0.001"}],
}


@pytest.fixture(autouse=True)
def lifted(up: Say) -> Iterator[None]:
    """Lift the limits after each test: other tests use the same `up`."""
    yield
    assert up("budgets", "set", "tenant", "--reason", "the test is over").code == 0


def test_prices_and_budgets_are_kept_and_shown(up: Say, tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text(json.dumps(PRICES))
    assert up("prices", "add", "prices.json").code == 0
    assert "in force" in up("prices", "activate", "ours", "--reason", "new").output
    assert "0.25 EUR" in up("prices", "show", "ours").output
    told = up("budgets", "set", "tenant", "--money", "25", "--currency", "EUR", "--reason", "spring").output
    assert "tenant: in total" in told and "25 EUR" in told
    (account,) = up("budgets", "list", "--json").json
    assert {line["kind"]: line["left"] for line in account["lines"]}["money"] == 25_000_000


def test_a_session_is_paused_by_an_empty_account_and_goes_on_with_more(up: Say, tmp_path: Path) -> None:
    (tmp_path / "prices.json").write_text(json.dumps(PRICES))
    up("prices", "add", "prices.json")
    up("prices", "activate", "ours", "--reason", "new")
    held = up("budgets", "set", "tenant", "--money", "0.0001", "--currency", "EUR", "--reason", "little")
    assert held.code == 0, held.errors
    outcome = up("orchestrate", GOAL, "--wait", "--json").json
    assert outcome["status"] == "paused" and "too little left of money" in outcome["text"]
    session = outcome["session_id"]
    assert "waits for money" in up("budgets", "show", session).output
    up("budgets", "set", "tenant", "--money", "25", "--currency", "EUR", "--reason", "enough")
    up("sessions", "resume", session)
    until = time.monotonic() + SECONDS
    while not (spent := _money(up("budgets", "show", session, "--json").json)["spent"]) and time.monotonic() < until:
        time.sleep(0.1)
    assert spent > 0
    up("sessions", "cancel", session)


def _money(shown: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = next(line for line in shown["lines"] if line["kind"] == "money")
    return found


def test_what_is_no_money_is_refused_in_one_line(up: Say, tmp_path: Path) -> None:
    for money in ("-1", "1e30", "0.0000001", "two"):
        refused = up("budgets", "set", "tenant", f"--money={money}", "--currency", "EUR", "--reason", "why")
        assert refused.code == 1 and "Expected money as a decimal" in refused.errors
    (tmp_path / "broken.json").write_text('{"name": "x"}')
    assert "per_call" in up("prices", "add", "broken.json").errors
    assert up("budgets", "show", "user:nobody").code == 1
