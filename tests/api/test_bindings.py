"""Schemes are bound over HTTP by those who may, by references that are open to them, and no secret is ever shown."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Parts, problem

KEY = {"reference": "env:REPRISE_SECRET_SHOP", "kind": "api-key", "place": "header", "field": "X-Api-Key"}


@pytest.mark.usefixtures("tools")
async def test_a_scheme_is_bound_listed_and_unbound(
    client: httpx.AsyncClient, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRISE_SECRET_SHOP", "canary-of-the-shop")
    written = await client.put("/apis/shop/bindings/key", json=KEY, headers={"Idempotency-Key": "bind"})
    assert (written.status_code, written.headers["etag"]) == (200, '"1"')
    again = await client.put("/apis/shop/bindings/key", json=KEY, headers={"Idempotency-Key": "bind"})
    assert again.json() == written.json()
    listed = await client.get("/apis/shop/bindings")
    (shown,) = listed.json()["bindings"]
    assert shown == written.json()["binding"]
    assert (shown["reference"], shown["origin"]) == ("env:REPRISE_SECRET_SHOP", parts.shop.url)
    assert "canary" not in listed.text + written.text
    stale = await client.delete("/apis/shop/bindings/key", headers={"If-Match": '"7"'})
    problem(stale, 412, "stale")
    gone = await client.delete("/apis/shop/bindings/key", headers={"If-Match": '"1"'})
    assert (gone.status_code, gone.json()["binding"]) == (200, None)
    assert (await client.get("/apis/shop/bindings")).json() == {"bindings": []}
    problem(await client.delete("/apis/shop/bindings/key"), 404, "not-found")


@pytest.mark.usefixtures("tools")
async def test_a_caller_cannot_bind_what_is_not_open_to_bindings(client: httpx.AsyncClient) -> None:
    for reference in ("env:HOME", "env:PATH", "file:/etc/passwd", "vault:sys/raw#key"):
        body = {**KEY, "reference": reference}
        problem(await client.put("/apis/shop/bindings/key", json=body), 403, "forbidden")


@pytest.mark.usefixtures("tools")
async def test_a_binding_of_the_wrong_form_is_refused(client: httpx.AsyncClient) -> None:
    wrong: list[dict[str, Any]] = [
        {"reference": "hunter2"},
        {"kind": "digest"},
        {"field": "Host"},
        {"secret": "hunter2"},
        {"kind": "", "field": ""},
    ]
    for each in wrong:
        told = problem(await client.put("/apis/shop/bindings/key", json={**KEY, **each}), 400, "invalid")
        assert "hunter2" not in told
    problem(await client.put("/apis/none/bindings/key", json=KEY), 404, "not-found")
