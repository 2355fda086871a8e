"""The page goes through what goes wrong: no token, a server that restarts, calls that are given up."""

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from ops.sample.shop_document import document
from tests.end_to_end.program import reprise
from tests.explorer.conftest import Open, Served, broken_off, up, versions
from tests.ports import free_port

GOAL = "Order two blue mugs for customer 7"
REQUIRED = {"REPRISE_TOKENS__REQUIRED": "true"}
AWAY = "401|Unauthorized|ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|WebSocket connection"
"""What Chromium itself says of a refused request, and of a server that is not there."""


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """Run an `up` that asks for tokens, with a shop that nobody can reach."""
    with up(**REQUIRED) as served:
        issued = reprise(
            "token",
            "issue",
            "--user",
            "ada",
            "--roles",
            "admin,operator",
            "--json",
            folder=served.folder,
            more=REQUIRED,
        )
        served.headers["Authorization"] = f"Bearer {json.loads(issued.stdout)['token']}"
        yield served


@pytest.fixture(scope="module")
def shop(served: Served) -> None:
    """Register a shop that is closed."""
    base = f"http://127.0.0.1:{free_port()}"
    body = {"name": "shop", "document": document(base, True), "allowPrivate": True}
    served.post("/tools", body)


def sign_in(served: Served, page: Page) -> None:
    """Answer the page's question for a token."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Token").fill(served.headers["Authorization"].removeprefix("Bearer "))
    dialog.get_by_role("button", name="Go on").click()
    expect(page.locator("#connection")).to_have_text("connected")


def test_a_token_is_asked_for_and_kept_in_the_tab_only(served: Served, open_page: Open) -> None:
    with open_page(f"{served.url}/explorer", complains=AWAY) as page:
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Token").fill("nonsense")
        dialog.get_by_role("button", name="Go on").click()
        expect(dialog.get_by_label("Token")).to_have_value("")
        expect(dialog).to_be_visible()
        sign_in(served, page)
        expect(page.get_by_role("heading", level=1)).to_have_text("No session yet")
        expect(page.locator(".empty pre").first).to_contain_text("reprise tools add")
        assert page.evaluate("Object.keys(localStorage)") == []
        assert page.evaluate("Object.keys(sessionStorage)") == ["reprise.token"]
        page.reload()
        expect(page.locator("#connection")).to_have_text("connected")


@pytest.mark.usefixtures("shop")
def test_a_call_that_was_given_up_is_sent_again_and_then_discarded(served: Served, open_page: Open) -> None:
    with open_page(f"{served.url}/explorer#/dead-letters", complains=AWAY) as page:
        sign_in(served, page)
        expect(page.locator(".dead .empty")).to_have_text("No call was given up.")
        served.start_goal(GOAL, callAttempts=1)
        letter = page.locator(".letter")
        expect(letter.locator("h2 code")).to_have_text("GET /products")
        letter.get_by_label("Reason").fill("it is open again")
        letter.get_by_role("button", name="Replay").click()
        expect(letter.locator(".sent")).to_have_text("2 attempts")
        expect(letter.locator(".status")).to_have_text("open")
        letter.get_by_label("Reason").fill("bought elsewhere")
        letter.get_by_role("button", name="Discard").click()
        expect(letter.locator(".status")).to_have_text("discarded")
        expect(letter.locator(".why")).to_contain_text("ada: bought elsewhere")
        expect(letter.get_by_role("button", name="Replay")).to_have_count(0)
        letter.get_by_role("link").click()
        expect(page.locator(".head .status")).to_have_text("failed")


@pytest.mark.usefixtures("shop")
def test_a_token_that_expires_is_asked_for_again_and_the_events_go_on(served: Served, open_page: Open) -> None:
    session = served.start_goal(GOAL, callAttempts=1)
    with open_page(f"{served.url}/explorer", complains=AWAY) as page:
        sign_in(served, page)
        asked = broken_off(page, "UNAUTHENTICATED")
        page.goto(f"{served.url}/explorer#/sessions/{session}")
        page.reload()
        expect(page.get_by_role("dialog")).to_contain_text("It ends with UNAUTHENTICATED.")
        sign_in(served, page)
        expect(page.locator(".head .status")).to_have_text("failed")
        assert versions(page) == list(range(1, len(served.rows(session)) + 1))
    assert asked[0] is None and asked[1] is not None


@pytest.mark.usefixtures("shop")
def test_a_server_that_restarts_leaves_no_gap_and_no_repeat(served: Served, open_page: Open) -> None:
    session = served.start_goal(GOAL, retryBaseMs=600_000, retryCapMs=600_000, callTimeoutMs=3_600_000)
    with open_page(f"{served.url}/explorer#/sessions/{session}", complains=AWAY) as page:
        sign_in(served, page)
        expect(page.locator(".score .doing", has_text="again at")).to_be_visible()
        before = versions(page)
        served.stop()
        expect(page.locator("#connection")).to_have_text("reconnecting")
        served.start()
        expect(page.locator("#connection")).to_have_text("connected")
        path = f"{served.url}/sessions/{session}/cancel"
        assert httpx.post(path, json={"reason": "enough"}, headers=served.headers, timeout=60).status_code == 200
        expect(page.locator(".head .status")).to_have_text("cancelled")
        expect(page.locator(".sessions a[aria-current] .word")).to_have_text("cancelled")
        assert versions(page) == list(range(1, len(before) + 3))
