"""A human's word about a call that was given up, on a real log: sent again word for word, by whichever worker lives."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from msgspec.structs import replace

from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.dead_letters import discard_letter, replay_letter
from commands.deciding import decide
from commands.perform import drive
from commands.policies import activate_policy_set, register_policy_set
from commands.replaying import replay_session as replay_of
from commands.shell import Shell
from domain.catalog.policies import PolicySet
from domain.envelope import Actor
from domain.errors import Forbidden, Invalid, NotFound, NotPossible, Stale
from domain.replay import Row
from domain.replay import replay as replay_session
from domain.session.admit import open_approvals
from domain.session.commands import ReportOutcome
from domain.session.events import Limits, VerdictReached
from domain.session.state import DeadLetter
from tests.commands.parts import Bell, Model, Shop, Time, context, die_while_sending, events, failing, shell_of, start
from tests.commands.test_perform import status, topics

PERMIT = '@id("all") permit (principal, action, resource);\n'
CLOSED = '@id("closed") @reason("The shop is closed.") forbid (principal, action, resource);\n'
FOUR_EYES = '@id("careful") @ask("four-eyes") forbid (principal, action, resource);\n'
ONE_ATTEMPT = Limits(retry_base_ms=1, retry_cap_ms=2, call_attempts=1)


async def given_up(shell: Shell) -> str:
    """Drive a session until its call is given up; return the letter's id."""
    session, _ = await start(shell, limits=ONE_ATTEMPT)
    assert status(await drive(shell, session)) == "failed"
    return f"{session}-call-1-1"


async def rules(shell: Shell, text: str) -> None:
    """Bring a set of rules into force."""
    catalogue, policy_set = Catalogue(shell), PolicySet(name="shop", text=text)
    await register_policy_set(catalogue, shell, policy_set, context())
    await activate_policy_set(catalogue, shell, "shop", policy_set.digest, "test", context())


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
    letter = await given_up(dying)
    session = (await replay_letter(dying, letter, "the shop is back", context())).session
    await die_while_sending(dying, shop, session)
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


async def test_a_call_that_the_rules_in_force_deny_by_now_is_not_sent_again(store: PostgresEventStore) -> None:
    shop = Shop(answers=failing("not-sent"))
    shell, ordered = shell_of(store, shop, Model(), Time()), context()
    letter = await given_up(shell)
    await rules(shell, PERMIT + CLOSED)
    with pytest.raises(Forbidden, match="closed denies look by now: The shop is closed"):
        await replay_letter(shell, letter, "the shop is back", context())
    await drive(shell, UUID(letter[:36]))
    assert (await letter_of(shell, letter)).status == "open" and len(shop.received) == 1
    refused = (await events(store, UUID(letter[:36]), VerdictReached))[-1]
    assert (refused.decision, refused.rules, refused.refused, refused.call) == ("deny", ("closed",), "ada", "call-1-1")
    await rules(shell, PERMIT)
    first = await replay_letter(shell, letter, "it is open again", ordered)
    await drive(shell, first.session)
    assert (await letter_of(shell, letter)).status == "resolved"
    await rules(shell, PERMIT + CLOSED)
    assert await replay_letter(shell, letter, "it is open again", ordered) == first


async def test_an_order_that_waits_is_judged_again_when_it_is_sent(store: PostgresEventStore) -> None:
    shop = Shop(answers=failing("not-sent"))
    shell = shell_of(store, shop, Model(), Time())
    letter = await given_up(shell)
    session = (await replay_letter(shell, letter, "the shop is back", context())).session
    await rules(shell, PERMIT + CLOSED)
    await drive(shell, session)
    found = await letter_of(shell, letter)
    assert found.status == "open" and "denied look after all: The shop is closed" in found.reason
    assert len(shop.received) == 1
    assert not (await replay_of(store, session, execute=True)).divergences


async def test_whose_session_made_a_call_does_not_order_it_again_where_rules_want_four_eyes(
    store: PostgresEventStore,
) -> None:
    shell = shell_of(store, Shop(answers=failing("not-sent")), Model(), Time())
    letter = await given_up(shell)
    state = (await shell.load(UUID(letter[:36]))).state
    assert state is not None
    await rules(shell, PERMIT + FOUR_EYES)
    own, other = (replace(context(), actor=Actor(kind="person", id=person)) for person in (state.user, "another"))
    with pytest.raises(Forbidden, match="four eyes"):
        await replay_letter(shell, letter, "the shop is back", own)
    await replay_letter(shell, letter, "the shop is back", other)
    assert (await letter_of(shell, letter)).status == "replaying"


@pytest.mark.parametrize(("orders", "sent"), [("the user", 1), ("another", 2)])
async def test_a_demand_that_arises_behind_an_order_is_held_against_who_gave_it(
    store: PostgresEventStore, orders: str, sent: int
) -> None:
    shop = Shop(answers=failing("not-sent"))
    shell = shell_of(store, shop, Model(), Time())
    letter = await given_up(shell)
    state = (await shell.load(UUID(letter[:36]))).state
    assert state is not None
    by = Actor(kind="person", id=state.user if orders == "the user" else orders)
    session = (await replay_letter(shell, letter, "the shop is back", replace(context(), actor=by))).session
    await rules(shell, PERMIT + FOUR_EYES)
    await drive(shell, session)
    found = await letter_of(shell, letter)
    assert len(shop.received) == sent
    if sent == 1:
        assert found.status == "open" and "demands four-eyes by now, which the order does not meet" in found.reason
    assert not (await replay_of(store, session, execute=True)).divergences


async def test_a_call_in_doubt_that_the_rules_in_force_deny_by_now_is_not_sent_again(store: PostgresEventStore) -> None:
    shop = Shop(answers=failing("unanswered"))
    shell = shell_of(store, shop, Model(tool="order"), Time())
    await rules(shell, PERMIT)
    session, _ = await start(shell)
    state = (await drive(shell, session)).state
    assert state is not None
    ((asked, _),) = open_approvals(state)
    again = ReportOutcome(approval=asked.id, by="eve", outcome="send-again", reason="it was not there")
    await rules(shell, PERMIT + CLOSED)
    with pytest.raises(Forbidden, match="closed denies order by now"):
        await decide(shell, session, again, context())
    await rules(shell, PERMIT)
    await decide(shell, session, again, context())
    await drive(shell, session)
    assert len(shop.received) == 2 and len(set(shop.received)) == 1


async def test_an_order_about_a_call_in_doubt_is_judged_again_when_it_is_carried_out(store: PostgresEventStore) -> None:
    shop = Shop(answers=failing("unanswered"))
    shell = shell_of(store, shop, Model(tool="order"), Time())
    await rules(shell, PERMIT)
    session, _ = await start(shell)
    state = (await drive(shell, session)).state
    assert state is not None
    ((asked, _),) = open_approvals(state)
    again = ReportOutcome(approval=asked.id, by="eve", outcome="send-again", reason="it was not there")
    await decide(shell, session, again, context())
    await rules(shell, PERMIT + CLOSED)
    await drive(shell, session)
    assert len(shop.received) == 1, "the rules that are in force by then have the last word"
    assert not (await replay_of(store, session, execute=True)).divergences
