"""A session decides the same whichever form its model is held to: words alone, a schema, or tools that it calls."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from adapters.embedding.hashing import HashingEmbedder
from adapters.http.dialer import HttpDialer
from adapters.models.models import ModelRouter
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.model_options import Form, ModelOptions
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from domain.content import content
from domain.session.events import ModelReplied, Purpose, ToolChosen
from domain.session.forms import reply_schema
from domain.session.replies import read_choice, read_review
from domain.session.state import Ended
from ops.scripted.server import script_server
from tests.commands.parts import QUICK, Model, Shop, Time, context, events, shell_of

DEMO = Path(__file__).parents[2] / "ops/sample/demo_script.json"
PLAN = {"steps": [{"goal": "look", "tool": "look", "slots": [{"argument": "/body/a", "value": "two é mugs"}]}]}
SCRIPT: list[dict[str, Any]] = [
    {"purpose": "plan", "reply": PLAN},
    {"purpose": "choose", "attempt": 1, "status": 429, "text": "slow down", "retry_after_ms": 20, "times": 1},
    {"purpose": "choose", "attempt": 2, "text": "half of it", "cut": 4, "times": 1},
    {"purpose": "choose", "reply": {"tool": "look", "arguments": {"body": {"b": [1, 2.50]}}}},
    {"purpose": "review", "reply": {"verdict": "accept"}},
    {"purpose": "answer", "reply": {"answer": "done"}},
]


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("text", ["text"] * 4),
        ("json-schema", ["json-schema"] * 4),
        ("tools", ["json-schema", "tools", "json-schema", "json-schema"]),
    ],
)
async def test_the_same_calls_are_chosen_in_every_form(
    store: PostgresEventStore, tmp_path: Path, form: Form, said: list[str]
) -> None:
    (tmp_path / "script.json").write_text(json.dumps({"replies": SCRIPT}))
    async with script_server(tmp_path / "script.json", HashingEmbedder()) as url, HttpDialer() as dialer:
        shell = shell_of(store, Shop(), Model(), Time())
        shell.models = ModelRouter(dialer, options=[ModelOptions(model="*", form=form)])
        goal = Goal(text="Look at two é mugs", model=f"openai:scripted@{url}", limits=QUICK)
        session, _ = await orchestrate(shell, Catalogue(shell), goal, context())
        await drive(shell, session)
        state = (await shell.load(session)).state
    assert state and isinstance(state.stage, Ended) and (state.stage.status, state.stage.text) == ("completed", "done")
    (chosen,) = await events(store, session, ToolChosen)
    assert chosen.tool == "look" and json.loads(bytes(chosen.arguments.value)) == {"body": {"b": [1, 2.5]}}
    replies = await events(store, session, ModelReplied)
    assert [reply.asked.form for reply in replies] == said and [reply.attempt for reply in replies] == [1, 3, 1, 1]


def misfits(purpose: Purpose, reply: object) -> list[str]:
    schema = json.loads(bytes(reply_schema(purpose, "plan.v2")))
    return [each.message for each in jsonschema_rs.Draft202012Validator(schema).iter_errors(reply)]


def test_the_schemas_admit_what_is_read_and_nothing_that_is_not() -> None:
    for entry in json.loads(DEMO.read_text())["replies"]:
        if "reply" in entry:
            assert misfits(entry["purpose"], entry["reply"]) == []
    assert not misfits("plan", PLAN)
    assert misfits("plan", {"steps": [{"agent": "executor"}]}) and misfits("plan", {})
    assert misfits("review", {"verdict": "perhaps"}) and misfits("answer", {"answer": 1})
    good = {"tool": "look", "arguments": {"body": {}}}
    assert not misfits("choose", good) and read_choice(content(json.dumps(good).encode())).tool == "look"
    assert read_review(content(b'{"verdict": "accept"}')).verdict == "accept"
