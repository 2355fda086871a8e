"""Remember, recall and forget from a shell, and see what a session did and what the memory holds."""

import time
from typing import Any
from uuid import uuid4

import pytest

from tests.ops.cli.conftest import GOAL, SECONDS, Say


@pytest.fixture
def mugs(up: Say) -> str:
    """Remember what is so of a subject that no other test knows; return the subject."""
    subject = f"mug {uuid4().hex[:8]}"
    for text, more in (("Blue mugs are sold out until spring.", ()), ("Mugs break easily.", ("--untrusted",))):
        assert up("memory", "add", text, "--kind", "entity", "--subject", subject, *more).code == 0
    return subject


def texts(found: list[dict[str, Any]]) -> list[str]:
    """Return what was found, in order."""
    return [(each.get("memory") or each)["text"] for each in found]


def test_what_is_remembered_is_found_and_gone_once_forgotten(up: Say, mugs: str) -> None:
    told = up("memory", "search", "when can I buy blue mugs again?", "--subject", mugs).output.splitlines()
    assert told[0].split() == ["SCORE", "ID", "KIND", "ABOUT", "LABEL", "TEXT"]
    assert told[1].endswith(f"entity  {mugs}  trusted    Blue mugs are sold out until spring.")
    (first, _) = up("memory", "search", "blue mugs", "--subject", mugs, "--json").json
    assert first["score"]["score"] > first["score"]["similarity"] * 0.6
    forgotten = up("memory", "forget", first["memory"]["id"], "--reason", "they are back")
    assert forgotten.output == f"{first['memory']['id']} is forgotten\n"
    assert texts(up("memory", "search", "blue mugs", "--subject", mugs, "--json").json) == ["Mugs break easily."]
    again = up("memory", "forget", first["memory"]["id"])
    assert again.code == 1 and "Expected a memory that exists" in again.errors


def test_a_search_and_a_list_are_confined_alike(up: Say, mugs: str) -> None:
    up("memory", "add", "Mugs are ordered in spring.", "--subject", mugs, "--shared", "--private")
    breaks, sold, shared = "Mugs break easily.", "Blue mugs are sold out until spring.", "Mugs are ordered in spring."
    for words in (("list",), ("search", "mugs")):

        def told(*more: str, words: tuple[str, ...] = words) -> set[str]:
            return set(texts(up("memory", *words, "--subject", mugs, *more, "--json").json))

        breaks, sold, shared = (
            "Mugs break easily.",
            "Blue mugs are sold out until spring.",
            "Mugs are ordered in spring.",
        )
        assert told() == {breaks, sold, shared}
        assert told("--untrusted") == {breaks} and told("--trusted") == {sold, shared}
        assert told("--private") == {shared} and told("--own") == {breaks, sold}
        assert told("--kind", "semantic") == {shared} and told("--source", "tool:x") == set()


def test_what_happened_in_a_session_is_found_by_words(up: Say, waiting: str) -> None:
    found = up("memory", "episodes", waiting, "blue mugs ordered", "--json").json
    assert "session.goal-submitted.v1" in [each["type"] for each in found]
    told = up("memory", "episodes", waiting, "blue mugs ordered", "--limit", "1").output.splitlines()
    assert told[0].split() == ["VERSION", "TYPE", "STEP", "TITLE", "DETAIL"] and len(told) == 2
    assert "Nothing in this session" in up("memory", "episodes", waiting, "zebra").output
    assert "Expected a session's id" in up("memory", "episodes", "x", "mugs").errors
    assert "Expected 1 to 1000 characters" in up("memory", "episodes", waiting, " ").errors


def test_a_session_recalls_and_is_remembered_where_its_goal_asks(up: Say, mugs: str) -> None:
    started = up("orchestrate", GOAL, "--recall", "3", "--remember", "--wait", "--json").json
    session = started["session_id"]
    until = time.monotonic() + SECONDS
    for step in ("call-2-1", "call-3-1"):
        while up("approvals", "approve", f"{session}-{step}").code and time.monotonic() < until:
            time.sleep(0.1)
    while not (found := up("memory", "list", "--session", session, "--json").json) and time.monotonic() < until:
        time.sleep(0.1)
    (summary,) = found
    assert summary["kind"] == "summary" and summary["text"].startswith(f"{GOAL}\n")
    told = up("sessions", "watch", session).output
    assert "memories were recalled" in told


def test_the_overview_counts_memories_and_shows_what_the_running_up_knew_already(up: Say, mugs: str) -> None:
    shown = up("memory", "overview", "--json").json
    (space,) = shown["spaces"]
    assert space["name"] == "hashing/1/384" and space["searched"] and space["vectors"] == shown["memories"] >= 2
    assert {"embeddings", "templates"} <= {each["name"] for each in shown["caches"]}
    told = up("memory", "overview").output
    assert "searched by hashing" in told and "hashing/1/384" in told and "embeddings" in told


def test_nothing_is_left_to_embed_where_the_embedder_did_not_change(up: Say, mugs: str) -> None:
    assert up("memory", "embed").output == "0 memories embedded\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "  "), "Expected a text of 1 to 8000 characters"),
        (("add", "x" * 8_001), "but it has 8001"),
        (("add", "x", "--kind", "entity"), "Expected the subject"),
        (("search", " "), "Expected 1 to 1000 characters"),
        (("search", "x" * 1_001), "but got 1001"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(up: Say, words: tuple[str, ...], said: str) -> None:
    refused = up("memory", *words)
    assert refused.code == 1 and said in refused.errors and len(refused.errors.splitlines()) == 1
