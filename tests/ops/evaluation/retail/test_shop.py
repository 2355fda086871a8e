"""The shop does what its tools say, and what it refuses leaves the database as it was."""

import json
from copy import deepcopy
from typing import Any

import pytest

from ops.evaluation.corner_shop import FOLDER
from ops.evaluation.retail.shop import Refusal, Shop, computed


@pytest.fixture
def shop() -> Shop:
    return Shop(json.loads((FOLDER / "db.json").read_bytes()))


def card(shop: Shop) -> float:
    balance: float = shop.database["users"]["ada_poole_17"]["payment_methods"]["gift_card_51"]["balance"]
    return balance


def test_another_variant_is_paid_for_by_the_difference(shop: Shop) -> None:
    swap = {"item_ids": ["2101"], "new_item_ids": ["2102"], "payment_method_id": "gift_card_51"}
    order = shop.apply("modify_pending_order_items", {"order_id": "#C100", **swap})
    assert order["items"][1]["item_id"] == "2102" and order["payment_history"][-1]["amount"] == 4.5
    assert card(shop) == 15.5
    with pytest.raises(Refusal, match="item modified"):
        shop.apply("modify_pending_order_items", {"order_id": "#C100", **swap})


def test_a_cancelled_order_gives_back_what_was_paid(shop: Shop) -> None:
    order = shop.apply("cancel_pending_order", {"order_id": "#C200", "reason": "ordered by mistake"})
    assert (order["status"], order["payment_history"][-1]["transaction_type"]) == ("cancelled", "refund")


def test_another_way_to_pay_refunds_the_first(shop: Shop) -> None:
    shop.database["users"]["ada_poole_17"]["payment_methods"]["gift_card_51"]["balance"] = 60.0
    order = shop.apply("modify_pending_order_payment", {"order_id": "#C100", "payment_method_id": "gift_card_51"})
    assert [each["transaction_type"] for each in order["payment_history"]] == ["payment", "payment", "refund"]
    assert card(shop) == 10.01


@pytest.mark.parametrize(
    ("tool", "arguments", "status"),
    [
        ("cancel_pending_order", {"order_id": "#C101", "reason": "no longer needed"}, 409),
        ("cancel_pending_order", {"order_id": "#C100", "reason": "I like it"}, 422),
        ("get_order_details", {"order_id": "#C999"}, 404),
        ("find_user_id_by_email", {"email": "nobody@example.com"}, 404),
        (
            "modify_pending_order_items",
            {"order_id": "#C100", "item_ids": ["2001"], "new_item_ids": ["2003"], "payment_method_id": "paypal_52"},
            422,
        ),
        (
            "modify_pending_order_items",
            {"order_id": "#C100", "item_ids": ["2001"], "new_item_ids": ["2102"], "payment_method_id": "paypal_52"},
            422,
        ),
        (
            "modify_pending_order_items",
            {"order_id": "#C100", "item_ids": ["2001"], "new_item_ids": [], "payment_method_id": "paypal_52"},
            422,
        ),
        ("modify_pending_order_payment", {"order_id": "#C100", "payment_method_id": "credit_card_61"}, 422),
        ("modify_pending_order_payment", {"order_id": "#C100", "payment_method_id": "gift_card_51"}, 422),
        (
            "return_delivered_order_items",
            {"order_id": "#C101", "item_ids": ["2102", "2102"], "payment_method_id": "gift_card_51"},
            422,
        ),
        (
            "return_delivered_order_items",
            {"order_id": "#C101", "item_ids": ["2102"], "payment_method_id": "paypal_52"},
            422,
        ),
    ],
)
def test_what_is_refused_changes_nothing(shop: Shop, tool: str, arguments: dict[str, Any], status: int) -> None:
    before = deepcopy(shop.database)
    with pytest.raises(Refusal) as refusal:
        shop.apply(tool, arguments)
    assert refusal.value.status == status and shop.database == before


@pytest.mark.parametrize(
    ("expression", "result"), [("3131.1 + 4777.75 + 367.38", "8276.23"), ("-(2 - 5) * 4 / 8", "1.50")]
)
def test_sums_are_computed(expression: str, result: str) -> None:
    assert computed(expression) == result


@pytest.mark.parametrize("expression", ["1 / 0", "2 ** 9", "__import__('os')", "1 +", "(" * 5000, "'a' * 9"])
def test_nothing_but_sums_is_computed(expression: str) -> None:
    with pytest.raises(Refusal):
        computed(expression)
