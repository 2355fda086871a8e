"""An index of tools is built once and kept; meanings are used as soon as they are known."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from commands.finding import PORTION, Finder, told
from domain.retrieval.index import METHOD
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
    assert told(LIBRARY[3]) == "author. Get details birthday biography"
