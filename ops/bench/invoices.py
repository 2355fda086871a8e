"""Hold a small document with an invoice, for whoever measures without real documents: cycles, nulls, alternatives."""

from typing import Any

_REFERENCE = "#/components/schemas/"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Invoices", "version": "1"},
    "paths": {},
    "components": {
        "schemas": {
            "customer": {
                "type": "object",
                "required": ["id", "email"],
                "properties": {
                    "id": {"type": "string", "maxLength": 5000},
                    "email": {"type": "string", "nullable": True},
                    "latest": {"nullable": True, "allOf": [{"$ref": f"{_REFERENCE}invoice"}]},
                },
            },
            "line": {
                "type": "object",
                "required": ["amount", "quantity", "price"],
                "properties": {
                    "amount": {"type": "integer"},
                    "quantity": {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
                    "price": {"type": "number", "multipleOf": 0.01, "minimum": 0},
                    "discounts": {"type": "array", "items": {"type": "string", "pattern": "^di_[a-z0-9]+$"}},
                },
            },
            "invoice": {
                "type": "object",
                "required": ["id", "status", "customer", "lines"],
                "properties": {
                    "id": {"type": "string", "pattern": "^in_[0-9]+$"},
                    "status": {"type": "string", "enum": ["draft", "open", "paid", "void"], "nullable": True},
                    "customer": {"anyOf": [{"type": "string"}, {"$ref": f"{_REFERENCE}customer"}]},
                    "lines": {"type": "array", "items": {"$ref": f"{_REFERENCE}line"}, "maxItems": 100},
                    "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
        }
    },
}
INVOICE: dict[str, Any] = {
    "id": "in_1",
    "status": "open",
    "customer": {"id": "cus_1", "email": None, "latest": None},
    "lines": [{"amount": 500, "quantity": 2, "price": 2.5, "discounts": ["di_a1"]}] * 10,
    "metadata": {"order": "ord-1001"},
}
