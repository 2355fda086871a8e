"""Run the sample shop: a small real HTTP API with state, planned faults and counters.

``python -m ops.sample.shop --port N`` prints its URL; ``--no-keys`` switches the Idempotency-Key support off.
Outside its OpenAPI document it serves ``POST /_faults`` and ``GET /_counts``.
"""

import argparse
import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

import msgspec

from ops.sample.http_server import Request, Response, json_response, serving
from ops.sample.shop_control import Control, Counts, Fault, FaultKind
from ops.sample.shop_document import document
from ops.sample.shop_state import Address, NewOrder, NewRefund, NewShipment, ShopError, ShopState

__all__ = ["OPERATIONS", "RunningShop", "document", "shop"]

Body = TypeVar("Body")
Perform: TypeAlias = Callable[[ShopState, Request, str], Any]


def _limit(request: Request) -> int:
    text = request.query.get("limit", "20")
    return int(text) if text.isdecimal() else 20


OPERATIONS: dict[str, tuple[int, Perform]] = {
    "GET /products": (200, lambda s, r, _: s.search_products(r.query.get("search", ""), _limit(r))),
    "GET /products/{productId}": (200, lambda s, _, name: s.product(name)),
    "GET /customers/{customerId}": (200, lambda s, _, name: s.customer(name)),
    "GET /orders": (200, lambda s, r, _: s.list_orders(r.query.get("customerId", ""))),
    "POST /orders": (201, lambda s, r, _: s.create_order(_body(r, NewOrder))),
    "GET /orders/{orderId}": (200, lambda s, _, name: s.order(name)),
    "DELETE /orders/{orderId}": (204, lambda s, _, name: s.cancel_order(name)),
    "PUT /orders/{orderId}/address": (200, lambda s, r, name: s.set_address(name, _body(r, Address))),
    "POST /orders/{orderId}/refunds": (201, lambda s, r, name: s.refund(name, _body(r, NewRefund))),
    "POST /orders/{orderId}/shipments": (201, lambda s, r, name: s.ship(name, _body(r, NewShipment))),
}
_PATTERNS = {name: re.compile(re.sub(r"\{\w+\}", "([^/]+)", name)) for name in OPERATIONS}


class RunningShop:
    """Be a shop that serves under ``url``."""

    def __init__(self, *, keys: bool) -> None:
        self.url = ""
        self.keys = keys
        self.state = ShopState()
        self._control = Control()
        self._answered: dict[str, tuple[tuple[str, str, bytes], Response]] = {}

    def document(self) -> dict[str, Any]:
        """Return the OpenAPI document that is served under /openapi.json."""
        return document(self.url, self.keys)

    def faults(self, operation: str, kind: FaultKind, *, times: int = 1, ms: int = 0) -> None:
        """Plan a fault, as ``POST /_faults`` does."""
        if operation not in OPERATIONS:
            raise ShopError(422, f"Expected one of {', '.join(OPERATIONS)}, not {operation!r}.")
        self._control.plan(Fault(operation=operation, kind=kind, times=times, ms=ms))

    def counts(self) -> Counts:
        """Return the counters, as ``GET /_counts`` does."""
        return self._control.counts()

    async def handle(self, request: Request) -> Response | None:
        """Answer one request, or close the connection without an answer."""
        try:
            return self._side_door(request) or await self._operate(request)
        except ShopError as refusal:
            return json_response(refusal.status, {"error": str(refusal)})

    def _side_door(self, request: Request) -> Response | None:
        match request.method, request.path:
            case "GET", "/openapi.json":
                return json_response(200, self.document())
            case "GET", "/_counts":
                return json_response(200, self.counts())
            case "POST", "/_faults":
                fault = _body(request, Fault)
                self.faults(fault.operation, fault.kind, times=fault.times, ms=fault.ms)
                return json_response(200, fault)
            case _:
                return None

    async def _operate(self, request: Request) -> Response | None:
        operation, name = _route(request)
        self._control.count(operation, _key(request), requests=1)
        fault = self._control.next_fault(operation)
        if fault and fault.kind == "error":
            raise ShopError(500, "The shop failed before it did anything, as it was told to.")
        if fault and fault.kind == "slow":
            await asyncio.sleep(fault.ms / 1000)
        response = self._once(request, operation, name)
        return None if fault and fault.kind == "lost-answer" else response

    def _once(self, request: Request, operation: str, name: str) -> Response:
        """Perform a request, or repeat the answer that was given under its key; nothing here may wait."""
        honoured = _key(request) if self.keys and request.method == "POST" else ""
        fingerprint = (request.method, request.path, request.body)
        if honoured in self._answered:
            first, response = self._answered[honoured]
            if first != fingerprint:
                raise ShopError(422, "This Idempotency-Key was used for another request.")
            return response
        response = self._perform(request, operation, name)
        if honoured:
            self._answered[honoured] = (fingerprint, response)
        return response

    def _perform(self, request: Request, operation: str, name: str) -> Response:
        status, perform = OPERATIONS[operation]
        value = perform(self.state, request, name)
        if request.method != "GET":
            self._control.count(operation, _key(request), writes=1)
        return Response(status=204) if status == 204 else json_response(status, value)


def _key(request: Request) -> str:
    return request.headers.get("idempotency-key", "")


def _route(request: Request) -> tuple[str, str]:
    for operation, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(f"{request.method} {request.path}"):
            return operation, found.group(1) if found.groups() else ""
    raise ShopError(404, f"There is no {request.method} {request.path}; see /openapi.json.")


def _body(request: Request, kind: type[Body]) -> Body:
    try:
        return msgspec.json.decode(request.body, type=kind)
    except msgspec.DecodeError as fault:
        raise ShopError(422, f"Expected a JSON body as /openapi.json says, but {fault}.") from fault


@asynccontextmanager
async def shop(port: int = 0, keys: bool = True) -> AsyncIterator[RunningShop]:
    """Run a fresh shop on 127.0.0.1 until the block ends."""
    running = RunningShop(keys=keys)
    async with serving(running.handle, port=port) as url:
        running.url = url
        yield running


async def _serve(port: int, keys: bool) -> None:
    async with shop(port, keys) as running:
        print(running.url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Run the sample shop on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--no-keys", action="store_true", help="do not honour the Idempotency-Key header")
    arguments = parser.parse_args()
    try:
        asyncio.run(_serve(arguments.port, not arguments.no_keys))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
