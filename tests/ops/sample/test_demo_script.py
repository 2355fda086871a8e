"""The demo's script fits the shop: every call it makes is a request that the shop's document allows."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.openapi.ingest import read_document
from adapters.openapi.reading.operations import read_operation
from adapters.openapi.schemas.cache import CompiledSchemas
from adapters.openapi.schemas.validators import Validators
from commands.script import Player, read_script
from domain.reviewing.findings import instructions
from domain.reviewing.reading import Source
from domain.reviewing.review import review
from domain.session.prompt import Message, Prompt
from ops.sample.shop import document

SCRIPT = Player(read_script(Path(__file__).parents[3] / "ops/sample/demo_script.json"))
TREE = document("http://127.0.0.1:1", keys=True)
TOOLS = {tool.name: tool for tool in read_document(json.dumps(TREE).encode(), api="shop", base_url=None).tools}


def answer(purpose: str, step: int = 0, turn: int = 1, known: str = "ord-1001 shp-1001-1") -> Any:
    text = (
        f"GOAL\nOrder two blue mugs for customer 7\n{known}\nTASK purpose={purpose} step={step} round={turn} attempt=1"
    )
    found = SCRIPT.line(Prompt(messages=(Message(role="user", text=text),)))
    assert found is not None
    return json.loads(found.text)


@pytest.mark.parametrize(("step", "turn"), [(1, 1), (2, 1), (3, 1), (4, 2)])
def test_every_call_fits_the_document(step: int, turn: int) -> None:
    choice = answer("choose", step, turn)
    method, _, path = TOOLS[choice["tool"]].operation.partition(" ")
    validators = Validators("shop", TREE, CompiledSchemas())
    assert validators.problems(read_operation(TREE, method, path), choice["arguments"]) == ()


def test_the_plan_has_a_choice_for_each_step_and_the_last_is_reworked_once() -> None:
    assert [step["agent"] for step in answer("plan")["steps"]] == ["executor"] * 4
    assert [answer("review", step)["verdict"] for step in (1, 2, 3, 4)] == ["accept"] * 4
    plan, stated = answer("plan")["steps"][3], answer("choose", 4)["result"]
    order = Source(name="create_order", text='{"id": "ord-1001", "totalCents": 2500}')
    assert instructions(review(stated, [order], criteria=plan["criteria"], goal=plan["goal"]))


def test_the_shipment_is_of_the_order_that_was_placed() -> None:
    assert answer("choose", 3, known="ord-1007")["arguments"]["path"] == {"orderId": "ord-1007"}
    assert "ord-1007" in answer("answer", known="ord-1007 shp-1007-2")["answer"]
