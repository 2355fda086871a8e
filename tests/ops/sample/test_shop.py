"""The sample shop is a real service: it keeps state, fails as told, and counts."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from openapi_core import OpenAPI

from adapters.http.dialer import HttpDialer
from commands.ports import DialFault, HttpRequest, HttpResponse
from ops.sample.shop import RunningShop, shop
from ops.sample.shop_control import Count

ORDER = {"customerId": 7, "items": [{"productId": "blue-mug", "quantity": 2}]}


class Customer:
    """Talk to a shop."""

    def __init__(self, dialer: HttpDialer, url: str) -> None:
        self.dialer = dialer
        self.url = url

    async def send(self, method: str, path: str, body: object = None, key: str = "") -> HttpResponse:
        """Send one request."""
        headers = (("idempotency-key", key),) if key else ()
        data = b"" if body is None else msgspec.json.encode(body)
        request = HttpRequest(
            method=method,
            url=self.url + path,
            origin=self.url,
            headers=headers,
            body=data,
            timeout_ms=60_000,
            allow_private=True,
        )
        return await self.dialer.send(request)

    async def read(self, method: str, path: str, body: object = None, key: str = "") -> Any:
        """Send one request and read its JSON."""
        return msgspec.json.decode((await self.send(method, path, body, key)).body)


@asynccontextmanager
async def customer(keys: bool = True) -> AsyncIterator[tuple[RunningShop, Customer]]:
    async with shop(keys=keys) as running, HttpDialer() as dialer:
        yield running, Customer(dialer, running.url)


async def test_two_blue_mugs_are_found_ordered_shipped_and_priced() -> None:
    async with customer() as (_, client):
        (mug,) = await client.read("GET", "/products?search=blue%20mug")
        order = await client.read("POST", "/orders", ORDER)
        await client.send("PUT", f"/orders/{order['id']}/address", {"street": "1", "city": "B", "country": "DE"})
        shipment = await client.read("POST", f"/orders/{order['id']}/shipments", {})
        seen = await client.read("GET", f"/orders/{order['id']}")
        assert mug["priceCents"] * 2 == seen["totalCents"] == 2500
        assert seen["status"] == "shipped" and seen["shipments"] == [shipment]
        assert await client.read("GET", "/orders?customerId=7") == [seen]


async def test_a_repeat_under_the_same_key_writes_once_and_answers_the_same() -> None:
    async with customer() as (running, client):
        first, second = [await client.read("POST", "/orders", ORDER, "k1") for _ in range(2)]
        other = await client.send("POST", "/orders", {**ORDER, "customerId": 8}, "k1")
        assert first == second and other.status == 422
        assert running.counts().keys == {"k1": Count(requests=3, writes=1)}


async def test_without_key_support_a_repeat_writes_again() -> None:
    async with customer(keys=False) as (running, client):
        for _ in range(2):
            await client.send("POST", "/orders", ORDER, "k1")
        assert running.counts().keys == {"k1": Count(requests=2, writes=2)}
        assert "Idempotency-Key" not in str(running.document()["paths"]["/orders"]["post"])


async def test_an_error_comes_before_the_write() -> None:
    async with customer() as (running, client):
        plan = {"operation": "POST /orders", "kind": "error", "times": 2}
        assert (await client.send("POST", "/_faults", plan)).status == 200
        statuses = [(await client.send("POST", "/orders", ORDER)).status for _ in range(3)]
        assert statuses == [500, 500, 201]
        assert running.counts().operations == {"POST /orders": Count(requests=3, writes=1)}


async def test_a_lost_answer_comes_after_the_write() -> None:
    async with customer() as (running, client):
        running.faults("POST /orders", "lost-answer")
        with pytest.raises(DialFault) as fault:
            await client.send("POST", "/orders", ORDER, "k1")
        assert fault.value.sent
        assert (await client.read("POST", "/orders", ORDER, "k1"))["id"] == "ord-1001"
        assert running.counts().keys == {"k1": Count(requests=2, writes=1)}


async def test_a_slow_write_happens_although_the_client_gave_up() -> None:
    async with customer() as (running, client):
        running.faults("POST /orders", "slow", ms=1_500)
        hasty = HttpRequest(
            method="POST",
            url=f"{running.url}/orders",
            origin=running.url,
            body=msgspec.json.encode(ORDER),
            timeout_ms=1_000,
            allow_private=True,
        )
        with pytest.raises(DialFault, match="did not answer in 1000 ms"):
            await client.dialer.send(hasty)
        async with asyncio.timeout(60):
            while not running.counts().operations["POST /orders"].writes:  # noqa: ASYNC110 - only its count tells
                await asyncio.sleep(0.05)
        assert running.counts().operations["POST /orders"].writes == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/orders/ord-1", None, 404),
        ("POST", "/orders", {"customerId": "7"}, 422),
        ("POST", "/orders", {"customerId": 7, "items": []}, 422),
        ("POST", "/orders", {"customerId": 7, "items": [{"productId": "oak-tray", "quantity": 1}]}, 409),
        ("POST", "/_faults", {"operation": "POST /nowhere", "kind": "error"}, 422),
    ],
)
async def test_wrong_requests_are_refused_and_write_nothing(method: str, path: str, body: object, status: int) -> None:
    async with customer() as (running, client):
        assert (await client.send(method, path, body)).status == status
        assert all(count.writes == 0 for count in running.counts().operations.values())


async def test_a_cancelled_order_gives_its_items_back_once_and_is_not_shipped() -> None:
    async with customer() as (_, client):
        before = (await client.read("GET", "/products/blue-mug"))["stock"]
        order = await client.read("POST", "/orders", ORDER)
        statuses = [(await client.send("DELETE", f"/orders/{order['id']}")).status for _ in range(2)]
        assert statuses == [204, 204]
        assert (await client.read("GET", "/products/blue-mug"))["stock"] == before
        assert (await client.send("POST", f"/orders/{order['id']}/shipments", {})).status == 409


async def test_refunds_stop_at_what_was_paid() -> None:
    async with customer() as (_, client):
        order = await client.read("POST", "/orders", ORDER)
        path = f"/orders/{order['id']}/refunds"
        statuses = [(await client.send("POST", path, {"amountCents": 2000})).status for _ in range(2)]
        assert statuses == [201, 422]


@pytest.mark.parametrize("keys", [True, False])
async def test_the_served_document_is_valid_openapi(keys: bool) -> None:
    async with customer(keys) as (running, client):
        served = await client.read("GET", "/openapi.json")
        assert served == running.document()
        OpenAPI.from_dict(served)


async def test_as_a_child_process_it_prints_its_url() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ops.sample.shop", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    try:
        url = (await asyncio.wait_for(child.stdout.readline(), 120)).decode().strip()
        async with HttpDialer() as dialer:
            assert (await Customer(dialer, url).send("GET", "/products")).status == 200
    finally:
        child.kill()
        await child.wait()
