"""Prices and budgets are set and read over REST and GraphQL, and what no money can be is refused."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.conftest import GOAL, Parts, problem

PRICES: dict[str, Any] = {
    "name": "ours",
    "currency": "EUR",
    "models": [{"model": "scripted:*", "inputPerMillion": "1.50", "outputPerMillion": 3}],
    "tools": [{"tool": "shop/*", "perCall": "0.01"}],
}


async def priced(client: httpx.AsyncClient) -> None:
    added = await client.post("/prices", json=PRICES)
    assert added.status_code == 201, added.text
    activated = await client.post("/prices/ours/activate", json={"reason": "they are new"})
    assert activated.json()["digest"] == added.json()["digest"]


def line(lines: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(each for each in lines if each["kind"] == kind)


async def test_prices_are_kept_exactly_and_one_list_is_in_force(client: httpx.AsyncClient) -> None:
    await priced(client)
    shown = (await client.get("/prices/ours")).json()
    assert shown["models"] == [{"model": "scripted:*", "tokensIn": 1_500_000, "tokensOut": 3_000_000}]
    assert shown["tools"] == [{"tool": "shop/*", "call": 10_000}]
    listed = (await client.get("/prices")).json()["prices"]
    assert listed == [{"name": "ours", "revisions": [shown["digest"]], "active": shown["digest"]}]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"currency": "euro"}, "three capital letters"),
        ({"models": [{**PRICES["models"][0], "inputPerMillion": "-1"}]}, "'-1'"),
        ({"models": [{**PRICES["models"][0], "inputPerMillion": "0.0000001"}]}, "six digits"),
        ({"models": [{**PRICES["models"][0], "inputPerMillion": "1e99"}]}, "'1e99'"),
        ({"models": [{**PRICES["models"][0], "inputPerMillion": "NaN"}]}, "'NaN'"),
        ({"models": PRICES["models"] * 2}, "given twice"),
        ({"models": [], "tools": []}, "the list is empty"),
    ],
)
async def test_what_is_no_price_is_refused(client: httpx.AsyncClient, change: dict[str, Any], words: str) -> None:
    assert words in problem(await client.post("/prices", json={**PRICES, **change}), 400, "invalid")
    assert (await client.get("/prices")).json() == {"prices": []}


async def test_a_budget_pays_and_says_what_is_left(
    client: httpx.AsyncClient, parts: Parts, tools: dict[str, Any]
) -> None:
    await priced(client)
    body = {"limits": {"money": "25.00", "toolCalls": 100}, "currency": "EUR", "period": "month", "reason": "spring"}
    put = await client.put("/budgets/tenant", json=body)
    assert put.status_code == 200, put.text
    assert line(put.json()["lines"], "money") == {
        "kind": "money",
        "unit": "millionths of EUR",
        "spent": 0,
        "reserved": 0,
        "limit": 25_000_000,
        "left": 25_000_000,
    }
    limits = {"money": "5", "wallMs": 600_000}
    async with parts.worker():
        started = await client.post("/orchestrate", json={"goal": GOAL, "constraints": {"limits": limits}})
        session = started.json()["sessionId"]
        budget: dict[str, Any] = {"lines": []}
        for _ in range(600):
            budget = (await client.get(f"/sessions/{session}/budget")).json()
            if line(budget["lines"], "money")["spent"]:
                break
            await asyncio.sleep(0.1)
    assert budget["metered"] and budget["accounts"] == ["tenant"] and budget["currency"] == "EUR"
    money = line(budget["lines"], "money")
    assert money["spent"] + money["reserved"] + money["left"] == money["limit"] == 5_000_000
    account = (await client.get("/budgets/tenant")).json()
    assert account["sessions"] == 1 and line(account["lines"], "money")["reserved"] >= money["spent"]
    await client.post(f"/sessions/{session}/cancel", json={})
    asked = (
        "query ($id: ID!) { session(id: $id) { budget { accounts lines { kind spent } } } budgets { account period } }"
    )
    answered = (await client.post("/graphql", json={"query": asked, "variables": {"id": session}})).json()
    assert answered["data"]["budgets"] == [{"account": "tenant", "period": "month"}]
    assert answered["data"]["session"]["budget"]["accounts"] == ["tenant"]


async def test_steps_are_counted_where_nothing_is_limited_too(
    client: httpx.AsyncClient, parts: Parts, tools: dict[str, Any]
) -> None:
    async with parts.worker():
        session = (await client.post("/orchestrate", json={"goal": GOAL})).json()["sessionId"]
        budget: dict[str, Any] = {}
        for _ in range(600):
            budget = (await client.get(f"/sessions/{session}/budget")).json()
            if line(budget["lines"], "tool_calls")["spent"]:
                break
            await asyncio.sleep(0.1)
    assert (budget["metered"], budget["agents"]) == (False, [])
    assert line(budget["lines"], "steps")["spent"] >= 1


async def test_a_limit_without_a_reason_or_a_currency_is_refused(client: httpx.AsyncClient) -> None:
    no_reason = await client.put("/budgets/tenant", json={"limits": {"tokens": 1}, "reason": " "})
    assert "say why" in problem(no_reason, 400, "invalid")
    no_currency = await client.put("/budgets/tenant", json={"limits": {"money": "1"}, "reason": "why"})
    assert "currency" in problem(no_currency, 400, "invalid")
    nobody = await client.put("/budgets/everybody", json={"limits": {"tokens": 1}, "reason": "why"})
    assert "tenant or user:NAME" in problem(nobody, 400, "invalid")
    assert problem(await client.get("/budgets/tenant"), 404, "not-found")
