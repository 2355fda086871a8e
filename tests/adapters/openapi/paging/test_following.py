"""Of thousands of hostile words for the next page none leads off the API, its path, or into another operation."""

import json
import random
import re
from urllib.parse import unquote, urlsplit

from adapters.openapi.model import Operation, Parameter
from adapters.openapi.paging.following import Astray, Follower
from adapters.openapi.requests.urls import check_url
from commands.ports import HttpResponse
from tests.adapters.openapi.requests.test_traversal import hostile

BASE = "https://api.example/v1"
PAGE = f"{BASE}/things/7"
TRIES = 12_000
PREFIXES = (
    "",
    "",
    "/",
    "/v1/",
    "/v1/things/",
    "?page=",
    BASE,
    f"{BASE}/",
    f"{BASE}/things/7?x=",
    "https://",
    "//",
    "../",
)
LISTED = Operation(
    method="GET",
    path="/things/{id}",
    parameters=(Parameter(name="cursor", place="query", required=False, schema={}, style="form", explode=True),),
    pages=True,
)
OTHERS = ("GET /things/{id}", "GET /admin/{id}", "POST /things", "GET /things/{id}/secrets")


def said(members: object) -> HttpResponse:
    body = json.dumps(members).encode()
    return HttpResponse(status=200, headers=(("content-type", "application/json"),), body=body, latency_ms=1)


def follower() -> Follower:
    return Follower(LISTED, BASE, {}, lambda arguments: f"{PAGE}?cursor=1", OTHERS)


def least_encoded(text: str) -> str:
    while (decoded := unquote(text)) != text:
        text = decoded
    return text


def test_no_word_for_the_next_page_leads_anywhere_else() -> None:
    chance = random.Random(20_261_128)
    followed, refused = 0, 0
    for _ in range(TRIES):
        named = chance.choice(PREFIXES) + hostile(chance)
        try:
            url = follower().after(PAGE, said({"next": named}))
        except Astray:
            refused += 1
            continue
        if url is None:
            continue  # not even a URL
        followed += 1
        check_url(url, BASE)
        path = least_encoded(urlsplit(url).path)
        assert path.startswith("/v1/") and not re.search(r"(^|[/\\])\.+([/\\;?#]|$)", path), named
        assert url.startswith(f"{BASE}/") and not re.fullmatch(r"/v1/(admin/[^/]+|things/[^/]+/secrets)", path), named
    print(f"{TRIES} words for the next page: {followed} followed, {refused} refused, 0 escapes")
    assert followed > 500 and refused > 3_000


def test_a_page_may_move_where_no_operation_is() -> None:
    """GitHub names its next pages by the number of a repository, under a path that no operation has."""
    assert (
        follower().after(PAGE, said({"next": "/v1/by-number/9/things?page=2"})) == f"{BASE}/by-number/9/things?page=2"
    )


def test_a_fragment_is_left_out_and_what_a_query_cannot_hold_is_escaped() -> None:
    url = follower().after(PAGE, said({"next": "?filter[a]=é|b&x=%5B#top"}))
    assert url == f"{PAGE}?filter%5Ba%5D=%C3%A9%7Cb&x=%5B"
