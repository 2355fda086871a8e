"""Rehearse calls: what is shown is what would be sent and judged, and nothing is."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.conftest import GOAL, Parts, problem

ORDER = {"body": {"customerId": 7, "items": [{"productId": "blue-mug", "quantity": 2}]}}


async def rehearse(client: httpx.AsyncClient, tool: str, **body: Any) -> dict[str, Any]:
    response = await client.post(f"/tools/{tool}/dry-run", json=body)
    assert response.status_code == 200, response.text
    shown: dict[str, Any] = response.json()
    return shown


@pytest.mark.usefixtures("tools")
async def test_a_write_is_shown_with_its_request_its_verdict_and_its_cost(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    shown = await rehearse(client, "create_order", arguments=ORDER)
    assert (shown["method"], shown["url"]) == ("POST", f"{parts.shop.url}/orders")
    assert {"name": "content-type", "value": "application/json"} in shown["headers"]
    assert shown["bodyPreview"] == '{"customerId":7,"items":[{"productId":"blue-mug","quantity":2}]}'
    assert (shown["decision"], shown["rules"], shown["agent"]) == ("ask", ["writes-ask"], "executor")
    assert (shown["effectClass"], shown["repeatable"], shown["toolCalls"]) == ("write", True, 1)
    assert shown["requestBytes"] > shown["bodyBytes"] == len(shown["bodyPreview"])


@pytest.mark.usefixtures("tools")
async def test_nothing_is_dialled_or_recorded(client: httpx.AsyncClient, parts: Parts) -> None:
    head, counts = await parts.store.head(), parts.shop.counts()
    await rehearse(client, "create_order", arguments=ORDER)
    await rehearse(client, "search_products", arguments={"query": {"search": "mug"}})
    assert (await parts.store.head(), parts.shop.counts()) == (head, counts)


@pytest.mark.usefixtures("tools")
async def test_the_digest_is_the_one_that_an_approval_signs(client: httpx.AsyncClient, parts: Parts) -> None:
    async with parts.worker():
        await client.post("/orchestrate", json={"goal": GOAL})
        approval = await waiting_approval(client)
    shown = await rehearse(client, "create_order", arguments=approval["requestJson"])
    assert shown["requestDigest"] == approval["requestDigest"]


async def waiting_approval(client: httpx.AsyncClient) -> dict[str, Any]:
    for _ in range(600):
        listed: list[dict[str, Any]] = (await client.get("/approvals")).json()["approvals"]
        if listed:
            return listed[0]
        await asyncio.sleep(0.05)
    raise AssertionError("nobody was asked")


@pytest.mark.usefixtures("tools")
async def test_arguments_that_make_no_request_are_named_with_their_places(client: httpx.AsyncClient) -> None:
    wrong = {"body": {"customerId": "seven", "items": [{"productId": "blue-mug", "quantity": 2}]}}
    shown = await rehearse(client, "create_order", arguments=wrong)
    assert any(each.startswith("/body/customerId: ") for each in shown["problems"])
    assert (shown["url"], shown["requestDigest"], shown["decision"], shown["toolCalls"]) == ("", "", "", 0)


@pytest.mark.usefixtures("tools")
async def test_an_agent_that_may_not_use_the_tool_is_denied(client: httpx.AsyncClient) -> None:
    shown = await rehearse(client, "search_products", arguments={}, agent="planner")
    assert (shown["decision"], shown["rules"]) == ("deny", ["tool-not-listed"])


@pytest.mark.usefixtures("tools")
async def test_what_is_not_there_is_refused(client: httpx.AsyncClient) -> None:
    problem(await client.post("/tools/nothing/dry-run", json={}), 404, "not-found")
    problem(await client.post("/tools/create_order/dry-run", json={"agent": "nobody"}), 404, "not-found")
    problem(await client.post("/tools/create_order/dry-run", json={"argument": {}}), 400, "invalid")
