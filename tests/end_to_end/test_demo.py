"""The demo plays the whole loop on real parts, and replays it."""

import json

import pytest

from tests.end_to_end.conftest import Demo

SHOWN = [
    "submitted a goal: Order two blue mugs",
    "A plan of 4 steps",
    "The policy says allow: The tool is on the agent's list.",
    "The policy says ask: It may change something.",
    "A human is asked to allow the call",
    "scripted-human approved",
    "Attempt 1 failed: unanswered",
    "Attempt 2 is scheduled",
    "the breaker of ship_order is open",
    "The tool answered 201",
    "Step 4 goes back, round 2",
    "Step 4 was accepted",
    "The goal was reached: Two blue mugs were ordered for customer 7",
]


def test_the_demo_ends_well_in_good_time_even_on_a_busy_machine(demo: Demo) -> None:
    assert demo.code == 0, demo.told
    assert demo.seconds < 150


def test_its_last_line_is_an_object_that_proves_the_replay(demo: Demo) -> None:
    (line,) = demo.output.splitlines()
    found = json.loads(line)
    assert found["status"] == "completed"
    assert found["divergences"] == []
    assert found["state_digest"] == found["replay_digest"] and len(found["state_digest"]) == 64
    assert found["decided"] == found["facts"] > 0
    assert found["events"] > found["facts"]
    assert len(found["session_id"]) == 36


@pytest.mark.parametrize("words", SHOWN)
def test_the_timeline_shows(demo: Demo, words: str) -> None:
    assert words in demo.told


def test_what_the_breaker_held_back_is_sent_later(demo: Demo) -> None:
    told = demo.told
    held, sent = told.index("the breaker of ship_order is open"), told.index("Attempt 3 began")
    assert held < sent < told.index('The tool answered 201: {"id":"shp-')


def test_an_order_whose_answer_was_lost_is_sent_twice_and_written_once(demo: Demo) -> None:
    assert "The shop received the order 2 times and wrote it 1 time." in demo.told


def test_it_says_first_what_is_real_and_what_is_scripted(demo: Demo) -> None:
    head = demo.told.partition("Goal:")[0]
    assert "  real      Postgres" in head and "  scripted  the model's words" in head


def test_it_ends_with_the_commands_for_ones_own_api_and_model(demo: Demo) -> None:
    tail = demo.told.partition("Next, your own API and model:")[2]
    places = [tail.index(each) for each in ("PATH=", "REPRISE_MODEL_KEY=env:", "reprise up &", "reprise tools add")]
    assert places == sorted(places) and "--model openai:NAME@" in tail


def test_it_leaves_no_process_behind(demo: Demo) -> None:
    assert demo.left_behind == []
