"""Another server is used where an operator says so, and what is missing is told with what to do."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Parts, problem

FILES = "https://files.example.com"
PATHS = {"/things": {"get": {}}, "/files": {"post": {"operationId": "upload", "servers": [{"url": f"{FILES}/v1"}]}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "https://api.example.com"}],
    "paths": PATHS,
}
KEY = {"reference": "env:REPRISE_SECRET_SHOP", "kind": "bearer"}


async def register(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    written = await client.post("/tools", json={"name": "things", "document": DOCUMENT, **more})
    assert written.status_code == 201, written.text
    shown: dict[str, Any] = written.json()
    return shown


@pytest.mark.usefixtures("parts")
async def test_an_operation_elsewhere_is_a_tool_once_its_place_is_allowed(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await register(client)
    assert (before["tools"], before["skipped"]) == (1, 1)
    assert f"register the document with --allow-origin {FILES}" in before["reasons"][0]
    after = await register(client, allowOrigins=[f"{FILES}/"])
    assert (after["tools"], after["skipped"]) == (2, 0)
    (revision,) = (await client.get("/apis/things/revisions")).json()["revisions"]
    assert revision["origins"] == [FILES]
    shown = (await client.post("/tools/upload/dry-run", json={})).json()
    assert (shown["url"], shown["problems"]) == (f"{FILES}/v1/files", [])
    monkeypatch.setenv("REPRISE_SECRET_SHOP", "canary")
    for origin, bound in (("", "https://api.example.com"), (FILES, FILES)):
        written = await client.put("/apis/things/bindings/token", json={**KEY, "origin": origin})
        assert written.json()["binding"]["origin"] == bound
    assert len((await client.get("/apis/things/bindings")).json()["bindings"]) == 2


async def test_a_place_that_is_none_or_was_not_allowed_is_refused(client: httpx.AsyncClient, parts: Parts) -> None:
    body = {"name": "things", "document": DOCUMENT, "allowOrigins": ["*"]}
    problem(await client.post("/tools", json=body), 400, "invalid")
    await register(client)
    refused = await client.put("/apis/things/bindings/token", json={**KEY, "origin": FILES})
    assert "--allow-origin" in problem(refused, 400, "invalid")
