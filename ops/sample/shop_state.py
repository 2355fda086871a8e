"""Keep the sample shop's products, customers, orders, refunds and shipments; money is in cents."""

from typing import Any

import msgspec


class ShopError(Exception):
    """Refuse a request with an HTTP status."""

    def __init__(self, status: int, reason: str):
        super().__init__(reason)
        self.status = status


class Item(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Name how many of a product are wanted."""

    product_id: str
    quantity: int


class NewOrder(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Say who wants what."""

    customer_id: int
    items: tuple[Item, ...]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Say where an order goes."""

    street: str
    city: str
    country: str


class NewRefund(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Say how much to pay back and why."""

    amount_cents: int
    reason: str = ""


class NewShipment(msgspec.Struct, frozen=True, kw_only=True):
    """Say who carries a shipment."""

    carrier: str = "post"


PRODUCTS = (
    {"id": "blue-mug", "name": "Blue mug", "priceCents": 1250, "stock": 1_000_000},
    {"id": "red-mug", "name": "Red mug", "priceCents": 1150, "stock": 12},
    {"id": "tea-pot", "name": "Tea pot", "priceCents": 3900, "stock": 3},
    {"id": "oak-tray", "name": "Oak tray", "priceCents": 2700, "stock": 0},
)
CUSTOMERS = (
    {"id": 7, "name": "Ada Marsh", "email": "ada@example.com"},
    {"id": 8, "name": "Bo Winter", "email": "bo@example.com"},
)


class ShopState:
    """Hold the shop's state; every method is one operation and raises ShopError."""

    def __init__(self) -> None:
        self.products: dict[str, dict[str, Any]] = {str(row["id"]): dict(row) for row in PRODUCTS}
        self.customers: dict[int, dict[str, Any]] = {row["id"]: dict(row) for row in CUSTOMERS}  # type: ignore[misc]
        self.orders: dict[str, dict[str, Any]] = {}

    def search_products(self, text: str, limit: int) -> list[dict[str, Any]]:
        """Find products whose name holds every word of a text."""
        words = text.lower().split()
        hits = [row for row in self.products.values() if all(word in row["name"].lower() for word in words)]
        return hits[:limit]

    def product(self, product_id: str) -> dict[str, Any]:
        """Return one product."""
        return _found(self.products.get(product_id), "product", product_id)

    def customer(self, customer_id: str) -> dict[str, Any]:
        """Return one customer."""
        known = self.customers.get(int(customer_id)) if customer_id.isdecimal() else None
        return _found(known, "customer", customer_id)

    def order(self, order_id: str) -> dict[str, Any]:
        """Return one order."""
        return _found(self.orders.get(order_id), "order", order_id)

    def list_orders(self, customer_id: str) -> list[dict[str, Any]]:
        """Return the orders of one customer, or all."""
        return [row for row in self.orders.values() if customer_id in ("", str(row["customerId"]))]

    def create_order(self, new: NewOrder) -> dict[str, Any]:
        """Place an order and take its items from the stock."""
        self.customer(str(new.customer_id))
        if not new.items or any(item.quantity < 1 for item in new.items):
            raise ShopError(422, "An order needs items, each with a quantity of at least 1.")
        total = sum(self._price(item) for item in new.items)
        for item in new.items:
            self.products[item.product_id]["stock"] -= item.quantity
        order_id = f"ord-{1001 + len(self.orders)}"
        self.orders[order_id] = {
            "id": order_id,
            "customerId": new.customer_id,
            "items": msgspec.to_builtins(new.items),
            "totalCents": total,
            "refundedCents": 0,
            "status": "placed",
            "address": None,
            "shipments": [],
        }
        return self.orders[order_id]

    def set_address(self, order_id: str, address: Address) -> dict[str, Any]:
        """Say where an order goes."""
        order = self.order(order_id)
        order["address"] = msgspec.to_builtins(address)
        return order

    def cancel_order(self, order_id: str) -> None:
        """Cancel an order that was not shipped; cancelling it again changes nothing."""
        order = self.order(order_id)
        if order["shipments"]:
            raise ShopError(409, f"Order {order_id} was shipped; refund it instead.")
        if order["status"] != "cancelled":
            for item in order["items"]:
                self.products[item["productId"]]["stock"] += item["quantity"]
        order["status"] = "cancelled"

    def refund(self, order_id: str, new: NewRefund) -> dict[str, Any]:
        """Pay money back, at most what was paid."""
        order = self.order(order_id)
        open_cents = order["totalCents"] - order["refundedCents"]
        if not 0 < new.amount_cents <= open_cents:
            raise ShopError(422, f"Expected 1 to {open_cents} cents, not {new.amount_cents}.")
        order["refundedCents"] += new.amount_cents
        return {"orderId": order_id, "amountCents": new.amount_cents, "refundedCents": order["refundedCents"]}

    def ship(self, order_id: str, new: NewShipment) -> dict[str, Any]:
        """Hand an order to a carrier; a further shipment of the same order is a further parcel."""
        order = self.order(order_id)
        if order["status"] == "cancelled":
            raise ShopError(409, f"Order {order_id} was cancelled.")
        number = len(order["shipments"]) + 1
        shipment = {"id": f"shp-{order_id[4:]}-{number}", "orderId": order_id, "carrier": new.carrier}
        order["shipments"].append(shipment)
        order["status"] = "shipped"
        return shipment

    def _price(self, item: Item) -> int:
        product = self.product(item.product_id)
        if product["stock"] < item.quantity:
            raise ShopError(409, f"Only {product['stock']} of {item.product_id} are in stock.")
        return int(product["priceCents"]) * item.quantity


def _found(value: dict[str, Any] | None, kind: str, name: str) -> dict[str, Any]:
    if value is None:
        raise ShopError(404, f"There is no {kind} {name}.")
    return value
