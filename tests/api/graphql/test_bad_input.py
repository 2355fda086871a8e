"""Whatever is sent to /graphql gets a clear answer, and nothing of what lies behind it."""

import asyncio
import json
import logging
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from api.graphql import schema as building
from api.positions import cursor
from tests.api.conftest import Parts, Serve, problem
from tests.api.graphql.conftest import answered, raw, refused

BODIES = (
    b"",
    b"{}",
    b"[]",
    b'[{"query": "{ agents { id } }"}]',
    b'{"query": 7}',
    b'{"query": ""}',
    b'{"query": "{ agents { id } }", "variables": []}',
    b'{"query": "{ agents { id } }", "unknown": 1}',
    b'{"query": "{ agents { id } }", "query": "{ agents { id } }"}',
    b"\xff\xfe",
    b"[" * 20_000,
    json.dumps({"query": "{ agents { id } } #" + "x" * 16_384}).encode(),
)


async def test_a_body_that_is_no_request_is_a_problem(client: httpx.AsyncClient) -> None:
    for body in BODIES:
        response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
        problem(response, 400, "invalid")


async def test_only_json_is_taken(client: httpx.AsyncClient) -> None:
    for kind in ("application/graphql", "multipart/form-data; boundary=x", "text/plain"):
        response = await client.post("/graphql", content=b"{ agents { id } }", headers={"content-type": kind})
        problem(response, 415, "unsupported-media-type")


async def test_a_body_of_a_megabyte_is_refused_unread(client: httpx.AsyncClient) -> None:
    problem(await client.post("/graphql", json={"query": "#" + "x" * (1 << 20)}), 413, "too-large")


async def test_a_link_holds_a_query(client: httpx.AsyncClient) -> None:
    asked = {"query": "query Q($id: ID!) { session(id: $id) { id } }", "operationName": "Q"}
    response = await client.get("/graphql", params={**asked, "variables": json.dumps({"id": str(uuid4())})})
    assert response.json()["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
    problem(await client.get("/graphql"), 400, "invalid")
    problem(await client.get("/graphql", params={**asked, "variables": "{"}), 400, "invalid")
    problem(await client.get("/graphql", params={**asked, "variables": "[]"}), 400, "invalid")
    deep = '{"x": ' + "[" * 2_000 + "]" * 2_000 + "}"
    problem(await client.get("/graphql", params={**asked, "variables": deep}), 400, "invalid")
    problem(await client.get("/graphql", params={**asked, "batch": "1"}), 400, "invalid")


DOCUMENTS = (
    ("{", "Syntax Error"),
    ("{ nothing }", "Cannot query field"),
    ("{ agents { id } } " * 2, "one operation"),
    ("subscription { sessionsChanged { position } }", "open a WebSocket"),
    ("fragment F on Agent { id }", "one operation"),
    ("{ sessions(first: 0) { nodes { id } } }", "from 1 to 500"),
    ("{ sessions(first: -1) { nodes { id } } }", "from 1 to 500"),
    ("{ sessions(first: 501) { nodes { id } } }", "from 1 to 500"),
    ("{ sessions(first: 9999999) { nodes { id } } }", "lower `first`"),
    ('{ sessions(first: "x") { nodes { id } } }', "Int"),
    ('{ sessions(filter: {status: "failed"}) { nodes { id } } }', "SessionStatus"),
    ('{ approvals(status: "lost") { nodes { id } } }', "a status out of open"),
    ('{ deadLetters(status: "lost") { nodes { id } } }', "a status out of open"),
    ('{ sessions(filter: {text: "%s"}) { nodes { id } } }' % ("x" * 201), "at most 200 characters"),
    ('{ sessions(after: "x") { nodes { id } } }', "cursor"),
    ('{ sessions(after: "") { nodes { id } } }', "cursor"),
    ("{ agents " + "{ id " * 400 + "}" * 400 + "}", "nested"),
    ("{ agents(x: " + "[" * 700 + "]" * 700 + ") { id } }", "nested"),
    ("{ agents { " + "id " * 1_500 + "} }", "token"),
)


async def test_a_document_that_cannot_be_answered_says_why(client: httpx.AsyncClient) -> None:
    for document, words in DOCUMENTS:
        code, message = await refused(client, document)
        assert code == "INVALID" and words in message, message


async def test_names_of_other_kinds_are_refused(client: httpx.AsyncClient, started: dict[str, Any]) -> None:
    events = "query ($id: ID!, $after: Position) { session(id: $id) { events(after: $after) { nodes { version } } } }"
    for position in ("7", "log:", "log:-1", "log:" + "9" * 30):
        assert (await refused(client, events, id=started["sessionId"], after=position))[0] == "INVALID"
    assert "a position" in (await refused(client, events, id=started["sessionId"], after=7))[1]
    for unknown in ("x", str(uuid4()), "\u0000"):
        assert (await refused(client, events, id=unknown))[0] == "NOT_FOUND"
    state = "query ($id: ID!, $v: Int) { session(id: $id) { stateAt(version: $v) { version } } }"
    for version in (0, -1, 1_000):
        code, message = await refused(client, state, id=started["sessionId"], v=version)
        assert code == "NOT_FOUND" and "Expected a version from 1 to" in message


async def test_cursors_and_positions_of_another_log_are_told_so(
    client: httpx.AsyncClient, started: dict[str, Any], parts: Parts
) -> None:
    elsewhere = cursor(str(uuid4()), "2026-01-01T00:00:00Z", str(uuid4()))
    for field in ("sessions", "approvals", "deadLetters"):
        code, _ = await refused(client, f'{{ {field}(after: "{elsewhere}") {{ nodes {{ id }} }} }}')
        assert code == "WRONG_LOG"
    events = "query ($id: ID!, $after: Position) { session(id: $id) { events(after: $after) { nodes { version } } } }"
    assert (await refused(client, events, id=started["sessionId"], after=f"{uuid4()}:1"))[0] == "WRONG_LOG"
    problem(
        await client.post("/graphql", params={"after": f"{uuid4()}:1"}, json={"query": "{ agents { id } }"}),
        410,
        "wrong-log",
    )


async def test_documents_that_take_long_to_validate_are_refused_soon(client: httpx.AsyncClient) -> None:
    same = "{ agents { " + "id " * 1_400 + "} }"
    doubled = " ".join(f"fragment F{n} on Agent {{ ...F{n + 1} ...F{n + 1} }}" for n in range(80))
    await answered(client, "{ agents { id } }")
    for document in (same, f"{{ agents {{ ...F0 }} }} {doubled} fragment F80 on Agent {{ id }}"):
        began = time.process_time()
        _, message = await refused(client, document)
        assert "Expected at most" in message
        assert time.process_time() - began < 30  # and not the longer than ages that comparing all of it takes


async def test_what_nobody_foresaw_is_masked_and_logged(
    serve: Serve, parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        """Answer nothing."""

        async def fetch(self, statement: str, **values: Any) -> Any:
            """Fail."""
            raise KeyError("the secret of the store")

    async with serve(reads=Broken()) as client:
        with caplog.at_level(logging.ERROR):
            code, message = await refused(client, "{ agents { id } }")
    assert code == "INTERNAL" and "secret" not in message
    assert "the secret of the store" in caplog.text


async def test_an_operation_that_takes_too_long_is_ended(
    serve: Serve, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        """Answer never."""

        async def fetch(self, statement: str, **values: Any) -> Any:
            """Wait."""
            await asyncio.Event().wait()

    monkeypatch.setattr(building, "PATIENCE_SECONDS", 0.1)
    async with serve(reads=Silent()) as client:
        code, message = await refused(client, "{ agents { id } }")
        assert code == "UNAVAILABLE" and "within" in message
        async with raw(client) as mine:
            await mine.begin()
            await mine.subscribe("1", "{ agents { id } }")
            told = await mine.hear()
            assert (told["type"], told["payload"][0]["extensions"]) == ("error", {"code": "UNAVAILABLE"})


async def test_introspection_can_be_closed(serve: Serve, client: httpx.AsyncClient) -> None:
    asked = "{ __schema { queryType { name } } }"
    assert (await answered(client, asked))["data"] == {"__schema": {"queryType": {"name": "Query"}}}
    async with serve(introspection=False) as closed:
        faults = (await answered(closed, asked))["errors"]
        assert {each["extensions"]["code"] for each in faults} == {"INVALID"}
        assert (await answered(closed, "{ __typename }"))["data"] == {"__typename": "Query"}
        hinted = "query ($f: SessionFilter) { sessions(filter: $f) { pageInfo { hasNextPage } } }"
        async with raw(closed) as mine:
            await mine.begin()
            for document in ("{ agent { id } }", "{ agents { ... on Agen { id } } }", hinted):
                assert "Did you mean" in json.dumps(await answered(client, document, f={"staus": "failed"}))
                assert "Did you mean" not in json.dumps(await answered(closed, document, f={"staus": "failed"}))
                await mine.subscribe("1", document, f={"staus": "failed"})
                assert "Did you mean" not in json.dumps(await mine.hear())


async def test_tools_that_introspect_learn_everything(client: httpx.AsyncClient) -> None:
    from graphql import build_client_schema, get_introspection_query, print_schema

    found = await answered(client, get_introspection_query(input_value_deprecation=True, specified_by_url=True))
    assert "type Subscription" in print_schema(build_client_schema(found["data"]))
