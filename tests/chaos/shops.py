"""Run two shops, one that honours idempotency keys and one that does not, and write the script for both.

Every session works with a number of its own, which names what it ordered and shipped.
"""

import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from ops.sample.shop import RunningShop, shop
from ops.sample.shop_control import FaultKind

SLOW_MS = 2_500
"""Longer than an attempt may take: the write happens when nobody waits for its answer any more."""
OPERATIONS = ("GET /products", "GET /orders/{orderId}", "POST /orders", "POST /orders/{orderId}/shipments")
KINDS: tuple[tuple[FaultKind, int], ...] = (("error", 0), ("lost-answer", 0), ("slow", SLOW_MS), ("slow", 1_000))
APIS = ("keyed", "keyless")


@asynccontextmanager
async def shops() -> AsyncIterator[dict[str, RunningShop]]:
    """Run both shops until the block ends."""
    async with AsyncExitStack() as stack:
        yield {
            api: await stack.enter_async_context(shop(keys=keys)) for api, keys in zip(APIS, (True, False), strict=True)
        }


def document(api: str, running: RunningShop) -> dict[str, Any]:
    """Return a shop's document, its operations named after the shop."""
    found = running.document()
    for path in found["paths"].values():
        for method in ("get", "post", "put", "delete"):
            if method in path:
                path[method]["operationId"] = f"{api}_{path[method]['operationId']}"
    return found


def break_one(chance: random.Random, running: dict[str, RunningShop], api: str = "", operation: str = "") -> None:
    """Plan a fault of one operation at one of the shops, of any where none is named."""
    kind, ms = chance.choice(KINDS)
    shop = running[api or chance.choice(APIS)]
    shop.faults(operation or chance.choice(OPERATIONS), kind, times=chance.randint(1, 3), ms=ms)


def api_of(tool: str) -> str:
    """Return the shop that a tool belongs to."""
    return tool.partition("_")[0]


def write_scripts(folder: Path) -> dict[str, str]:
    """Write a script a shop and return the models that answer by them."""
    paths = {api: folder / f"{api}.json" for api in APIS}
    for api, path in paths.items():
        path.write_text(json.dumps({"replies": _replies(api)}))
    return {api: f"scripted:{path}" for api, path in paths.items()}


def goal(kind: str, number: int) -> str:
    """Return the goal of a session."""
    return {
        "ship": f"Order and ship {number} blue mugs",
        "look": f"Look up what {number} blue mugs cost",
        "pair": f"Order {number} blue mugs and a second lot",
        "detour": f"Order {number} blue mugs by a detour",
    }[kind]


def _replies(api: str) -> list[dict[str, Any]]:
    order = {"find": {"n": r"(\d+) blue mugs"}, "text": _order(api)}
    ship = {"find": {"n": r"(\d+) blue mugs", "id": r"ord-\d+"}, "text": _ship(api)}
    search = {"reply": {"tool": f"{api}_search_products", "arguments": {"query": {"search": "blue mug"}}}}
    show = {
        "find": {"id": r"ord-\d+"},
        "text": f'{{"tool": "{api}_get_order", "arguments": {{"path": {{"orderId": "$id"}}}}}}',
    }
    customer = {"reply": {"tool": f"{api}_get_customer", "arguments": {"path": {"customerId": 7}}}}
    return [
        _plan("Order and ship", ["Find it"], ["Order it", 1], ["Ship it", 2], ["Show the order", 3]),
        _plan("Look up", ["Find it"], ["Find the customer"]),
        _plan("second lot", ["Order it"], ["Order it"], ["Find it", 1, 2]),
        _plan("a detour", ["Fail at once"], ["Find out"], ["Order it"], ["Show the order", 1, 3]),
        {"purpose": "replan", "reply": {"steps": [{"goal": "Show the order", "after": [2, 3], "instead": 4}]}},
        {"purpose": "choose", "goal": "\nFail at once\n", "reply": {"result": "Nothing was done."}},
        {"purpose": "review", "goal": "\nFail at once\n", "reply": {"verdict": "fail", "reason": "Nothing was."}},
        *({"purpose": "choose", "goal": "\nFind out\n", "round": each, **search} for each in (1, 2)),
        {"purpose": "choose", "goal": "\nFind out\n", "reply": {"findings": [_found("call-2-1")]}},
        *({"purpose": "choose", "goal": f"\n{said}\n", **reply} for said, reply in _steps(order, ship, search, show)),
        {"purpose": "choose", "goal": "\nFind the customer\n", **customer},
        {"purpose": "review", "reply": {"verdict": "accept", "reason": "It does."}},
        {"purpose": "answer", "reply": {"answer": "It is done."}},
    ]


def _steps(order: Any, ship: Any, search: Any, show: Any) -> list[tuple[str, dict[str, Any]]]:
    return [("Order it", order), ("Ship it", ship), ("Find it", search), ("Show the order", show)]


def _plan(said: str, *steps: list[Any]) -> dict[str, Any]:
    planned = [{"goal": step, "after": after, "criteria": "It is there."} for step, *after in steps]
    for step in planned:
        if step["goal"] == "Find out":
            step["agent"] = "researcher"
    return {"purpose": "plan", "goal": said, "reply": {"steps": planned}}


def _found(call: str) -> dict[str, Any]:
    return {"claim": "There are blue mugs.", "calls": [call]}


def _order(api: str) -> str:
    items = '[{"productId": "blue-mug", "quantity": $n}]'
    return f'{{"tool": "{api}_create_order", "arguments": {{"body": {{"customerId": 7, "items": {items}}}}}}}'


def _ship(api: str) -> str:
    arguments = '{"path": {"orderId": "$id"}, "body": {"carrier": "post $n"}}'
    return f'{{"tool": "{api}_ship_order", "arguments": {arguments}}}'
