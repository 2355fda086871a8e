"""Find tools for a text: by their words always, by their meaning too where somebody can tell it.

An index is built once for a set of tools and kept, a bounded number of them. To learn the meaning of thousands of tools
takes a while: until then they are found by their words, and what is found says by what it was.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from itertools import islice
from typing import TypeAlias

import msgspec

from commands.caches import Cache
from commands.ports import Embedder, Meanings
from domain.catalog.events import Tool
from domain.retrieval.index import METHOD, Found, ToolIndex
from domain.retrieval.words import split

MOST_INDEXES = 16
PORTION = 64
MOST_TOLD = 160
_SIGNS = re.compile(r"[_#|*`\[\]-]+")

logger = logging.getLogger(__name__)

Key: TypeAlias = tuple[tuple[str, str, str], ...]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what was found, the best first, and by which method."""

    method: str
    found: tuple[Found, ...]


class Finder:
    """Find tools; ``indexes`` counts how often an index was there already and how often it had to be built."""

    def __init__(self, embedder: Embedder | None = None):
        self.indexes: Cache[Key, ToolIndex] = Cache(MOST_INDEXES)
        self._embedder = embedder
        self._learning: dict[Key, asyncio.Task[Meanings]] = {}

    async def find(
        self, tools: Sequence[Tool], text: str, most: int, *, patient: bool = False, filled: bool = False
    ) -> Findings:
        """Return at most ``most`` tools for a text; whoever is ``patient`` waits until their meaning is known.

        ``filled`` up with others where fewer fit: who can use a tool only when it is shown is better off with any.
        """
        findings = await self._find(tools, text, most, patient)
        if not filled or len(findings.found) >= most:
            return findings
        there = {each.tool.name for each in findings.found}
        others = (Found(tool=tool, score=0) for tool in tools if tool.name not in there)
        return Findings(method=findings.method, found=(*findings.found, *islice(others, most - len(there))))

    async def _find(self, tools: Sequence[Tool], text: str, most: int, patient: bool) -> Findings:
        key = tuple((tool.api, tool.document, tool.name) for tool in tools)
        index = self.indexes.find(key) or self.indexes.keep(key, await asyncio.to_thread(ToolIndex, tools))
        embedder = self._embedder
        meanings = await self._meanings(embedder, key, index, patient) if embedder else None
        if embedder is None or meanings is None:
            return Findings(method=METHOD, found=tuple(await asyncio.to_thread(index.find, text, most)))
        found = await asyncio.to_thread(lambda: index.find(text, most, meanings.closeness(text)))
        return Findings(method=f"{METHOD}+{embedder.name}", found=tuple(found))

    async def _meanings(self, embedder: Embedder, key: Key, index: ToolIndex, patient: bool) -> Meanings | None:
        """Return what the tools mean, or None while that is not known yet."""
        task = self._learning.get(key)
        if task is None:
            task = self._learning[key] = asyncio.create_task(self._learn(embedder, index), name="learn-meanings")
            task.add_done_callback(_told)
            for old in list(self._learning)[:-MOST_INDEXES]:
                self._learning.pop(old).cancel()
        if patient:
            return await task
        return task.result() if task.done() and not task.cancelled() and task.exception() is None else None

    async def _learn(self, embedder: Embedder, index: ToolIndex) -> Meanings:
        """Learn in portions: a process that ends does not wait for all of them."""
        texts = [told(tool) for tool in index.tools]
        for start in range(0, len(texts), PORTION):
            await asyncio.to_thread(embedder.learn, texts[start : start + PORTION])
        return await asyncio.to_thread(embedder.meanings, texts)


def told(tool: Tool) -> str:
    """Return what a tool says of itself, the telling first, cut where more would only blur it."""
    parts = [part for part in tool.operation.partition(" ")[2].split("/") if part and not part.startswith("{")]
    path = " ".join(word for part in parts for word in split(part))
    keywords = " ".join(_SIGNS.sub(" ", tool.keywords).split())
    return f"{path}. {tool.description}. {keywords}"[:MOST_TOLD]


def _told(task: asyncio.Task[Meanings]) -> None:
    """Say why no meaning was learned; tools are found by their words then."""
    if not task.cancelled() and (fault := task.exception()):
        logger.error("what tools mean could not be learned; they are found by their words", exc_info=fault)
