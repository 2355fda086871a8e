"""An index of tools is built once and kept; meanings are used as soon as they are known."""

import asyncio
import threading
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from adapters.postgres.store import PostgresEventStore
from commands.finding import MOST_TOLD, PORTION, Finder, told
from commands.perform import drive
from commands.replaying import replay_session
from commands.shell import to_log
from domain.catalog.events import CatalogEvent, DocumentRegistered, ToolsAdded
from domain.envelope import Event, fact_event
from domain.ids import named_stream
from domain.retrieval.index import METHOD
from domain.session.events import ToolsFound
from domain.session.searching import MOST_SHOWN
from domain.upcasting import AnyEvent, read_session
from tests.commands.parts import TOOLS, Model, Shop, Time, context, shell_of, start
from tests.domain.retrieval.test_finding import LIBRARY, tool


class Numbers:
    """Mean the most what was learned last, once it may ``go`` on."""

    name = "numbers"

    def __init__(self, fault: str = "") -> None:
        self.portions: list[int] = []
        self.go = threading.Event()
        self.fault = fault

    def learn(self, texts: Sequence[str]) -> None:
        self.go.wait(5)
        if self.fault:
            raise ValueError(self.fault)
        self.portions.append(len(texts))

    def meanings(self, texts: Sequence[str]) -> "Numbers":
        self.size = len(texts)
        return self

    def closeness(self, text: str) -> Sequence[float]:
        return [number / self.size for number in range(self.size)]


async def test_an_index_is_built_once() -> None:
    finder = Finder()
    for _ in range(3):
        assert (await finder.find(LIBRARY, "birthday", 1)).found[0].tool.operation == "GET /author/{author_id}"
    assert (finder.indexes.misses, finder.indexes.hits) == (1, 2)
    await finder.find(LIBRARY[1:], "birthday", 1)
    assert finder.indexes.misses == 2


async def test_until_meanings_are_known_tools_are_found_by_their_words() -> None:
    embedder = Numbers()
    finder = Finder(embedder)
    first = await finder.find(LIBRARY, "xylophone", 1)
    assert (first.method, first.found) == (METHOD, ())
    embedder.go.set()
    later = await finder.find(LIBRARY, "xylophone", 1, patient=True)
    assert later.method == f"{METHOD}+numbers" and later.found[0].tool == LIBRARY[-1]
    assert (await finder.find(LIBRARY, "xylophone", 1)).method == f"{METHOD}+numbers"


async def test_meanings_are_learned_once_and_in_portions() -> None:
    embedder = Numbers()
    embedder.go.set()
    many = [tool(f"GET /thing{number}") for number in range(PORTION + 1)]
    finder = Finder(embedder)
    await asyncio.gather(*(finder.find(many, "thing", 1, patient=True) for _ in range(3)))
    assert embedder.portions == [PORTION, 1]


async def test_where_no_meaning_can_be_learned_words_must_do(caplog: pytest.LogCaptureFixture) -> None:
    embedder = Numbers(fault="no weights")
    embedder.go.set()
    finder = Finder(embedder)
    with pytest.raises(ValueError, match="no weights"):
        await finder.find(LIBRARY, "birthday", 1, patient=True)
    assert (await finder.find(LIBRARY, "birthday", 1)).method == METHOD
    assert "found by their words" in caplog.text


def test_a_tool_says_first_what_its_path_says() -> None:
    assert told(LIBRARY[3]) == "author. Get details. birthday biography"
    long = told(replace(LIBRARY[3], operation="GET /userIds/{id}", keywords="first_name " * 90))
    assert long.startswith("user ids. Get details. first name first name") and len(long) == MOST_TOLD


async def test_a_session_with_many_tools_looks_for_them_in_the_append_that_needs_them(
    store: PostgresEventStore,
) -> None:
    many = tuple(
        replace(TOOLS[0], name=f"other_{number}", api="many", operation=f"GET /x{number}x", description="other")
        for number in range(50, 100)
    )
    given = context()
    document = DocumentRegistered(api="many", document="d" * 64, base_url="http://127.0.0.1")
    facts: tuple[CatalogEvent, ...] = (document, ToolsAdded(api="many", document="d" * 64, tools=many))
    registered: list[Event[AnyEvent]] = [fact_event(fact, given, index) for index, fact in enumerate(facts)]
    await store.append(to_log(named_stream("local", "document", "many"), 0, registered))
    shell = shell_of(store, Shop(), Model(tool="look", steps=1, padding=": look at it"), Time())
    session, _ = await start(shell)
    await drive(shell, session)
    rows = [read_session(row.topic, row.state) for row in await store.read_stream(session)]
    looked = [row.data for row in rows if isinstance(row, Event) and isinstance(row.data, ToolsFound)]
    assert [fact.call for fact in looked] == ["plan", "choose-1-1"]
    assert looked[1].found[0].tools[0].name == "look" and looked[1].method == METHOD
    assert len(looked[1].found[0].tools) == MOST_SHOWN
    found = await replay_session(store, session, execute=True)
    assert (found.divergences, found.unchecked) == ((), 0)
