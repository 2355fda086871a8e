"""A redirect is an answer; it is followed only where that was asked for, and never out of the origin or its path."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.http.dialer import HttpDialer
from adapters.http.redirects import climbs
from commands.ports import HttpRequest, HttpResponse
from ops.sample.http_server import Request, Response, serving


@asynccontextmanager
async def redirecting(*locations: str) -> AsyncIterator[tuple[str, list[Request]]]:
    """Serve a chain of redirects that ends with an answer; ``{here}`` is the server itself."""
    seen: list[Request] = []
    here = [""]

    async def handle(request: Request) -> Response:
        seen.append(request)
        if len(seen) > len(locations):
            return Response(status=200, body=b"end")
        return Response(status=302, headers=(("location", locations[len(seen) - 1].replace("{here}", here[0])),))

    async with serving(handle) as url:
        here[0] = url
        yield url, seen


async def send(url: str, **more: Any) -> HttpResponse:
    credentials = (("authorization", "Bearer secret"),)
    fields: dict[str, Any] = {"method": "GET", "follow": 3, "prefix": "/v1/", "allow_private": True, **more}
    async with HttpDialer() as dialer:
        return await dialer.send(HttpRequest(url=f"{url}/v1/a", origin=url, headers=credentials, **fields))


async def test_a_chain_within_the_origin_and_the_path_is_followed_when_asked() -> None:
    async with redirecting("/v1/b?x=1", "c", "{here}/v1/d") as (url, seen):
        assert (await send(url)).body == b"end"
    assert [each.path for each in seen] == ["/v1/a", "/v1/b", "/v1/c", "/v1/d"]


async def test_it_is_followed_no_further_than_asked() -> None:
    async with redirecting("/v1/b", "/v1/c", "/v1/d") as (url, seen):
        assert (await send(url, follow=2)).status == 302 and len(seen) == 3
    async with redirecting("/v1/b") as (url, seen):
        assert (await send(url, follow=0)).status == 302 and len(seen) == 1


async def test_a_write_is_never_sent_again_to_a_redirect() -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        async with redirecting("/v1/b") as (url, seen):
            assert (await send(url, method=method)).status == 302 and len(seen) == 1


@pytest.mark.parametrize(
    "location",
    [
        "{elsewhere}/v1/b", "//{elsewhere_place}/v1/b", "/v2/b", "/", "/v1", "/v1/../v2/b", "../v2/b", "/v1/%2e%2e/v2",
        "/v1/%252e%252e/v2", "/v1/..%2fv2", "/v1/..\\v2", "\\\\{elsewhere_place}/v1/b", "/\\{elsewhere_place}/v1/b",
        "https://{place}/v1/b", "http://user@{place}/v1/b", "http://{place}@{elsewhere_place}/v1/b", "file:///v1/b",
        "http://{place}\t/v1/b", "", "http://", "http://[", "javascript:alert(1)", "http://localhost:{port}/v1/b",
    ],
)  # fmt: skip
async def test_nothing_is_sent_out_of_the_origin_or_its_path(location: str) -> None:
    async with redirecting() as (elsewhere, other):
        seen: list[Request] = []

        async def handle(request: Request) -> Response:
            seen.append(request)
            place = request.headers["host"]
            here = {"place": place, "port": place.rpartition(":")[2]}
            there = {"elsewhere": elsewhere, "elsewhere_place": elsewhere.removeprefix("http://")}
            return Response(status=307, headers=(("location", location.format(**here, **there)),))

        async with serving(handle) as url:
            assert (await send(url)).status == 307
    assert [each.path for each in seen] == ["/v1/a"] and not other


async def test_a_chain_that_leaves_at_its_end_is_not_followed_out() -> None:
    async with redirecting() as (elsewhere, other), redirecting("/v1/b", "/v1/c", f"{elsewhere}/v1/d") as (url, seen):
        answer = await send(url, follow=9)
    assert answer.status == 302 and answer.header("location").startswith(elsewhere)
    assert len(seen) == 3 and not other


def test_a_dot_segment_is_seen_however_often_it_is_encoded() -> None:
    assert climbs("/a/%25252e%25252e/b") and climbs("/a\\..\\b") and climbs("/./a")
    assert not climbs("/a/..b/c.../.well-known")
