"""A plain tool's name says what it does to the world, and what is not known writes."""

import pytest

from domain.catalog.effects import effect_of_name


@pytest.mark.parametrize(
    "name", ["get_user", "listOrders", "users.list", "ShopifyViewOrder", "get_sent_emails", "isAvailable"]
)
def test_a_name_that_looks_reads(name: str) -> None:
    assert effect_of_name(name) == "read"


@pytest.mark.parametrize(
    "name", ["send_email", "get_or_create_user", "reserve_hotel", "PayBill", "BookTable", "sendGet"]
)
def test_a_name_that_changes_something_writes_wherever_it_says_so(name: str) -> None:
    assert effect_of_name(name) == "write"


@pytest.mark.parametrize("name", ["delete_file", "GetAndRemoveUser", "cancelEvent", "ListThenPurge"])
def test_a_name_that_destroys_something_destroys_wherever_it_says_so(name: str) -> None:
    assert effect_of_name(name) == "destructive"


@pytest.mark.parametrize("name", ["", "frobnicate", "weather", "Execute", "数える", "order_get", "post_list"])
def test_a_name_that_says_nothing_known_writes(name: str) -> None:
    assert effect_of_name(name) == "write"
