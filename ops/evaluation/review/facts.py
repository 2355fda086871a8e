"""Take facts out of a shop's records, as its read operations answer them: what claims are then made of.

A fact is of an entity, has an attribute, and a value. A set of facts comes with the outputs that hold them.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from domain.encoding import foreign

Shop: TypeAlias = Mapping[str, Mapping[str, Any]]


class Fact(NamedTuple):
    """Be one fact; ``kind`` says how its value is written: money, count, text, id, flag."""

    entity: str
    attribute: str
    value: Any
    kind: str


class Facts(NamedTuple):
    """Hold what a claim states, and the ``outputs`` it was read from, each with its tool's name.

    ``topic`` is what all is about; ``derived`` are figures that no output holds: sums and counts.
    """

    subject: str
    topic: str
    outputs: tuple[tuple[str, str], ...]
    facts: tuple[Fact, ...]
    derived: tuple[Fact, ...] = ()


def facts_of(shop: Shop, chance: random.Random) -> Iterator[Facts]:
    """Draw sets of facts for ever: of an order, of two, of a user, of a product."""
    orders = [order for order in shop["orders"].values() if _distinct(order)]
    users, products = list(shop["users"].values()), list(shop["products"].values())
    while True:
        yield _order(chance.choice(orders))
        yield _orders(chance, orders)
        yield _users(*chance.sample(users, 2))
        yield _product(chance, chance.choice(products))


def _distinct(order: Mapping[str, Any]) -> bool:
    """Tell whether items can be told apart, so that what is exchanged between two is false afterwards."""
    names, prices = [i["name"] for i in order["items"]], [i["price"] for i in order["items"]]
    return len(names) > 1 and len(set(names)) == len(names) and len(set(prices)) == len(prices)


def _order(order: Mapping[str, Any]) -> Facts:
    items = order["items"]
    facts = [Fact(item["name"], "price", Decimal(str(item["price"])), "money") for item in items]
    facts += [Fact(order["order_id"], "status", order["status"], "text")]
    facts += [Fact(order["order_id"], "zip", order["address"]["zip"], "id")]
    total = sum((Decimal(str(item["price"])) for item in items), Decimal(0))
    derived = (
        Fact(order["order_id"], "total", total, "money"),
        Fact(order["order_id"], "items", len(items), "count"),
    )
    return Facts("order", order["order_id"], (_output("get_order_details", order),), tuple(facts), derived)


def _orders(chance: random.Random, orders: Sequence[Mapping[str, Any]]) -> Facts:
    one, other = chance.sample(orders, 2)
    while one["status"] == other["status"] or len(one["items"]) == len(other["items"]):
        one, other = chance.sample(orders, 2)
    facts = [Fact(order["order_id"], "status", order["status"], "text") for order in (one, other)]
    facts += [Fact(order["order_id"], "city", order["address"]["city"], "text") for order in (one, other)]
    derived = tuple(Fact(order["order_id"], "items", len(order["items"]), "count") for order in (one, other))
    outputs = tuple(_output("get_order_details", order) for order in (one, other))
    return Facts("orders", "", outputs, tuple(facts), derived)


def _users(one: Mapping[str, Any], other: Mapping[str, Any]) -> Facts:
    people = [(user, f"{user['name']['first_name']} {user['name']['last_name']}") for user in (one, other)]
    facts = [Fact(name, "email", user["email"], "id") for user, name in people]
    facts += [Fact(name, "zip", user["address"]["zip"], "id") for user, name in people]
    facts += [Fact(name, "user id", user["user_id"], "id") for user, name in people]
    return Facts("users", "", tuple(_output("get_user_details", user) for user, _ in people), tuple(facts))


def _product(chance: random.Random, product: Mapping[str, Any]) -> Facts:
    variants = list(product["variants"].values())
    shown = chance.sample(variants, 2)
    facts = [Fact(each["item_id"], "price", Decimal(str(each["price"])), "money") for each in shown]
    facts += [Fact(product["name"], "product id", product["product_id"], "id")]
    free = sum(each["available"] for each in variants)
    derived = (
        Fact(product["name"], "variants", len(variants), "count"),
        Fact(product["name"], "available variants", free, "count"),
    )
    return Facts("product", product["name"], (_output("get_product_details", product),), tuple(facts), derived)


def _output(tool: str, value: Any) -> tuple[str, str]:
    return tool, bytes(foreign(value)).decode()
