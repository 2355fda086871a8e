"""People keep files for calls, which name them by their digests."""

import base64
from typing import Any

import httpx
import pytest

from commands.files import MOST_BYTES
from domain.encoding import digest_bytes
from tests.api.conftest import Parts, problem

FILE = b"\x00\xff of no text"
UPLOADS = {
    "openapi": "3.1.0",
    "info": {"title": "t", "version": "1"},
    "servers": [{"url": "https://api.example.com"}],
    "paths": {
        "/files": {"post": {"operationId": "upload", "requestBody": {"content": {"application/octet-stream": {}}}}}
    },
}


async def test_a_kept_file_is_what_a_call_would_carry(client: httpx.AsyncClient, parts: Parts) -> None:
    body = {"content": base64.b64encode(FILE).decode()}
    for _ in range(2):
        kept = await client.post("/blobs", json=body)
        assert (kept.status_code, kept.json()) == (201, {"digest": digest_bytes(FILE), "bytes": len(FILE)})
    assert await parts.store.get_blob("local", digest_bytes(FILE)) == FILE
    await client.post("/tools", json={"name": "files", "document": UPLOADS})
    call = {"arguments": {"body": {"blob": digest_bytes(FILE)}}}
    shown = (await client.post("/tools/upload/dry-run", json=call)).json()
    assert (shown["bodyDigest"], shown["problems"]) == (digest_bytes(FILE), [])


async def test_a_file_is_given_back_byte_for_byte_and_never_as_a_page(client: httpx.AsyncClient) -> None:
    page = b"<script>alert(1)</script>\xff"
    digest = (await client.post("/blobs", json={"content": base64.b64encode(page).decode()})).json()["digest"]
    given = await client.get(f"/blobs/{digest}")
    assert (given.status_code, given.content) == (200, page)
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"] == "attachment" and given.headers["x-content-type-options"] == "nosniff"
    problem(await client.get(f"/blobs/{digest_bytes(b'another')}"), 404, "not-found")
    problem(await client.get(f"/blobs/{digest[:12]}"), 400, "invalid")


async def test_a_text_is_a_file_too_and_an_empty_one(client: httpx.AsyncClient, parts: Parts) -> None:
    for text in ("gr\u00fc\u00dfe", ""):
        kept = await client.post("/blobs", json={"text": text})
        assert kept.json()["digest"] == digest_bytes(text.encode())


@pytest.mark.parametrize("body", [{}, {"text": "a", "content": "YQ=="}, {"content": "no base64!"}, {"text": 7}])
async def test_what_is_no_file_is_refused(client: httpx.AsyncClient, body: dict[str, Any]) -> None:
    problem(await client.post("/blobs", json=body), 400, "invalid")


async def test_a_file_that_no_call_could_carry_is_refused(client: httpx.AsyncClient) -> None:
    problem(await client.post("/blobs", json={"text": "x" * (MOST_BYTES + 1)}), 413, "too-large")
