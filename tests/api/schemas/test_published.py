"""Stored events are as published: the golden ones are valid, and what the schema refuses the code refuses too."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from api.schemas.describe import described, words
from api.schemas.published import PAYLOADS, published
from domain.budget.amounts import Amounts, Ceilings
from domain.budget.events import (
    AccountLimited,
    AllotmentAwaited,
    AllotmentGiven,
    AllotmentSettled,
    PriceListActivated,
    PriceListRegistered,
)
from domain.catalog.events import (
    Agent,
    AgentPatched,
    AgentRegistered,
    Binding,
    CatalogEvent,
    DocumentRegistered,
    NamesSettled,
    Override,
    PolicySetActivated,
    PolicySetRegistered,
    QuarantineLifted,
    RevisionActivated,
    RevisionQuarantined,
    RevisionStaged,
    SchemeBound,
    SchemeUnbound,
    Tool,
    ToolOverridden,
    ToolsAdded,
)
from domain.encoding import encode
from domain.evaluation.events import RunGraded
from domain.labels import human
from domain.memory.events import Embedding, MemoryAdded, MemoryEmbedded, MemoryForgotten
from domain.standing_approvals import Bound, StandingGiven, StandingUsed, StandingWithdrawn
from domain.upcasting import KNOWN_TOPICS, read, topic_of
from tests.projections.histories import event_of
from tests.replay.golden_files import FOLDER
from tests.replay.golden_files import read as read_golden

AGENT = Agent(id="a", name="A", role="worker", prompt_template="Do it.", tools=("*",))
TOOL = Tool(name="t", api="x", operation="GET /", document="d", description="", effect_class="read", repeatable=True)
CATALOGUE: list[CatalogEvent] = [
    DocumentRegistered(api="x", document="d", base_url="http://127.0.0.1", scopes=("s",), rate_limit=1),
    ToolsAdded(
        api="x", document="d", tools=(TOOL, msgspec.structs.replace(TOOL, parameters=msgspec.Raw(b'{"a":1.10}')))
    ),
    SchemeBound(
        api="x", binding=Binding(scheme="s", kind="bearer", reference="env:R", origin="https://h", unasked=True)
    ),
    SchemeUnbound(api="x", scheme="s"),
    ToolOverridden(
        api="x", operation="GET /", override=Override(enabled=False, scopes=("s",), rate_limit=1), reason="why"
    ),
    NamesSettled(api="x", document="d"),
    RevisionStaged(api="x", document="e", base_url="http://127.0.0.1", scopes=("s",), rate_limit=1),
    RevisionActivated(api="x", document="e", before="d", waiting="pin", by="ada"),
    RevisionQuarantined(api="x", document="d", by="ada", reason="why"),
    QuarantineLifted(api="x", document="d", by="ada", reason="why"),
    AgentRegistered(agent=AGENT),
    AgentPatched(agent=AGENT),
    PolicySetRegistered(name="ours", digest="d", rules=("reads",)),
    PolicySetActivated(name="ours", digest="d", reason="why"),
    StandingGiven(
        id="s",
        api="x",
        operation="GET /",
        uses=1,
        until=datetime(2030, 1, 1, tzinfo=UTC),
        by="ada",
        reason="why",
        bounds=(Bound(at="/body", values=(msgspec.Raw(b"1"),), least="0", most="2"),),
        amount_at="/body",
        amount_most="3",
    ),
    StandingUsed(id="s", session="s", call="c", request_digest="d", amount="1"),
    StandingWithdrawn(id="s", by="ada", reason="why"),
    PriceListRegistered(name="ours", digest="d", currency="EUR"),
    PriceListActivated(name="ours", digest="d", currency="EUR", reason="why"),
    AccountLimited(account="tenant", limits=Ceilings(money=1), period="month", by="ada", reason="why", currency="EUR"),
    AllotmentGiven(account="tenant", session="s", allotment="s-1", amounts=Amounts(money=1)),
    AllotmentSettled(account="tenant", session="s", spent=Amounts(money=1)),
    AllotmentAwaited(account="tenant", session="s"),
    MemoryAdded(id="m", kind="entity", text="t", label=human("ada"), user="ada", subject="x", session="s", step=1),
    MemoryEmbedded(id="m", embedding=Embedding(embedder="hashing", revision="1", dimension=1, vector="AACAPw==")),
    MemoryForgotten(id="m", by="ada", reason="why"),
    RunGraded(suite="smoke", model="gold", figures={"passed": 4}, run="d"),
]


@cache
def validator(topic: str) -> Any:
    return Draft202012Validator(published()[f"events/{topic}.json"])


def stored() -> Iterator[tuple[str, bytes]]:
    """Give the topic and bytes of every golden event, and of one event of each type in the catalogue."""
    for path in sorted(FOLDER.glob("*.jsonl")):
        yield from ((row.topic, row.state) for row in read_golden(path)[0])
    yield from ((topic_of(type(data)), encode(event_of(data))) for data in CATALOGUE)


def damaged(event: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give an event with each field missing, and with each field of another form."""
    for name in event:
        yield {key: value for key, value in event.items() if key != name}
        yield {**event, name: {"other": "form"}}
    for name in event["data"]:
        yield {**event, "data": {key: value for key, value in event["data"].items() if key != name}}
        yield {**event, "data": {**event["data"], name: {"other": "form"}}}


def readable(topic: str, event: dict[str, Any]) -> bool:
    try:
        read(topic, json.dumps(event).encode())
    except msgspec.DecodeError:
        return False
    return True


def test_every_type_of_event_is_published_and_was_stored_once() -> None:
    assert {path for path in published() if path[:7] == "events/"} == {f"events/{topic}.json" for topic in KNOWN_TOPICS}
    assert {topic for topic, _ in stored()} == KNOWN_TOPICS


def test_every_stored_event_is_valid_and_its_topic_alone_makes_it_so() -> None:
    for topic, state in stored():
        event = json.loads(state)
        validator(topic).validate(event)
        event["data"]["type"] = "session.hummed.v1"
        assert not validator(topic).is_valid(event)


def test_the_schema_refuses_exactly_what_the_code_cannot_read() -> None:
    for topic, state in dict(stored()).items():
        for event in damaged(json.loads(state)):
            assert validator(topic).is_valid(event) == readable(topic, event), (topic, event)


@pytest.mark.parametrize("path", published())
def test_a_published_schema_is_valid_and_names_and_explains_itself(path: str) -> None:
    schema = published()[path]
    name = path.partition("/")[2].removesuffix(".json")
    Draft202012Validator.check_schema(schema)
    assert (schema["$id"], schema["title"]) == (f"/schemas/{name}", name)
    assert schema["description"] and "``" not in schema["description"]


def test_payloads_cannot_be_taken_for_events() -> None:
    assert not {*PAYLOADS} & KNOWN_TOPICS and all("." not in name for name in PAYLOADS)


def test_foreign_json_may_be_anything_and_keeps_its_default() -> None:
    schema = published()["events/session.goal-submitted.v1.json"]["$defs"]["GoalSubmitted"]
    assert schema["properties"]["context"] == {"default": None}


def test_a_type_that_cannot_be_described_is_named() -> None:
    class Odd(msgspec.Struct):
        """Be odd."""

        held: bytearray

    with pytest.raises(TypeError, match="ByteArrayType"):
        described(Odd, "odd", words(Odd.__doc__))
    with pytest.raises(TypeError, match="Expected a Struct to publish as number"):
        described(int, "number", "")


def test_two_types_of_one_name_are_refused() -> None:
    def pair(held: type) -> type:
        class Held(msgspec.Struct):
            """Hold a value."""

            value: held  # type: ignore[valid-type]

        return Held

    class Both(msgspec.Struct):
        """Hold both."""

        one: pair(int)  # type: ignore[valid-type]
        other: pair(str)  # type: ignore[valid-type]

    with pytest.raises(TypeError, match="two are called alike"):
        described(Both, "both", "")
