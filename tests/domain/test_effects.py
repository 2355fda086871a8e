"""A method or a name says what is done to the world, and what is not known writes."""

import pytest

from domain.catalog.effects import effect_of_name, effect_of_operation


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


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("list_invites", "/invites"),
        ("get_files_id_trash", "/files/{id}/trash"),
        ("actions_download_job_logs", "/jobs/{id}/logs"),
        ("check_if_merged", "/pulls/{number}/merge"),
        ("admin_invite_requests_list", "/admin.inviteRequests.list"),
        ("weather", "/weather"),
        ("", "/orders/{id}"),
        ("", "/orders/{id}/drop"),
    ],
)
def test_a_method_that_reads_is_believed_where_nothing_else_is_ordered(name: str, path: str) -> None:
    assert effect_of_operation("GET", name, path) == "read"


@pytest.mark.parametrize(
    ("name", "path", "effect"),
    [
        ("files_remote_share", "/files.remote.share", "write"),
        ("restart_service", "/services/{id}", "write"),
        ("", "/orders/{id}/cancel", "destructive"),
        ("", "/services/{id}/restart/", "write"),
        ("", "/apps.uninstall", "destructive"),
        ("", "/orders/{id}:purge", "destructive"),
        ("auth_revoke", "/auth.revoke", "destructive"),
        ("unsubscribe", "/unsubscribe", "destructive"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "QUERY"])
def test_a_method_that_reads_is_not_believed_where_something_else_is_ordered(
    method: str, name: str, path: str, effect: str
) -> None:
    assert effect_of_operation(method, name, path) == effect


@pytest.mark.parametrize(
    ("method", "effect"),
    [("POST", "write"), ("PATCH", "write"), ("PUT", "idempotent-write"), ("DELETE", "destructive"), ("LINK", "write")],
)
def test_a_method_that_changes_something_is_believed_whatever_the_name_says(method: str, effect: str) -> None:
    assert effect_of_operation(method, "get_user", "/users") == effect
