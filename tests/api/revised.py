"""Change the shop's document as a next version of a real API would, one realistic edit at a time."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeAlias

Document: TypeAlias = dict[str, Any]
Edit: TypeAlias = Callable[[Document], object]
Named: TypeAlias = set[tuple[str, str, str]]
"""Holds the cause, the operation and the place of each finding."""


def edited(document: Document, *edits: Edit) -> Document:
    """Return the document with these edits."""
    changed = deepcopy(document)
    for edit in edits:
        edit(changed)
    return changed


def schemas(document: Document) -> Document:
    found: Document = document["components"]["schemas"]
    return found


def search(document: Document) -> Document:
    found: Document = document["paths"]["/products"]["get"]
    return found


def rename_search(document: Document) -> None:
    """Call the search's words `q`, and ask for them always."""
    search(document)["parameters"][0] |= {"name": "q", "required": True}


def require_limit(document: Document) -> None:
    """Ask for a limit always."""
    search(document)["parameters"][1]["required"] = True


def move_search(document: Document) -> None:
    """Take the search's words in a header."""
    search(document)["parameters"][0] |= {"in": "header"}


def tighten_carriers(document: Document) -> None:
    """Take two carriers only."""
    schemas(document)["NewShipment"]["properties"]["carrier"] = {"enum": ["courier", "pickup"]}


def name_customers(document: Document) -> None:
    """Number customers by texts."""
    schemas(document)["NewOrder"]["properties"]["customerId"] = {"type": "string"}


def remove_get_order(document: Document) -> None:
    """Show no order any more."""
    del document["paths"]["/orders/{orderId}"]["get"]


def rename_order_id(document: Document) -> None:
    """Give the path's parameter another name."""
    item = document["paths"].pop("/orders/{orderId}")
    document["components"]["parameters"]["OrderId"]["name"] = "orderId"
    item["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    document["paths"]["/orders/{id}"] = item


def break_get_order(document: Document) -> None:
    """Forget to describe the path's parameter."""
    document["paths"]["/orders/{orderId}"]["parameters"] = []


def remove_what_nobody_called(document: Document) -> None:
    """Remove an operation and tighten a schema that no recorded call touches."""
    del document["paths"]["/orders/{orderId}"]["delete"]
    schemas(document)["NewRefund"]["required"].append("reason")


def say_that_orders_are_open(document: Document) -> None:
    """Say that no credentials are needed where orders are shown."""
    document["paths"]["/orders/{orderId}"]["get"]["security"] = []


def number_prices(document: Document) -> None:
    """Answer prices as texts."""
    schemas(document)["Product"]["properties"]["priceCents"] = {"type": "string"}


def place_later(document: Document) -> None:
    """Answer a new order with another status."""
    post = document["paths"]["/orders"]["post"]
    post["responses"] = {"202": post["responses"]["201"]}


def grow(document: Document) -> None:
    """Describe better, and take more than before."""
    search(document)["summary"] = "Find products by the words of their name."
    search(document)["parameters"].append({"name": "page", "in": "query", "schema": {"type": "integer"}})
    schemas(document)["NewOrder"]["properties"]["note"] = {"type": "string"}


SEARCH, ORDER = "GET /products", "POST /orders"
SHIP, GET = "POST /orders/{orderId}/shipments", "GET /orders/{orderId}"

EDITS: tuple[tuple[Edit, Named], ...] = (
    (rename_search, {("argument-gone", SEARCH, "/query/search"), ("argument-required", SEARCH, "/query/q")}),
    (require_limit, {("argument-required", SEARCH, "/query/limit")}),
    (move_search, {("argument-moved", SEARCH, "/query/search")}),
    (tighten_carriers, {("argument-refused", SHIP, "/body/carrier")}),
    (name_customers, {("argument-refused", ORDER, "/body/customerId")}),
    (remove_get_order, {("operation-gone", GET, "")}),
    (rename_order_id, {("operation-moved", GET, "")}),
    (break_get_order, {("operation-unusable", GET, "")}),
    (say_that_orders_are_open, {("security-changed", GET, "")}),
    (number_prices, {("answer-mismatch", SEARCH, "/*/priceCents")}),
    (place_later, {("answer-mismatch", ORDER, "/")}),
    (remove_what_nobody_called, set()),
    (grow, set()),
)
