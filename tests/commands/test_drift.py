"""Hold revisions against what was called: a real document, revised as its owner might, and more calls than one page."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.reading.text import read_text
from adapters.openapi.tools import OpenApiTools
from adapters.postgres.follower import LogFollower
from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.past import PostgresPast
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue, Settings
from commands.drift.examine import examine
from commands.drift.report import Drift
from commands.handle import handle
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import HttpRequest, HttpResponse, Question, Reply
from commands.shell import Shell
from domain.session.commands import CancelSession
from projections.registry import READ_MODELS
from projections.runner import Projector
from tests.commands.parts import TASK, Model, Shop, Time, context, shell_of

DATA = os.environ.get("REPRISE_EVAL_DATA", "")
NOWHERE = "http://127.0.0.1:9"
SETTINGS = Settings(base_url=NOWHERE, allow_private=True)


class Deaf:
    """Be a way out that nobody may take."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Fail the test."""
        raise AssertionError(f"{request.url} was dialled")


class Engine(Deaf):
    """Be a way out behind which one container runs."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """List it."""
        assert request.url == f"{NOWHERE}/containers/json"
        headers = (("content-type", "application/json"),)
        return HttpResponse(status=200, headers=headers, body=RUNNING, latency_ms=1)


RUNNING = b'[{"Id":"8dfafdbc3a40","Names":["/web"],"State":"running","Labels":{"shop":"web"},"SizeRw":12}]'


class Obedient(Model):
    """Be a model that calls what the goal names, with the arguments that it names."""

    async def ask(self, question: Question) -> Reply:
        """Choose what the goal says; for anything else answer as usual."""
        text = question.prompt.messages[-1].text
        task = TASK.search(text)
        if task is None or task[1] != "choose":
            return await super().ask(question)
        goal = text.split("\n", 2)[1]
        return Reply(text=goal, tokens_in=1, tokens_out=1, latency_ms=1)


class Bench:
    """Be one process with a document of its own, whose calls all wait for people: nothing is ever sent."""

    def __init__(self, store: PostgresEventStore, database: str) -> None:
        self.store, self.database = store, database
        self.reads = PostgresReadStore(database)
        self.shell: Shell = shell_of(store, Shop(), Obedient(), Time())
        self.shell.tools = OpenApiTools(Deaf(), store)
        self.catalogue, self.documents = Catalogue(self.shell), OpenApiDocuments()

    async def close(self) -> None:
        await self.reads.close()

    async def register(self, document: Any, *, staged: bool = False) -> str:
        data = json.dumps(document, default=str).encode()
        if staged:
            done = await self.catalogue.stage_document(self.documents, data, context(), api="real", settings=SETTINGS)
            return done.revision.document
        registered = await self.catalogue.register_document(
            self.documents, data, context(), api="real", settings=SETTINGS
        )
        return registered.digest

    async def call(self, tool: str, **arguments: Any) -> UUID:
        """Let a session come to the point where it asks to call a tool."""
        goal = Goal(text=json.dumps({"tool": tool, "arguments": arguments}), model="m")
        session, _ = await orchestrate(self.shell, self.catalogue, goal, context())
        await drive(self.shell, session)
        return session

    async def end(self, session: UUID) -> None:
        await handle(self.shell, session, CancelSession(reason="enough"), context())

    async def examine(self, digest: str) -> Drift:
        rows = PostgresReadModels(self.database)
        try:
            follower = LogFollower(self.store)
            await Projector(follower, rows, READ_MODELS).catch_up(await self.store.head())
        finally:
            await rows.close()
        held = self.shell, self.catalogue, self.documents, PostgresPast(self.reads)
        return await examine(*held, "local", "real", digest)


@pytest.fixture
async def bench(store: PostgresEventStore, database: str) -> AsyncIterator[Bench]:
    """Give a process on a log of its own."""
    bench = Bench(store, database)
    yield bench
    await bench.close()


def docker() -> Any:
    """Return the real document of Docker's engine, Swagger 2.0."""
    path = Path(DATA, "openapi", "docker-engine.yaml")
    if not DATA or not path.exists():
        pytest.skip("REPRISE_EVAL_DATA names no folder with openapi/docker-engine.yaml")
    return read_text(path.read_bytes())


def parameter(document: Any, operation: str, name: str) -> Any:
    method, _, path = operation.partition(" ")
    found = document["paths"][path][method.lower()]["parameters"]
    return next(each for each in found if each.get("name") == name)


async def test_a_real_document_revised_names_its_calls_and_plans_and_nothing_else(bench: Bench) -> None:
    await bench.register(docker())
    killed = await bench.call("container_kill", path={"id": "web"}, query={"signal": "SIGHUP"})
    await bench.end(killed)
    paused = await bench.call("container_pause", path={"id": "web"})
    tagged = await bench.call("image_tag", path={"name": "web"}, query={"repo": "shop/web", "tag": "v1"})
    resized = await bench.call("container_resize", path={"id": "web"}, query={"h": 24, "w": 80})
    made = await bench.call("volume_create", body={"Name": "data", "Driver": "local"})
    left = await bench.call("container_restart", path={"id": "web"}, query={"t": 5})
    revised = docker()
    parameter(revised, "POST /containers/{id}/kill", "signal")["name"] = "sig"
    del revised["paths"]["/containers/{id}/pause"]
    tag = parameter(revised, "POST /images/{name}/tag", "tag")
    tag |= {"enum": ["latest", "stable"]}
    force = {"name": "force", "in": "query", "required": True, "type": "boolean"}
    revised["paths"]["/containers/{id}/resize"]["post"]["parameters"].append(force)
    revised["definitions"]["VolumeCreateRequest"]["properties"]["Driver"] = {"type": "object"}
    found = await bench.examine(await bench.register(revised, staged=True))
    assert {(each.cause, each.operation, each.pointer, each.calls) for each in found.findings} == {
        ("argument-gone", "POST /containers/{id}/kill", "/query/signal", 1),
        ("operation-gone", "POST /containers/{id}/pause", "", 1),
        ("argument-refused", "POST /images/{name}/tag", "/query/tag", 1),
        ("argument-required", "POST /containers/{id}/resize", "/query/force", 1),
        ("argument-refused", "POST /volumes/create", "/body/Driver", 1),
    }
    assert (found.calls, found.failing, found.changed, found.open_sessions, found.asked_again) == (6, 5, 0, 5, 5)
    assert {each.session for each in found.waiting} == {paused, tagged, resized, made}
    named = {example.session for each in found.findings for example in each.examples}
    assert named == {killed, paused, tagged, resized, made} and left not in named


SMALL: Any = {
    "openapi": "3.1.0",
    "info": {"title": "Small", "version": "1"},
    "servers": [{"url": NOWHERE}],
    "paths": {
        "/things": {
            "post": {
                "operationId": "addThing",
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                },
                "responses": {"201": {"description": "Added."}},
            }
        }
    },
    "components": {"schemas": {"Thing": {"type": "object", "properties": {"size": {"type": "integer"}}}}},
}
COPY = """
INSERT INTO actions SELECT (jsonb_populate_record(a, jsonb_build_object(
    'id', a.id || '-' || n, 'request_json', jsonb_build_object('body', jsonb_build_object('size', n))
))).* FROM actions a, generate_series(1, %(many)s) n RETURNING id"""
MANY = 1_200


async def test_a_real_answer_that_the_revision_no_longer_describes_is_named_with_its_place(bench: Bench) -> None:
    await bench.register(docker())
    bench.shell.tools = OpenApiTools(Engine(), bench.store)
    listed = await bench.call("container_list")
    revised = docker()
    summary = revised["definitions"]["ContainerSummary"]
    summary["properties"]["State"] = {"type": "object"}
    summary["properties"]["Labels"]["additionalProperties"] = {"type": "integer"}
    summary["properties"]["SizeRootFs"] |= {"minimum": 5}
    found = await bench.examine(await bench.register(revised, staged=True))
    assert {(each.cause, each.operation, each.pointer, each.fails) for each in found.findings} == {
        ("answer-mismatch", "GET /containers/json", "/*/State", False),
        ("answer-mismatch", "GET /containers/json", "/*/Labels/shop", False),
    }
    assert {example.session for each in found.findings for example in each.examples} == {listed}
    assert (found.calls, found.failing, found.changed, found.answers, found.mismatched) == (1, 0, 0, 1, 1)


class Warehouse(Deaf):
    """Be a way out behind which more things lie than an event holds."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """List them."""
        body = json.dumps([{"size": number, "kind": "x" * 40} for number in range(1_000)]).encode()
        return HttpResponse(status=200, headers=(("content-type", "application/json"),), body=body, latency_ms=1)


def listing(kind: str) -> Any:
    thing = {"type": "object", "properties": {"kind": {"type": kind}}}
    content = {"application/json": {"schema": {"type": "array", "items": thing}}}
    operation = {"operationId": "listThings", "responses": {"200": {"description": "All.", "content": content}}}
    return {**SMALL, "paths": {"/things": {"get": operation}}}


async def test_an_answer_that_is_kept_as_a_blob_is_held_against_the_revision_too(bench: Bench) -> None:
    await bench.register(listing("string"))
    bench.shell.tools = OpenApiTools(Warehouse(), bench.store)
    for _ in range(2):
        await bench.call("list_things")
    found = await bench.examine(await bench.register(listing("integer"), staged=True))
    assert {(each.cause, each.pointer, each.calls) for each in found.findings} == {("answer-mismatch", "/*/kind", 2)}
    assert (found.answers, found.mismatched) == (2, 2)


async def test_every_call_of_many_pages_is_checked_and_a_bounded_number_named(bench: Bench) -> None:
    await bench.register(SMALL)
    await bench.call("add_thing", body={"size": 0})
    await bench.examine(await bench.register({**SMALL, "info": {"title": "Small", "version": "2"}}, staged=True))
    await bench.reads._pool.fetch_columns(COPY, many=MANY)
    revised = json.loads(json.dumps(SMALL))
    revised["components"]["schemas"]["Thing"]["properties"]["size"]["maximum"] = 1_000
    found = await bench.examine(await bench.register(revised, staged=True))
    (finding,) = found.findings
    assert (found.calls, finding.calls, len(finding.examples)) == (MANY + 1, MANY - 1_000, 20)
    assert finding.message.startswith("1001 ")
