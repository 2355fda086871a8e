"""Decide about dead letters as a human who has most sent again, and hold what became of them against what was said."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, assert_never

from adapters.postgres.store import PostgresEventStore
from domain.session.events import CallDeadLettered, DeadLetterDiscarded, DeadLetterReplayed
from domain.session.outstanding import outstanding
from domain.session.state import DeadLetter, Discarded, Open, Replaying, Resolved
from tests.chaos.checks import Story, stories, whole_log
from tests.chaos.load import Acknowledged, Client, Load, number_of
from tests.chaos.shops import api_of, break_one

MOST_REPLAYS = 2
"""What was given up again after so many is left open."""
LIST_EVERY_SECONDS = 0.3
DECISIONS = ("replay", "replay", "replay", "replay", "discard")
SHOP_IS_NO_BETTER = 0.5


async def decide_letters(load: Load) -> None:
    """Decide about open dead letters for ever, once every time that one is given up; often their shop is no better."""
    begun: set[str] = set()
    async with asyncio.TaskGroup() as tasks:
        while True:
            for letter in await listed(load.client, "open"):
                key = f"letter-{letter['id']}-{letter['replays']}"
                if key not in begun and letter["replays"] < MOST_REPLAYS:
                    begun.add(key)
                    if load.chance.random() < SHOP_IS_NO_BETTER:
                        break_one(load.chance, load.shops, api_of(letter["tool"]), letter["operation"])
                    tasks.create_task(decide(load, letter["id"], key, load.chance.choice(DECISIONS)))
            await asyncio.sleep(LIST_EVERY_SECONDS)


async def decide(load: Load, letter: str, key: str, decision: str) -> None:
    """Decide about one; now and then the client sends its request twice at once, which is one order."""
    path, body = f"/dead-letters/{letter}/{decision}", {"reason": "a human looked"}
    twice = 2 if load.chance.random() < 0.3 else 1
    for answer in await asyncio.gather(*(load.client.write(path, body, key) for _ in range(twice))):
        assert answer.status_code == 200, answer.text
        told = answer.json()
        load.acknowledged.positions[number_of(told["position"])] = told["sessionId"]
    if decision == "replay":
        load.acknowledged.replays[letter] += 1
    else:
        load.acknowledged.discards.add(letter)


async def listed(client: Client, status: str) -> list[dict[str, Any]]:
    """Read all pages of dead letters of a status."""
    found: list[dict[str, Any]] = []
    following = ""
    while True:
        page = await client.read(f"/dead-letters?status={status}&limit=50{following}")
        found += page["deadLetters"]
        if page["next"] is None:
            return found
        following = f"&cursor={page['next']}"


async def until_all(store: PostgresEventStore, settled: Callable[[Story], bool], seconds: float) -> list[Story]:
    """Wait until every session is settled, and return them; the test fails with the timeline of one that is not."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        told = list(stories(await whole_log(store)).values())
        left = [story for story in told if not settled(story)]
        if not left:
            return told
        if loop.time() > deadline:
            raise AssertionError(f"{len(left)} sessions are not settled after {seconds:.0f} s:\n{left[0].timeline()}")
        await asyncio.sleep(0.5)


def owes_nothing(story: Story) -> bool:
    """Tell whether nothing is left to do for workers."""
    return not outstanding(story.state)


def is_decided(story: Story, acknowledged: Acknowledged) -> bool:
    """Tell whether nobody has anything left to do about a session's letters, and the human knows what was recorded."""
    replays = replays_of(story)
    return owes_nothing(story) and all(
        replays[letter.id] == acknowledged.replays[letter.id] and _is_done(letter, replays[letter.id], acknowledged)
        for letter in letters(story)
    )


def _is_done(letter: DeadLetter, replays: int, acknowledged: Acknowledged) -> bool:
    match letter.stage:
        case Open():
            return replays == MOST_REPLAYS
        case Replaying():
            return False
        case Resolved():
            return True
        case Discarded():
            return letter.id in acknowledged.discards
        case _:
            assert_never(letter.stage)


def replays_of(story: Story) -> Counter[str]:
    """Count the recorded orders to send a letter again."""
    return Counter(event.letter for event in story.events() if isinstance(event, DeadLetterReplayed))


def letters(story: Story) -> tuple[DeadLetter, ...]:
    """Return the calls of a session that were given up."""
    return story.state.letters if story.state else ()


def check_letters(story: Story, acknowledged: Acknowledged) -> None:
    """Expect of every order that it was recorded once, and that it had one end: resolved, or open with a reason."""
    events = story.events()
    given_up = Counter(event.call for event in events if isinstance(event, CallDeadLettered))
    replays = replays_of(story)
    discards = [event.letter for event in events if isinstance(event, DeadLetterDiscarded)]
    found = letters(story)
    assert given_up.keys() == {letter.choice.call for letter in found}, story.timeline()
    for letter in found:
        told = f"{letter.id} is {letter.status}\n{story.timeline()}"
        assert replays[letter.id] == acknowledged.replays[letter.id], told
        assert discards.count(letter.id) == (letter.id in acknowledged.discards) == (letter.status == "discarded"), told
        resolved = letter.status == "resolved"
        assert given_up[letter.choice.call] + resolved == 1 + replays[letter.id], f"an order has no end: {told}"
        assert letter.status != "replaying" and letter.reason, told


async def check_listed(client: Client, told: dict[str, Story]) -> None:
    """Expect the API to list every dead letter as the log has it; the read models must have caught up."""
    shown = {each["id"]: (each["status"], each["reason"], each["attempts"]) for each in await listed(client, "all")}
    expected = [letter for story in told.values() for letter in letters(story)]
    assert shown == {letter.id: (letter.status, letter.reason, letter.attempts) for letter in expected}
