"""Files go up from the store and come down to be kept, byte for byte."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from werkzeug.formparser import parse_form_data

from adapters.http.dialer import HttpDialer
from adapters.openapi.answers import MAX_ANSWER, MAX_FILE
from adapters.openapi.requests.built import Built
from commands.ports import ToolFault
from domain.content import content
from domain.encoding import digest_bytes
from ops.sample.http_server import Request, Response, serving
from tests.adapters.openapi.requests.test_round_trips import environ
from tests.adapters.openapi.test_tools import Setting

PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
FILE = {"type": "string", "format": "binary"}
FORM = {"type": "object", "properties": {"file": FILE, "note": {"type": "string"}}, "required": ["file"]}


def document(url: str, answers: str) -> dict[str, Any]:
    ok = {"200": {"description": "", "content": {answers: {}}}}
    upload = {"required": True, "content": {"multipart/form-data": {"schema": FORM}}}
    paths = {"/files": {"post": {"operationId": "upload", "requestBody": upload, "responses": ok}}}
    paths["/file"] = {"get": {"operationId": "download", "responses": ok}}
    return {"openapi": "3.0.3", "info": {"title": "f", "version": "1"}, "servers": [{"url": url}], "paths": paths}


@asynccontextmanager
async def at(body: bytes, kind: str, promised: str = "") -> AsyncIterator[tuple[list[Request], Setting]]:
    seen: list[Request] = []

    async def handle(request: Request) -> Response | None:
        seen.append(request)
        return Response(status=200, body=body, headers=(("content-type", kind),))

    async with serving(handle) as url, HttpDialer() as dialer:
        setting = Setting(dialer, json.dumps(document(url, promised or kind)).encode(), url)
        setting.blobs.blobs[digest_bytes(PNG)] = PNG
        yield seen, setting


async def test_a_stored_file_arrives_byte_for_byte() -> None:
    async with at(b"{}", "application/json") as (seen, setting):
        await setting.send("upload", {"body": {"file": {"blob": digest_bytes(PNG), "name": "a.png"}, "note": "n"}})
        headers = tuple(seen[0].headers.items())
        _, fields, files = parse_form_data(environ(Built(method="POST", url="", headers=headers, body=seen[0].body)))
        assert (files["file"].filename, fields["note"]) == ("a.png", "n")
        with files["file"].stream as stream:
            assert stream.read() == PNG


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        ({"blob": "0" * 64}, "/body/file/blob: there is no stored file '0000"),
        ({"blob": digest_bytes(PNG), "name": "../a"}, "/body/file/name: expected a file's name without a path"),
    ],
)
async def test_a_file_that_cannot_be_sent_is_a_problem(file: dict[str, str], problem: str) -> None:
    async with at(b"{}", "application/json") as (seen, setting):
        checked = await setting.tools.check(setting.call("upload", {"body": {"file": file}}))
        assert problem in checked.problems[0] and not checked.request_digest and not seen


async def test_what_is_no_file_is_told_once_that_it_is_none() -> None:
    post = {"operationId": "write", "requestBody": {"content": {"text/plain": {}}}, "responses": {}}
    paths = {"/note": {"post": post}}
    text = {"openapi": "3.1.0", "info": {"title": "n", "version": "1"}, "paths": paths}
    async with HttpDialer() as dialer:
        setting = Setting(dialer, json.dumps(text).encode(), "http://127.0.0.1:1")
        for body, problem in (
            ("hi", "/body: 'hi' is not of type 'object'"),
            ({}, "/body: 'blob' is a required property"),
        ):
            checked = await setting.tools.check(setting.call("write", {"body": body}))
            assert checked.problems == (problem,)


@pytest.mark.parametrize(("body", "kind"), [(PNG, "image/png"), (b"\xe9", "text/plain"), (b"a\x00", "text/plain")])
async def test_an_answer_that_is_no_text_is_kept_byte_for_byte(body: bytes, kind: str) -> None:
    async with at(body, kind) as (seen, setting):
        answer = await setting.send("download", {})
        held = content(answer.body)
        assert (answer.body, seen[0].headers["accept"]) == (body, kind)
        assert (held.blob, held.size, held.whole) == (digest_bytes(body), len(body), False)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("Stück".encode("iso-8859-1"), "text/plain; charset=iso-8859-1"),
        ("Stück".encode("cp1252"), 'text/csv; header=present; Charset="windows-1252"'),
        ("Stück".encode("utf-16"), "text/plain;charset=UTF-16"),
        ("Stück".encode(), "text/plain; charset=utf-8"),
    ],
)
async def test_a_text_is_read_in_the_character_set_that_its_answer_names(body: bytes, kind: str) -> None:
    async with at(body, kind, promised="text/plain") as (_, setting):
        assert (await setting.send("download", {})).body.decode() == "Stück"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xe9", "text/plain; charset=euc-jp"),
        (b"a\\u0041\xe9", "text/plain; charset=unicode_escape"),
        (b"\xe9", "text/plain; charset=iso-8859-99"),
        (b"\xe9", "image/png; charset=iso-8859-1"),
    ],
    ids=["wrong", "a-codec", "unknown", "no-text"],
)
async def test_what_its_character_set_does_not_fit_is_kept_byte_for_byte(body: bytes, kind: str) -> None:
    async with at(body, kind) as (_, setting):
        assert (await setting.send("download", {})).body == body


async def test_a_file_may_be_larger_than_a_text_within_a_bound() -> None:
    async with at(b"\x00" * (MAX_ANSWER + 1), "image/png") as (_, setting):
        assert len((await setting.send("download", {})).body) == MAX_ANSWER + 1
    async with at(b"\x00" * (MAX_FILE + 1), "image/png") as (_, setting):
        with pytest.raises(ToolFault, match=f"larger than {MAX_FILE} bytes"):
            await setting.send("download", {})


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
async def test_what_is_read_stays_small_though_a_file_was_promised(kind: str) -> None:
    body = b'"' + b"a" * MAX_ANSWER + b'"'
    async with at(body, kind, promised="image/png") as (_, setting):
        with pytest.raises(ToolFault, match=f"larger than {MAX_ANSWER} bytes"):
            await setting.send("download", {})


async def test_a_file_that_was_not_promised_stays_small() -> None:
    async with at(b"\x00" * (MAX_ANSWER + 1), "image/png", promised="text/plain") as (_, setting):
        with pytest.raises(ToolFault, match=f"larger than {MAX_ANSWER} bytes"):
            await setting.send("download", {})
