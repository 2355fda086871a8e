"""Describe the sample shop's API as an OpenAPI 3.1 document."""

from typing import Any

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer"}
CENTS: Schema = {"type": "integer", "description": "Money in cents."}


def document(base_url: str, keys: bool) -> dict[str, Any]:
    """Return the document; with ``keys`` every POST declares the Idempotency-Key header."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sample shop", "version": "1", "description": "A small shop to try things on."},
        "servers": [{"url": base_url}],
        "paths": _paths([{"$ref": "#/components/parameters/IdempotencyKey"}] if keys else []),
        "components": {"schemas": _SCHEMAS, "parameters": _PARAMETERS},
    }


def _paths(key: list[Schema]) -> dict[str, Any]:
    order = [{"$ref": "#/components/parameters/OrderId"}]
    return {
        "/products": {
            "get": _operation(
                "searchProducts",
                "Search products by the words of their name.",
                _array("Product"),
                parameters=[
                    _query("search", STRING),
                    _query("limit", {**INTEGER, "minimum": 1, "maximum": 100}),
                ],
            )
        },
        "/products/{productId}": {
            "get": _operation(
                "getProduct", "Show one product.", _ref("Product"), parameters=[_path("productId", STRING)]
            )
        },
        "/customers/{customerId}": {
            "get": _operation(
                "getCustomer",
                "Show one customer.",
                _ref("Customer"),
                parameters=[_path("customerId", INTEGER)],
            )
        },
        "/orders": {
            "get": _operation(
                "listOrders",
                "List orders, of one customer or all.",
                _array("Order"),
                parameters=[_query("customerId", INTEGER)],
            ),
            "post": _operation(
                "createOrder", "Place an order.", _ref("Order"), "201", parameters=key, body=_ref("NewOrder")
            ),
        },
        "/orders/{orderId}": {
            "parameters": order,
            "get": _operation("getOrder", "Show one order with its total and shipments.", _ref("Order")),
            "delete": _operation("cancelOrder", "Cancel an order that was not shipped.", None, "204"),
        },
        "/orders/{orderId}/address": {
            "parameters": order,
            "put": _operation("setOrderAddress", "Say where an order goes.", _ref("Order"), body=_ref("Address")),
        },
        "/orders/{orderId}/refunds": {
            "parameters": order,
            "post": _operation(
                "refundOrder",
                "Pay money back.",
                _ref("Refund"),
                "201",
                parameters=key,
                body=_ref("NewRefund"),
            ),
        },
        "/orders/{orderId}/shipments": {
            "parameters": order,
            "post": _operation(
                "shipOrder",
                "Hand an order to a carrier.",
                _ref("Shipment"),
                "201",
                parameters=key,
                body=_ref("NewShipment"),
            ),
        },
    }


def _operation(
    name: str,
    summary: str,
    answer: Schema | None,
    status: str = "200",
    *,
    parameters: list[Schema] | None = None,
    body: Schema | None = None,
) -> Schema:
    content = {} if answer is None else {"content": {"application/json": {"schema": answer}}}
    operation: Schema = {"operationId": name, "summary": summary, "parameters": parameters or []}
    if body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    error = {"content": {"application/json": {"schema": _ref("Error")}}}
    operation["responses"] = {
        status: {"description": summary, **content},
        "default": {"description": "What was wrong.", **error},
    }
    return operation


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _array(name: str) -> Schema:
    return {"type": "array", "items": _ref(name)}


def _path(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query(name: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "schema": schema}


def _object(required: str, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


_PARAMETERS: Schema = {
    "OrderId": _path("orderId", STRING),
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A repeat under the same key is answered like the first request and does nothing.",
        "schema": STRING,
    },
}
_ITEM = _object("productId quantity", productId=STRING, quantity={**INTEGER, "minimum": 1})
_ORDER_ITEMS: Schema = {"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Item"}}
_SCHEMAS: Schema = {
    "Product": _object("id name priceCents stock", id=STRING, name=STRING, priceCents=CENTS, stock=INTEGER),
    "Customer": _object("id name email", id=INTEGER, name=STRING, email=STRING),
    "Item": _ITEM,
    "NewOrder": _object("customerId items", customerId=INTEGER, items=_ORDER_ITEMS),
    "Order": _object(
        "id customerId items totalCents refundedCents status address shipments",
        id=STRING,
        customerId=INTEGER,
        items=_ORDER_ITEMS,
        totalCents=CENTS,
        refundedCents=CENTS,
        status={"enum": ["placed", "shipped", "cancelled"]},
        address={"anyOf": [_ref("Address"), {"type": "null"}]},
        shipments=_array("Shipment"),
    ),
    "Address": _object("street city country", street=STRING, city=STRING, country=STRING),
    "NewRefund": _object("amountCents", amountCents={**CENTS, "minimum": 1}, reason=STRING),
    "Refund": _object("orderId amountCents refundedCents", orderId=STRING, amountCents=CENTS, refundedCents=CENTS),
    "NewShipment": _object("", carrier=STRING),
    "Shipment": _object("id orderId carrier", id=STRING, orderId=STRING, carrier=STRING),
    "Error": _object("error", error=STRING),
}
