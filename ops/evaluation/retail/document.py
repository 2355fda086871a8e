"""Describe the shop's API: where each tool is served, and how its arguments are grouped there."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from domain.encoding import canonical
from ops.evaluation.retail.shop import ADDRESS, REASONS

TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
LIST: dict[str, Any] = {"type": "array", "items": TEXT, "minItems": 1}
ANY: dict[str, Any] = {"type": "string"}


class Route(NamedTuple):
    """Say where a tool is served, and which arguments it takes beside those in its path, by their schemas."""

    method: str
    path: str
    words: str
    takes: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Name where the other arguments stand."""
        return "query" if self.method == "get" else "body"


_ITEMS = {"item_ids": LIST, "new_item_ids": LIST, "payment_method_id": TEXT}
_ADDRESS = dict.fromkeys(ADDRESS, ANY)

ROUTES: dict[str, Route] = {
    "find_user_id_by_email": Route("get", "/users/by-email", "Find a user's id by e-mail address.", {"email": TEXT}),
    "find_user_id_by_name_zip": Route(
        "get",
        "/users/by-name",
        "Find a user's id by first name, last name and zip code.",
        {"first_name": TEXT, "last_name": TEXT, "zip": TEXT},
    ),
    "get_user_details": Route("get", "/users/{user_id}", "Show a user: address, payment methods, orders.", {}),
    "modify_user_address": Route("put", "/users/{user_id}/address", "Give a user another address.", _ADDRESS),
    "get_order_details": Route("get", "/orders/{order_id}", "Show an order: items, status, payments.", {}),
    "get_product_details": Route("get", "/products/{product_id}", "Show a product and its variants.", {}),
    "get_item_details": Route("get", "/items/{item_id}", "Show one variant of a product.", {}),
    "list_all_product_types": Route("get", "/products", "List the names and ids of all products.", {}),
    "calculate": Route("get", "/calculation", "Compute an expression of numbers.", {"expression": TEXT}),
    "cancel_pending_order": Route(
        "post",
        "/orders/{order_id}/cancellation",
        "Cancel a pending order and give the money back.",
        {"reason": {"type": "string", "enum": list(REASONS)}},
    ),
    "modify_pending_order_address": Route(
        "put", "/orders/{order_id}/address", "Send a pending order elsewhere.", _ADDRESS
    ),
    "modify_pending_order_payment": Route(
        "put", "/orders/{order_id}/payment", "Pay a pending order by another method.", {"payment_method_id": TEXT}
    ),
    "modify_pending_order_items": Route(
        "put", "/orders/{order_id}/items", "Put other variants into a pending order, once.", _ITEMS
    ),
    "return_delivered_order_items": Route(
        "post",
        "/orders/{order_id}/returns",
        "Ask for items of a delivered order to be taken back.",
        {"item_ids": LIST, "payment_method_id": TEXT},
    ),
    "exchange_delivered_order_items": Route(
        "post", "/orders/{order_id}/exchanges", "Ask for items of a delivered order to be exchanged.", _ITEMS
    ),
    "transfer_to_human_agents": Route("post", "/transfers", "Hand the customer over to a human.", {"summary": TEXT}),
}


def grouped(tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Group a tool's arguments as path, query and body."""
    route = ROUTES[tool]
    path = {name: value for name, value in arguments.items() if f"{{{name}}}" in route.path}
    rest = {name: value for name, value in arguments.items() if name not in path}
    return {**({"path": path} if path else {}), **({route.place: rest} if rest else {})}


def document() -> bytes:
    """Return the OpenAPI document; its server is said when it is registered."""
    paths: dict[str, Any] = {}
    for name, route in ROUTES.items():
        paths.setdefault(route.path, {})[route.method] = _operation(name, route)
    return canonical({"openapi": "3.1.0", "info": {"title": "Retail support", "version": "1"}, "paths": paths})


def _operation(name: str, route: Route) -> dict[str, Any]:
    in_path = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    parameters = [_parameter("path", each, TEXT) for each in in_path]
    operation: dict[str, Any] = {
        "operationId": name,
        "description": route.words,
        "responses": {"200": {"description": "What became of it.", "content": {"application/json": {}}}},
    }
    if route.place == "query":
        parameters += [_parameter("query", each, schema) for each, schema in route.takes.items()]
    elif route.takes:
        schema = {
            "type": "object",
            "properties": dict(route.takes),
            "required": list(route.takes),
            "additionalProperties": False,
        }
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {**operation, "parameters": parameters} if parameters else operation


def _parameter(place: str, name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": dict(schema)}
