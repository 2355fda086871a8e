"""The explorer's files are served as they are, with headers that let a browser do nothing else with them."""

import httpx

from api.explorer.page import FOLDER
from tests.api.conftest import Serve, problem


async def test_every_file_is_served_with_strict_headers_and_nothing_else_is(serve: Serve) -> None:
    async with serve(checked=False) as client:
        home = await client.get("/")
        assert (home.status_code, home.headers["location"]) == (307, "/explorer")
        for path in ("/explorer", *(f"/explorer/{file.name}" for file in FOLDER.iterdir())):
            await _is_strict(client, path)
        for name in ("nothing.js", "page.py", "%2e%2e%2fpage.py"):
            assert "explorer" in problem(await client.get(f"/explorer/{name}"), 404, "not-found")


async def _is_strict(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200 and answer.headers["content-type"].split("; ")[1:] == ["charset=utf-8"]
    policy = answer.headers["content-security-policy"]
    assert set(policy.split("; ")) >= {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"}
    assert "unsafe" not in policy and "http" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    again = await client.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_the_page_is_for_every_caller_and_loads_only_from_here(serve: Serve) -> None:
    async with serve(checked=False, loopback_without_token=False) as client:
        page = (await client.get("/explorer")).text
    assert "://" not in page and "<style" not in page and "style=" not in page and "<script>" not in page
