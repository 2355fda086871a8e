"""Hand what models say to every reader of a session, from one subscription a session; a slow reader misses parts of it.

Who says it waits for nobody: what a reader has not taken is bounded, and what it misses is counted in the next part.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any, TypeAlias
from uuid import UUID

import msgspec

from api.live.feeds import Batch
from commands.ports import Live, Said
from domain.errors import Unavailable

MOST_PARTS = 200
MOST_CHARACTERS = 128 << 10
MOST_REPLIES = 32
"""Of how many replies at a time it is known which part came last."""
AGAIN_SECONDS = 1.0


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Be a part of what a model says as one reader hears it; ``missed`` are the parts of it that were lost before."""

    call: str
    attempt: int
    part: int
    missed: int
    text: str


class Ear:
    """Hold what one reader has not taken yet; where that is too much, the oldest of it is lost."""

    def __init__(self) -> None:
        self._parts: deque[Said] = deque()
        self._characters = 0
        self._last: dict[tuple[str, int], int] = {}
        self._news = asyncio.Event()

    def put(self, said: Said) -> None:
        """Add a part; never waits."""
        self._parts.append(said)
        self._characters += len(said.text)
        while len(self._parts) > MOST_PARTS or (len(self._parts) > 1 and self._characters > MOST_CHARACTERS):
            self._characters -= len(self._parts.popleft().text)
        self._news.set()

    async def take(self) -> Sequence[Heard]:
        """Wait for what comes, and return all that came."""
        await self._news.wait()
        self._news.clear()
        taken = [self._heard(said) for said in self._parts]
        self._parts.clear()
        self._characters = 0
        return taken

    def _heard(self, said: Said) -> Heard:
        reply = said.call, said.attempt
        missed = max(0, said.part - self._last.pop(reply, 0) - 1)
        self._last[reply] = said.part
        if len(self._last) > MOST_REPLIES:
            del self._last[next(iter(self._last))]
        return Heard(call=said.call, attempt=said.attempt, part=said.part, missed=missed, text=said.text)


class Voices:
    """Listen to the sessions that somebody reads, once to each."""

    def __init__(self) -> None:
        self._ears: defaultdict[UUID, set[Ear]] = defaultdict(set)
        self._listening: dict[UUID, asyncio.Task[None]] = {}

    @asynccontextmanager
    async def ear(self, live: Live | None, session: UUID) -> AsyncIterator[Ear | None]:
        """Give what hears a session for the duration of the block; nothing where there is no way to hear it."""
        if live is None:
            yield None
            return
        ear = Ear()
        self._ears[session].add(ear)
        if session not in self._listening:
            self._listening[session] = asyncio.create_task(self._listen(live, session), name="hear-models")
        try:
            yield ear
        finally:
            self._ears[session].discard(ear)
            if not self._ears[session]:
                del self._ears[session]
                await _ended(self._listening.pop(session))

    async def _listen(self, live: Live, session: UUID) -> None:
        while True:
            try:
                async with aclosing(live.follow(session)) as parts:
                    async for said in parts:
                        for ear in self._ears[session]:
                            ear.put(said)
            except Unavailable:
                pass  # nobody is owed what is said meanwhile
            await asyncio.sleep(AGAIN_SECONDS)


Told: TypeAlias = Batch | Sequence[Heard]


async def told(batches: AsyncGenerator[Batch], ear: Ear | None) -> AsyncGenerator[Told]:
    """Yield the batches of a feed, and what an ear hears meanwhile, to the end of the feed."""
    batch = asyncio.ensure_future(anext(batches, None))
    heard = asyncio.ensure_future(ear.take()) if ear else None
    try:
        while True:
            await asyncio.wait([each for each in (batch, heard) if each], return_when=asyncio.FIRST_COMPLETED)
            if ear and heard and heard.done():
                yield heard.result()
                heard = asyncio.ensure_future(ear.take())
            if batch.done():
                if (found := batch.result()) is None:
                    return
                yield found
                batch = asyncio.ensure_future(anext(batches, None))
    finally:
        await _ended(batch, *([heard] if heard else []))


async def _ended(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
