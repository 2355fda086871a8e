"""An operation with a server of its own goes there only where that is at its API, or where an operator allows it."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.http.dialer import HttpDialer
from adapters.openapi.auth.credentials import Credentials
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.reading.api import read_api
from adapters.openapi.servers import place
from adapters.openapi.tools import OpenApiTools
from commands.bindings import Wanted, binding_of
from commands.catalogue.documents import plain_origin
from domain.catalog.bindings import bindings_of
from domain.catalog.events import SchemeBound, SchemeUnbound
from domain.catalog.state import Document
from domain.encoding import digest_bytes
from domain.errors import Invalid
from ops.sample.http_server import Request, Response, json_response, serving
from tests.adapters.openapi.paging.paged import Kept, Paged
from tests.adapters.openapi.requests.making import BASE, built, operation, parameter

API = "https://api.example/v1"
KEY = {"key": {"type": "apiKey", "in": "header", "name": "x-key"}}


def written(own: dict[str, str], **more: Any) -> bytes:
    paths = {
        f"/{name}": {"get": {"operationId": name, **({"servers": [{"url": url}]} if url else {})}}
        for name, url in own.items()
    }
    return json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths, **more}).encode()


def placed(own: str, *origins: str, base_url: str = API) -> str | None:
    found = OpenApiDocuments().ingest(written({"a": "", "b": own}), api="api", base_url=base_url, origins=origins)
    return next((tool.server for tool in found.tools if tool.name == "b"), None)


@pytest.mark.parametrize(
    ("own", "server"),
    [
        ("https://api.example/v2", "https://api.example/v2"),
        ("https://api.example/", "https://api.example"),
        ("https://api.example:443/v2", "https://api.example:443/v2"),
        ("/v2", "https://api.example/v2"),
        ("/v1", ""),
        ("https://api.example/v1/", ""),
        ("https://files.example/v1", None),
        ("http://api.example/v1", None),
        ("https://api.example:8443/v1", None),
        ("https://api.example.evil/v1", None),
        ("https://evil@api.example/v2", None),
        ("//files.example/v1", None),
        ("https://api.example/a/../../b", None),
        ("https://api.example/%2e%2e/b", None),
        ("file:///etc", None),
    ],
)
def test_only_another_path_at_the_same_place_needs_nobodys_word(own: str, server: str | None) -> None:
    assert placed(own) == server


def test_an_allowed_place_is_a_place_and_no_more_than_that() -> None:
    assert placed("https://files.example/up", "https://files.example") == "https://files.example/up"
    assert placed("https://files.example:8443/up", "https://files.example") is None
    assert placed("http://files.example/up", "https://files.example") is None
    assert placed("https://more.files.example/up", "https://files.example") is None


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("/v2", "'/v2' at the API's address, which is not known; name it by --base-url"),
        (
            "https://files.example/v1",
            "not at the API, whose address is not known; .* --allow-origin https://files.example",
        ),
    ],
)
def test_where_nobody_knows_the_apis_address_the_reason_says_so(own: str, message: str) -> None:
    (operation,) = read_api(json.loads(written({"b": own}))).operations
    (blocked,) = place([operation], "", ()).blocked
    assert re.search(message, blocked.message)


def test_an_operator_who_says_where_the_api_is_says_nothing_of_other_places() -> None:
    assert placed("https://api.example/v2", base_url="http://127.0.0.1:1/v1") is None
    assert placed("/v2", base_url="http://127.0.0.1:1/v1") == "http://127.0.0.1:1/v2"


@pytest.mark.parametrize("text", ["https://A.example/", "https://a.example:443", "HTTPS://a.example"])
def test_an_origin_has_one_form(text: str) -> None:
    assert plain_origin(text) == "https://a.example"


@pytest.mark.parametrize(
    "text",
    ["", "a.example", "ftp://a", "https://a/b", "https://u@a", "https://a?b", "https://a#b", "https://[::1", "*"],
)
def test_what_is_no_origin_cannot_be_allowed(text: str) -> None:
    with pytest.raises(Invalid, match="Expected an origin as https://files"):
        plain_origin(text)


@asynccontextmanager
async def two_places() -> AsyncIterator[tuple[Paged, list[Request], list[Request]]]:
    """Serve an API whose operation ``away`` is at another place, which is allowed."""
    here: list[Request] = []
    there: list[Request] = []

    async def at_home(request: Request) -> Response:
        here.append(request)
        return json_response(200, {})

    async def away(request: Request) -> Response:
        there.append(request)
        return json_response(200, {"next": f"{home}/v1/away"})

    async with serving(at_home) as home, serving(away) as other, HttpDialer() as dialer:
        own = {"home": "", "away": f"{other}/up", "beside": f"{home}/v2"}
        more = {"components": {"securitySchemes": KEY}, "security": [{"key": []}]}
        data = written(own, servers=[{"url": f"{home}/v1"}], **more)
        found = OpenApiDocuments().ingest(data, api="api", base_url="", origins=[other])
        document = Document(
            api="api",
            document=digest_bytes(data),
            base_url=found.base_url,
            allow_private=True,
            origins=(other,),
            tools=found.tools,
        )
        kept = Kept(data)
        yield Paged(other, OpenApiTools(dialer, kept, Credentials(dialer, kept, kept)), document, kept), here, there


def bind(api: Paged, origin: str = "") -> None:
    wanted = Wanted(api="api", scheme="key", reference="env:KEY", origin=origin)
    made = binding_of(wanted, OpenApiDocuments().schemes(api.kept.data), api.document)
    held = [SchemeBound(api="api", binding=each) for each in (*api.kept.bindings, made)]
    api.kept.bindings = bindings_of(held)


async def test_requests_go_to_the_server_of_their_own() -> None:
    async with two_places() as (api, here, there):
        bind(api)
        bind(api, api.url)
        for name in ("home", "away", "beside"):
            await api.send(name, {})
        assert [each.path for each in here] == ["/v1/home", "/v2/beside"]
        assert [each.path for each in there] == ["/up/away"]
        assert {each.headers["x-key"] for each in (*here, *there)} == {"canary-secret"}


async def test_a_credential_of_the_api_does_not_go_to_another_place_unless_it_is_bound_for_it() -> None:
    async with two_places() as (api, here, there):
        bind(api)
        (problem,) = await api.problems("away", {})
        assert f"`reprise tools bind api key env:REPRISE_SECRET_… --origin {api.url}`" in problem
        assert await api.problems("beside", {}) == ()
        api.kept.bindings = ()
        bind(api, api.url)
        assert "which is not bound" in (await api.problems("home", {}))[0]
        assert await api.problems("away", {}) == () and here == there == []


async def test_no_credential_is_bound_for_a_place_that_nobody_allowed() -> None:
    async with two_places() as (api, _, _):
        with pytest.raises(Invalid, match="register the document with --allow-origin first"):
            bind(api, "https://elsewhere.example")


async def test_unbinding_a_scheme_unbinds_it_everywhere() -> None:
    async with two_places() as (api, _, _):
        bind(api)
        bind(api, api.url)
        assert len(api.kept.bindings) == 2
        held = [SchemeBound(api="api", binding=each) for each in api.kept.bindings]
        assert bindings_of([*held, SchemeUnbound(api="api", scheme="key")]) == ()


def test_the_mark_of_a_path_is_not_sent() -> None:
    marked = operation("/f/{id}#copy", parameter("id", "path", required=True))
    assert built(marked, path={"id": "7"}).url == f"{BASE}/f/7"
