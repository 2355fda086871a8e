"""Sessions spend what accounts hand them, to the millionth, whoever else spends and whoever dies on the way."""

import asyncio
import os
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import structs

from adapters.postgres.store import PostgresEventStore
from commands.accounts import account_stream
from commands.budgets import set_limits, show_account
from commands.catalogue import Catalogue
from commands.handle import handle
from commands.perform import drive
from commands.ports import Question, Reply
from commands.prices import activate_prices, register_prices
from commands.redaction import Redactor
from commands.shell import Loaded, Shell, advance
from commands.spending import return_allotment, take_allotment
from domain.budget.accounts import Account, evolve
from domain.budget.amounts import Amounts, Ceilings
from domain.budget.events import AccountEvent, Period
from domain.budget.prices import WrittenModelPrice, WrittenPrices, WrittenToolPrice
from domain.envelope import Actor, Event
from domain.errors import Invalid, NotPossible
from domain.replay import Row, replay
from domain.session.commands import CancelSession, PauseSession, ResumeSession
from domain.session.effects import ReturnAllotment, TakeAllotment
from domain.session.events import AccountsJoined, AllotmentRefused, Limits, ModelReplied, SessionEvent
from domain.session.means import spent
from domain.session.outstanding import outstanding
from domain.session.state import Ended, Session
from domain.upcasting import Unknown, read
from ops.bootstrap.redaction import EVERY
from tests.commands.parts import Model, Shop, Time, context, events, shell_of, start

PRICES = WrittenPrices(
    name="ours",
    currency="EUR",
    models=(WrittenModelPrice(model="scripted:*", input_per_million="1", output_per_million="2"),),
    tools=(WrittenToolPrice(tool="shop/*", per_call="0.01"),),
)
TIGHT = Limits(retry_base_ms=1, retry_cap_ms=2, reply_tokens=10)

ONE_BY_ONE = structs.replace(TIGHT, parallel_steps=1)


async def priced(shell: Shell, prices: WrittenPrices = PRICES) -> None:
    await register_prices(Catalogue(shell), shell, prices, context())
    await activate_prices(Catalogue(shell), shell, prices.name, "", "tests", context())


async def limited(shell: Shell, account: str = "tenant", period: Period = "total", **limits: int) -> None:
    await set_limits(
        Catalogue(shell),
        shell,
        account=account,
        limits=Ceilings(**limits),
        period=period,
        currency="EUR" if "money" in limits else "",
        reason="tests",
        context=context(),
    )


async def account(shell: Shell, name: str = "tenant") -> Account:
    return (await show_account(Catalogue(shell), shell, "local", name)).account


async def session_of(shell: Shell, session: UUID) -> Session:
    state = (await shell.load(session)).state
    assert state is not None
    return state


async def rows_of(store: PostgresEventStore, session: UUID) -> list[Row]:
    rows = await store.read_stream(session)
    return [Row(version=row.originator_version, topic=row.topic, state=row.state) for row in rows]


async def test_a_session_pays_by_its_prices_and_gives_the_rest_back(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    await priced(shell)
    await limited(shell, money=1_000_000, tokens=1_000_000)
    await limited(shell, "user:ada", money=500_000)
    session, _ = await start(shell, limits=TIGHT)
    state = (await drive(shell, session)).state
    assert state is not None and state.ended
    # Four questions of one token each way, and one call.
    assert spent(state) == Amounts(steps=1, model_calls=4, tool_calls=1, tokens=8, money=4 * 3 + 10_000)
    for name in ("tenant", "user:ada"):
        paid = await account(shell, name)
        assert (paid.spent, paid.reserved, paid.held) == (spent(state), Amounts(), {})
    assert not replay(str(session), await rows_of(store, session), execute=True).divergences


async def test_an_empty_account_pauses_a_session_until_people_fill_it(store: PostgresEventStore) -> None:
    shop = Shop()
    shell = shell_of(store, shop, Model(), Time())
    await priced(shell)
    await limited(shell, money=1_000)
    session, _ = await start(shell, limits=TIGHT)
    await drive(shell, session)
    state = await session_of(shell, session)
    assert state.paused and not state.ended and not shop.received
    await limited(shell, money=50_000)
    assert not (await session_of(shell, session)).paused
    await drive(shell, session)
    assert (await session_of(shell, session)).ended and len(shop.received) == 1
    assert (await account(shell)).taken.money == 10_012


async def test_a_session_without_accounts_or_money_has_no_meter(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    session, _ = await start(shell)
    state = (await drive(shell, session)).state
    assert state is not None and state.meter is None and state.budget is None


async def test_a_goal_with_limited_money_needs_prices_for_its_model_in_its_currency(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    with pytest.raises(NotPossible, match="no price list is in force"):
        await start(shell, limits=Limits(money=1))
    await priced(shell, WrittenPrices(name="other", currency="EUR", models=(), tools=PRICES.tools))
    with pytest.raises(NotPossible, match="a price for the model scripted:test"):
        await start(shell, limits=Limits(money=1))
    await priced(shell, WrittenPrices(name="dollars", currency="USD", models=PRICES.models))
    await limited(shell, money=1_000)
    with pytest.raises(NotPossible, match="prices in force are in USD and there are limits in EUR"):
        await start(shell)


async def test_a_limit_below_what_was_spent_is_refused(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    await limited(shell, tool_calls=3)
    session, _ = await start(shell, limits=TIGHT)
    await drive(shell, session)
    with pytest.raises(NotPossible, match="at least 1 tool calls"):
        await limited(shell, tool_calls=0)
    with pytest.raises(Invalid, match="from 0 to"):
        await limited(shell, tool_calls=-1)
    with pytest.raises(Invalid, match="the account tenant or user:NAME"):
        await limited(shell, "everybody", tool_calls=1)
    await limited(shell, tool_calls=1)
    again, _ = await start(shell, limits=TIGHT)
    await drive(shell, again)
    assert (await session_of(shell, again)).paused


async def test_its_own_money_ends_a_session_before_it_is_exceeded(store: PostgresEventStore) -> None:
    shop = Shop()
    shell = shell_of(store, shop, Model(), Time())
    await priced(shell)
    session, _ = await start(shell, limits=Limits(money=9_000, reply_tokens=10))
    state = (await drive(shell, session)).state
    assert state is not None and state.stage.status == "failed" and not shop.received  # type: ignore[union-attr]
    assert state.stage.text.startswith("the limit of 0.009000 EUR leaves 0.00899")  # type: ignore[union-attr]


# Limits that are set while a session runs


def stepping(steps: int = 3) -> tuple[Shop, Model]:
    return Shop(), Model(steps=steps)


async def test_a_limit_that_is_set_while_a_session_runs_holds_it_until_it_is_raised(store: PostgresEventStore) -> None:
    shop, model = stepping()
    shell = shell_of(store, shop, model, Time())
    shop.on_arrival = lambda: limited(shell, tool_calls=1) if len(shop.received) == 1 else None
    session, _ = await start(shell, limits=ONE_BY_ONE)
    await drive(shell, session)
    state = await session_of(shell, session)
    assert state.paused and not state.ended and len(shop.received) == 1
    assert state.charged.accounts == ("tenant",) and (await account(shell)).waiting == (str(session),)
    await limited(shell, tool_calls=2)
    await drive(shell, session)
    assert (await session_of(shell, session)).paused and len(shop.received) == 2
    await limited(shell, tool_calls=3)
    await drive(shell, session)
    state, paid = await session_of(shell, session), await account(shell)
    assert state.ended and len(shop.received) == 3
    assert (paid.spent, paid.held, paid.waiting) == (spent(state), {}, ())
    assert not replay(str(session), await rows_of(store, session), execute=True).divergences


async def test_a_question_that_is_under_way_when_a_limit_is_set_is_paid_for_too(store: PostgresEventStore) -> None:
    shop, model = stepping()
    shell = shell_of(store, shop, model, Time())

    class Asked(Model):
        async def ask(self, question: Question) -> Reply:
            if len(self.asked) == 2:
                await limited(shell, tokens=10**9)
            return await super().ask(question)

    shell.models = Asked(steps=3)
    session, _ = await start(shell, limits=ONE_BY_ONE)
    await drive(shell, session)
    state = await session_of(shell, session)
    assert state.ended and (await account(shell)).spent == spent(state)
    assert spent(state).model_calls == len(shell.models.asked)
    assert not replay(str(session), await rows_of(store, session), execute=True).divergences


async def test_what_is_under_way_when_money_is_limited_costs_what_it_costs_by_then(store: PostgresEventStore) -> None:
    """A session has no prices before: the question is asked without any."""
    shop = Shop()
    shell = shell_of(store, shop, Model(), Time())
    limit_set, joined = asyncio.Event(), asyncio.Event()
    shell.listeners.append(lambda told: joined.set() if any(_joins(each) for each in told.events) else None)

    class Asked(Model):
        async def ask(self, question: Question) -> Reply:
            reply = await super().ask(question)
            if question.call == "choose-1-1":
                await priced(shell)
                await limited(shell, money=10**9)
                limit_set.set()
                await asyncio.wait_for(joined.wait(), 10)
            elif question.call == "choose-2-1":
                await asyncio.wait_for(limit_set.wait(), 10)
            return reply

    shell.models = Asked(steps=2)
    session, _ = await start(shell, limits=structs.replace(TIGHT, parallel_steps=2))
    await drive(shell, session)
    (answer,) = [each for each in await events(store, session, ModelReplied) if each.call == "choose-1-1"]
    assert answer.cost == 3
    state = await session_of(shell, session)
    assert state.ended and (await account(shell)).spent == spent(state)
    assert not replay(str(session), await rows_of(store, session), execute=True).divergences


def _joins(event: Event[SessionEvent]) -> bool:
    return isinstance(event.data, AccountsJoined)


@pytest.mark.parametrize(("limit", "ends"), [(10**6, True), (20, False)])
async def test_an_account_that_joins_pays_for_what_others_had_handed_over(
    store: PostgresEventStore, limit: int, ends: bool
) -> None:
    shop, model = stepping()
    shell = shell_of(store, shop, model, Time())
    await limited(shell, tokens=10**6)
    shop.on_arrival = lambda: limited(shell, "user:ada", tokens=limit) if len(shop.received) == 2 else None
    session, _ = await start(shell, limits=ONE_BY_ONE)
    await drive(shell, session)
    state = await session_of(shell, session)
    assert (state.ended, state.paused) == (ends, not ends) and len(shop.received) == (3 if ends else 2)
    if not ends:
        await handle(shell, session, CancelSession(), context())
        await drive(shell, session)
        state = await session_of(shell, session)
    tenant, user = await account(shell), await account(shell, "user:ada")
    assert tenant.spent == spent(state) and user.spent == (spent(state) if ends else Amounts())
    assert tenant.held == user.held == {}
    assert not replay(str(session), await rows_of(store, session), execute=True).divergences


async def test_what_an_account_limits_newly_is_limited_for_sessions_that_run(store: PostgresEventStore) -> None:
    shop, model = stepping()
    shell = shell_of(store, shop, model, Time())
    await limited(shell, tokens=10**6)
    shop.on_arrival = lambda: limited(shell, tokens=10**6, tool_calls=2) if len(shop.received) == 1 else None
    session, _ = await start(shell, limits=ONE_BY_ONE)
    await drive(shell, session)
    assert (await session_of(shell, session)).paused and len(shop.received) == 2


async def test_money_that_is_limited_while_a_session_runs_waits_for_prices(store: PostgresEventStore) -> None:
    shop, model = stepping()
    shell = shell_of(store, shop, model, Time())
    shop.on_arrival = lambda: limited(shell, money=10**6) if len(shop.received) == 1 else None
    session, _ = await start(shell, limits=ONE_BY_ONE)
    await drive(shell, session)
    assert (await session_of(shell, session)).paused and len(shop.received) == 1
    assert b"no price list is in force" in (await rows_of(store, session))[-1].state
    await priced(shell)
    await handle(shell, session, ResumeSession(), context())
    await drive(shell, session)
    state = await session_of(shell, session)
    assert state.ended and spent(state).money == (await account(shell)).spent.money > 20_000
    assert not replay(str(session), await rows_of(store, session), execute=True).divergences


@pytest.mark.parametrize(("period", "days"), [("day", 1), ("month", 31)])
async def test_a_session_goes_on_when_another_period_of_its_account_begins(
    store: PostgresEventStore, period: Period, days: int
) -> None:
    shop, model, time = *stepping(), Time()
    shell = shell_of(store, shop, model, time)
    await limited(shell, period=period, tool_calls=1, wall_ms=10**9)
    session, _ = await start(shell, limits=ONE_BY_ONE)
    for number in range(1, 4):
        await drive(shell, session)
        state = await session_of(shell, session)
        assert len(shop.received) == number and (state.paused, state.ended) == (number < 3, number == 3)
        time.ahead += timedelta(days=days)
    paid = await account(shell)
    assert paid.held == {} and paid.waiting == ()
    assert not replay(str(session), await rows_of(store, session), execute=True).divergences


async def test_who_paused_a_session_himself_finds_it_paused(store: PostgresEventStore) -> None:
    shop, model = stepping()
    shell = shell_of(store, shop, model, Time())
    await limited(shell, tool_calls=1)
    session, _ = await start(shell, limits=ONE_BY_ONE)
    await drive(shell, session)
    await handle(shell, session, ResumeSession(), context())
    await handle(shell, session, PauseSession(), context())
    await limited(shell, tool_calls=10)
    assert (await session_of(shell, session)).paused


async def test_what_is_refused_is_what_waits_by_then_and_not_what_a_worker_saw_wait(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    await limited(shell, tokens=1)
    session, _ = await start(shell, limits=TIGHT)
    await drive(shell, session)
    await handle(shell, session, ResumeSession(), context())
    state = await session_of(shell, session)
    (effect,) = [each for each in outstanding(state) if isinstance(each, TakeAllotment)]
    await take_allotment(shell, session, state, structs.replace(effect, call="call-9-9", attempt=7))
    refused = await events(store, session, AllotmentRefused)
    assert len(refused) == 2 and {(each.call, each.attempt) for each in refused} == {("plan", 1)}


async def test_an_account_that_is_named_like_a_hidden_value_pays(store: PostgresEventStore) -> None:
    shell = shell_of(store, *stepping(), Time())
    shell.redactor = Redactor(EVERY)
    await limited(shell, "user:ada@example.org", tool_calls=1)
    ada = Actor(kind="person", id="ada@example.org")
    session, _ = await start(shell, limits=ONE_BY_ONE, given=structs.replace(context(), actor=ada))
    await drive(shell, session)
    assert (await session_of(shell, session)).paused


async def test_who_comes_too_late_to_settle_finds_it_done(store: PostgresEventStore) -> None:
    first, late = (shell_of(store, Shop(), Model(), Time()) for _ in range(2))
    await limited(first, tool_calls=10)
    session, _ = await start(first, limits=TIGHT)
    await drive(first, session)
    paid = await account(first)
    known = advance(Loaded(), (await store.read_stream(session))[:-1])
    late.remember(session, known)  # what it read before the first one settled
    ((effect,), state) = outstanding(known.state), known.state
    assert isinstance(effect, ReturnAllotment) and state
    await return_allotment(late, session, state, effect)
    assert await account(late) == paid and (await session_of(late, session)).ended


# Many at once, and deaths

SESSIONS = int(os.environ.get("REPRISE_TEST_SESSIONS", "80"))
"""How many sessions draw on one account at the same time; with 200 this takes a minute and more."""


async def _until_ended(any_shell: Callable[[], Shell], session: UUID, dice: random.Random) -> None:
    """Drive a session as workers do that die on the way: the first drives are cut off at any moment."""
    for patience in (*(dice.uniform(0, 2) for _ in range(dice.randrange(4))), *[30.0] * 5):
        task = asyncio.create_task(drive(any_shell(), session))
        done, _ = await asyncio.wait([task], timeout=patience)
        if done and ((state := task.result().state) is None or state.ended or state.paused):
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_many_sessions_of_one_account_with_dying_workers_never_exceed_its_limits(
    store: PostgresEventStore,
) -> None:
    dice, sessions, time = random.Random(SESSIONS), SESSIONS, Time()
    limits = Limits(retry_base_ms=1, retry_cap_ms=2, reply_tokens=10, attempt_timeout_ms=500, model_timeout_ms=500)
    money, calls = 10_012 * sessions * 2 // 3, sessions

    def process(name: str) -> Shell:
        return replace(shell_of(store, Shop(), Model(), time, worker=name), drain_seconds=0.0, lease_margin_ms=1_000)

    processes = [process(f"w{number}") for number in range(3)]

    def any_process() -> Shell:
        """Pick one; now and then it has just died, and begins anew with all that it knew forgotten."""
        number = dice.randrange(len(processes))
        if dice.random() < 0.1:
            processes[number] = process(f"{processes[number].worker}-again")
        return processes[number]

    await priced(processes[0])
    await limited(processes[0], money=money, tool_calls=calls)
    started = [(await start(processes[0], limits=limits))[0] for _ in range(sessions)]
    await asyncio.gather(*(_until_ended(any_process, session, dice) for session in started))
    for session in started:
        if not (await session_of(processes[0], session)).ended:
            await handle(processes[0], session, CancelSession(), context())
        await drive(processes[0], session)

    most = await most_taken(store, money, calls)
    known = await account(processes[0])
    states = [await session_of(processes[0], session) for session in started]
    completed = sum(isinstance(state.stage, Ended) and state.stage.status == "completed" for state in states)
    print(f"{completed} of {sessions} completed; at most {most} of {money} and {calls}; spent {known.spent}")
    assert known.held == {} and known.reserved == Amounts()
    assert known.spent.money == sum(spent(state).money for state in states)
    assert most.money > money * 9 // 10 and 0 < completed < sessions


async def test_limits_that_are_set_in_the_midst_of_many_sessions_are_never_exceeded(store: PostgresEventStore) -> None:
    dice, time, shop, calls = random.Random(7), Time(), Shop(), 25
    limits = structs.replace(ONE_BY_ONE, attempt_timeout_ms=500, model_timeout_ms=500)

    def process() -> Shell:
        fresh = shell_of(store, shop, Model(steps=2), time, worker=f"w{dice.random()}")
        return replace(fresh, drain_seconds=0.0, lease_margin_ms=1_000)

    processes = [process(), process()]
    started = [(await start(processes[0], limits=limits))[0] for _ in range(20)]
    shop.on_arrival = lambda: limited(processes[0], tool_calls=calls) if len(shop.received) == 10 else None
    await asyncio.gather(*(_until_ended(lambda: dice.choice(processes), session, dice) for session in started))
    for _ in range(10):  # who waits for what others hold asks again ever later
        time.ahead += timedelta(minutes=1)
        await asyncio.gather(*(drive(dice.choice(processes), session) for session in started))
    await most_taken(store, 0, calls)
    states = [await session_of(processes[0], session) for session in started]
    assert all(state.ended or state.paused for state in states)
    assert any(state.paused for state in states), "some had to wait"
    shop.on_arrival = lambda: None
    await limited(processes[0], tool_calls=10**6)
    await asyncio.gather(*(drive(processes[0], session) for session in started))
    states = [await session_of(processes[0], session) for session in started]
    known, joined = await account(processes[0]), [state for state in states if state.charged.accounts]
    assert all(state.ended for state in states) and known.held == {} and known.waiting == ()
    assert known.spent.tool_calls == sum(spent(state).tool_calls for state in joined)
    for session in started:
        assert not replay(str(session), await rows_of(store, session), execute=True).divergences


async def most_taken(store: PostgresEventStore, money: int, calls: int) -> Amounts:
    """Return the most that was ever spent and held of the tenant's account, and see that it was never too much."""
    known, most = Account(name="tenant"), Amounts()
    for row in await store.read_stream(account_stream("local", "tenant")):
        event = read(row.topic, row.state)
        assert not isinstance(event, Unknown) and isinstance(event.data, AccountEvent)
        known = evolve(known, event.data, event.at)
        assert known.taken.money <= money and known.taken.tool_calls <= calls
        most = max(most, known.taken, key=lambda taken: taken.money)
    return most


async def at_work(store: PostgresEventStore, sessions: Sequence[UUID]) -> bool:
    """Tell whether a process of its own has claimed anything."""
    rows = [row for session in sessions for row in await rows_of(store, session)]
    return any(b'"worker":"w' in row.state for row in rows)


async def test_processes_that_are_killed_spend_nothing_twice(database: str, store: PostgresEventStore) -> None:
    dice, sessions, money = random.Random(9), 30, 10_012 * 20
    limits = Limits(retry_base_ms=1, retry_cap_ms=2, reply_tokens=10, attempt_timeout_ms=500, model_timeout_ms=500)
    shell = replace(shell_of(store, Shop(), Model(), Time(), worker="last"), lease_margin_ms=1_000)
    await priced(shell)
    await limited(shell, money=money, tool_calls=sessions)
    started = [(await start(shell, limits=limits))[0] for _ in range(sessions)]
    killed = 0
    for life in range(4):
        names = [f"w{life}-{number}" for number in range(2)]
        begun = [await spender(database, name, started) for name in names]
        while life == 0 and not await at_work(store, started):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)
        await asyncio.sleep(dice.uniform(1.5, 4))
        for process in begun:
            if process.returncode is None:
                process.kill()
                killed += 1
            await process.wait()
    await asyncio.gather(*(drive(shell, session) for session in started))
    for session in started:
        if not (await session_of(shell, session)).ended:
            await handle(shell, session, CancelSession(), context())
        await drive(shell, session)
    await most_taken(store, money, sessions)
    known, states = await account(shell), [await session_of(shell, session) for session in started]
    assert killed and await at_work(store, started), "somebody died at work"
    assert known.held == {} and known.spent.money == sum(spent(state).money for state in states)
    assert any(isinstance(state.stage, Ended) and state.stage.status == "completed" for state in states)
    for session in started:
        assert not replay(str(session), await rows_of(store, session), execute=True).divergences


async def spender(database: str, name: str, sessions: list[UUID]) -> asyncio.subprocess.Process:
    words = [sys.executable, "-m", "tests.commands.spender", database, name, *map(str, sessions)]
    return await asyncio.create_subprocess_exec(*words)
