"""Hold recorded answers against what two revisions say of them: only what is news is told."""

import json
from typing import Any

import pytest

from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.tools import OpenApiTools
from commands.drift.comparing import Comparison, Side
from domain.catalog.state import Document
from domain.encoding import digest_bytes
from tests.commands.test_drift import NOWHERE, Deaf

THING = {"type": "object", "properties": {"size": {"type": "integer"}, "name": {"type": "string"}}}


class Kept:
    """Keep documents by their digests."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        return self.held[digest]


def answering(schema: Any, *, status: str = "200", kind: str = "application/json") -> Any:
    """Return what an operation says that it answers."""
    return {status: {"description": "It.", "content": {kind: {"schema": schema}}}}


async def told(before: Any, now: Any, answer: Any, status: int = 200) -> list[tuple[str, str]]:
    """Return the place and the words of what is told of an answer between two revisions."""
    kept = Kept()
    then, new = _side(before, kept), _side(now, kept)
    comparison = Comparison(OpenApiTools(Deaf(), kept), "local", new, unusable={}, own_names={})
    found = await comparison.answer_reasons(then, "GET /thing", status, json.dumps(answer).encode())
    assert all((each.cause, each.fails, each.changes) == ("answer-mismatch", False, False) for each in found)
    return [(each.pointer, each.message) for each in found]


def _side(responses: Any, kept: Kept) -> Side:
    paths = {"/thing": {"get": {"operationId": "getThing", "responses": responses}}}
    info = {"title": "Things", "version": "1"}
    data = json.dumps({"openapi": "3.1.0", "info": info, "servers": [{"url": NOWHERE}], "paths": paths}).encode()
    kept.held[digest_bytes(data)] = data
    ingested = OpenApiDocuments().ingest(data, api="things", base_url=NOWHERE)
    document = Document(api="things", document=digest_bytes(data), base_url=NOWHERE, tools=ingested.tools)
    return Side(document=document, needs={})


SMALLER = {**THING, "properties": {**THING["properties"], "size": {"type": "integer", "maximum": 5}}}  # type: ignore[dict-item]
UNSAID = "the document describes no JSON answer with the status 200"


@pytest.mark.parametrize(
    ("before", "now", "answer", "places"),
    [
        (answering(THING), answering(SMALLER), {"size": 7}, ["/size"]),
        (answering(THING), answering(SMALLER), {"size": 5}, []),
        (answering(SMALLER), answering(SMALLER), {"size": 7}, []),  # it was unlike its own revision as well
        (answering(SMALLER), answering({**SMALLER, "required": ["name"]}), {"size": 7}, ["/"]),
        (answering(THING), answering(THING, status="2XX"), {"size": 7}, []),
        (answering(THING), answering(SMALLER, status="default"), {"size": 7}, ["/size"]),
        (answering(THING), answering(SMALLER, kind="application/thing+json"), {"size": 7}, ["/size"]),
        (answering(THING), answering(THING, status="201"), {"size": 7}, ["/"]),
        (answering(THING), {"200": {"description": "It is done."}}, {"size": 7}, ["/"]),
        (answering(THING), answering({"type": "string"}, kind="text/csv"), {"size": 7}, ["/"]),
        ({"200": {"description": "It."}}, answering(THING, status="201"), {"size": 7}, []),
    ],
)
async def test_only_what_the_earlier_revision_described_and_the_new_one_does_not_is_told(
    before: Any, now: Any, answer: Any, places: list[str]
) -> None:
    assert [pointer for pointer, _ in await told(before, now, answer)] == places


async def test_a_status_that_is_described_no_more_is_named() -> None:
    assert await told(answering(THING), answering(THING, status="201"), {"size": 7}) == [("/", UNSAID)]
