"""A human's word about a call that was given up, on a real log: sent again word for word, by whichever worker lives."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from adapters.postgres.store import PostgresEventStore
from commands.dead_letters import discard_letter, replay_letter
from commands.perform import drive
from commands.shell import Shell
from domain.errors import Invalid, NotFound, NotPossible, Stale
from domain.replay import Row
from domain.replay import replay as replay_session
from domain.session.events import Limits
from domain.session.state import DeadLetter
from tests.commands.parts import Bell, Model, Shop, Time, context, failing, shell_of, start
from tests.commands.test_perform import status, topics

ONE_ATTEMPT = Limits(retry_base_ms=1, retry_cap_ms=2, call_attempts=1)


async def given_up(shell: Shell) -> str:
    """Drive a session until its call is given up; return the letter's id."""
    session, _ = await start(shell, limits=ONE_ATTEMPT)
    assert status(await drive(shell, session)) == "failed"
    return f"{session}-call-1-1"


async def letter_of(shell: Shell, letter: str) -> DeadLetter:
    state = (await shell.load(UUID(letter[:36]))).state
    assert state is not None
    return next(each for each in state.letters if each.id == letter)


async def test_a_replayed_letter_is_sent_word_for_word_and_resolved_and_the_session_replays(
    store: PostgresEventStore,
) -> None:
    shop = Shop(answers=failing("server-error"))
    shell = shell_of(store, shop, Model(), Time())
    letter = await given_up(shell)
    decided = await replay_letter(shell, letter, "the shop is back", context())
    assert isinstance(shell.wakeups, Bell) and shell.wakeups.woken[-1] == str(decided.session)
    assert status(await drive(shell, decided.session)) == "failed"
    assert len(shop.received) == 2 and len(set(shop.received)) == 1
    assert (await letter_of(shell, letter)).status == "resolved"
    stored = await store.read_stream(decided.session)
    rows = [Row(version=row.originator_version, topic=row.topic, state=row.state) for row in stored]
    found = replay_session(str(decided.session), rows, execute=True)
    assert not found.divergences and found.state_digest == found.replay_digest


async def test_a_replay_that_fails_opens_the_letter_again(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(answers=failing("server-error", "rejected")), Model(), Time())
    letter = await given_up(shell)
    session = (await replay_letter(shell, letter, "try", context())).session
    await drive(shell, session)
    found = await letter_of(shell, letter)
    assert (found.status, found.attempts, found.reason) == ("open", 2, "look refused: trouble")
    await discard_letter(shell, letter, "done by hand", context())
    assert (await topics(store, session))[-1] == "dead-letter-discarded"


async def test_a_worker_that_dies_during_a_replay_is_followed_by_another(store: PostgresEventStore) -> None:
    time, shop = Time(), Shop(answers=failing("not-sent"))
    dying = shell_of(store, shop, Model(), time, worker="dying")
    dying.drain_seconds = 0
    letter = await given_up(dying)
    session = (await replay_letter(dying, letter, "the shop is back", context())).session
    arrived = asyncio.Event()

    async def hang() -> None:
        arrived.set()
        await asyncio.sleep(60)

    shop.on_arrival = hang
    driving = asyncio.create_task(drive(dying, session))
    await asyncio.wait_for(arrived.wait(), 10)
    driving.cancel()
    await asyncio.wait([driving], timeout=10)
    shop.on_arrival = lambda: None
    time.ahead = timedelta(seconds=60)
    following = shell_of(store, shop, Model(), time, worker="following")
    await drive(following, session)
    found = await letter_of(following, letter)
    assert found.status == "open" and "lease lapsed" in found.reason
    await replay_letter(following, letter, "again", context())
    await drive(following, session)
    assert (await letter_of(following, letter)).status == "resolved"
    assert len(set(shop.received)) == 1


async def test_two_workers_send_a_replayed_call_once(store: PostgresEventStore) -> None:
    shop = Shop(answers=failing("not-sent"))
    workers = [shell_of(store, shop, Model(), Time(), worker=name) for name in ("one", "two")]
    letter = await given_up(workers[0])
    session = (await replay_letter(workers[0], letter, "the shop is back", context())).session
    await asyncio.gather(*(drive(worker, session) for worker in workers))
    assert len(shop.received) == 2


async def test_two_humans_who_decide_at_once_are_one_decision_and_one_refusal(store: PostgresEventStore) -> None:
    shells = [shell_of(store, Shop(answers=failing("not-sent")), Model(), Time(), worker=name) for name in ("a", "b")]
    letter = await given_up(shells[0])
    decisions = (
        replay_letter(shells[0], letter, "send", context()),
        discard_letter(shells[1], letter, "no", context()),
    )
    outcomes = await asyncio.gather(*decisions, return_exceptions=True)
    assert sorted(isinstance(outcome, NotPossible) for outcome in outcomes) == [False, True]


async def test_a_decision_that_is_repeated_is_answered_as_the_first_time(store: PostgresEventStore) -> None:
    shell, same = shell_of(store, Shop(answers=failing("not-sent")), Model(), Time()), context("once")
    letter = await given_up(shell)
    first = await replay_letter(shell, letter, "the shop is back", same)
    await drive(shell, first.session)
    assert await replay_letter(shell, letter, "the shop is back", same) == first


async def test_decisions_that_cannot_be_are_refused(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(answers=failing("not-sent")), Model(), Time())
    letter = await given_up(shell)
    for unknown in ("", "x", str(uuid4()), f"{uuid4()}-call-1-1", f"{letter}-1", "\x00" * 40):
        with pytest.raises(NotFound, match="dead letter"):
            await replay_letter(shell, unknown, "why not", context())
    with pytest.raises(NotFound, match="dead letter"):
        await replay_letter(shell, letter, "not mine", replace(context(), tenant="other"))
    with pytest.raises(Stale):
        await discard_letter(shell, letter, "seen long ago", context(), expected_version=1)
    with pytest.raises(Invalid, match="reason"):
        await replay_letter(shell, letter, " ", context())
    assert (await letter_of(shell, letter)).status == "open"
