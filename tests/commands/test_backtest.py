"""A backtest judges what was judged, from the log alone, and lists every decision that would come out otherwise."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from adapters.policy.cedar import CedarJudge
from adapters.postgres.store import PostgresEventStore
from commands.backtest import backtest
from commands.deciding import decide
from commands.perform import drive
from commands.shell import Shell
from domain.catalog.policies import PolicySet
from domain.errors import Invalid
from domain.session.admit import open_approvals
from domain.session.commands import GrantApproval
from domain.session.events import VerdictReached
from tests.commands.parts import Model, Shop, Time, context, events, shell_of, start

NOTHING = PolicySet(name="nothing", text='@id("nothing") forbid (principal, action, resource);')
ALL = PolicySet(name="all", text='@id("all") permit (principal, action, resource);')


@pytest.fixture
async def shell(store: PostgresEventStore) -> Shell:
    shell = shell_of(store, Shop(), Model(), Time())
    for _ in range(2):
        session, _ = await start(shell)
        await drive(shell, session)
    return shell


async def test_the_rules_that_decided_decide_the_same_again(shell: Shell) -> None:
    report = await backtest(shell, "local", shell.judge.default)
    assert report.decisions > 0 and report.flipped == 0 and report.flips == () and report.unjudged == 0


async def test_every_flip_is_counted_and_named(shell: Shell) -> None:
    head = await shell.store.head()
    report = await backtest(shell, "local", NOTHING)
    assert report.flipped == report.decisions == sum(report.changes.values()) == len(report.flips)
    assert set(report.changes) <= {"allow→deny", "ask→deny"}
    for flip in report.flips:
        assert flip.candidate == "deny" and flip.candidate_rules == ("nothing",) and flip.tool
    assert await shell.store.head() == head


async def test_more_lenient_rules_flip_what_was_asked(shell: Shell) -> None:
    report = await backtest(shell, "local", ALL)
    assert set(report.changes) <= {"ask→allow", "deny→allow"}


async def test_the_second_verdict_on_what_a_human_allowed_is_judged_again_as_of_its_own_time(
    store: PostgresEventStore,
) -> None:
    time = Time()
    shell = shell_of(store, Shop(), Model(tool="order"), time)
    session, _ = await start(shell)
    await drive(shell, session)
    state = (await shell.load(session)).state
    assert state is not None
    ((approval, _),) = open_approvals(state)
    time.ahead = timedelta(hours=1)
    granted = GrantApproval(approval=approval.id, by="bob")
    await decide(shell, session, granted, replace(context(), at=time.now()))
    await drive(shell, session)
    first, second = await events(store, session, VerdictReached)
    assert second.judged_at is not None and (first.decision, second.decision) == ("ask", "ask")
    assert (await backtest(shell, "local", shell.judge.default)).decisions == 2
    closed = f'@id("closed") forbid (principal, action, resource) when {{ context.hour == {second.judged_at.hour} }};'
    report = await backtest(shell, "local", PolicySet(name="closed", text=shell.judge.default.text + closed))
    (flip,) = report.flips
    assert report.changes == {"ask→deny": 1} and "closed" in flip.candidate_rules
    assert (await store.read_stream(session))[flip.version - 1].topic == "session.verdict-reached.v1"


async def test_neither_answers_that_are_kept_nor_pages_change_a_report(
    shell: Shell, store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidates = (shell.judge.default, NOTHING, ALL)
    reports = [await backtest(shell, "local", candidate) for candidate in candidates]
    shell.judge = CedarJudge(answers=0)
    monkeypatch.setattr("commands.backtest.PAGE", 3)
    assert [await backtest(shell, "local", candidate) for candidate in candidates] == reports


async def test_progress_reaches_the_end_and_other_tenants_are_left_out(shell: Shell) -> None:
    seen: list[tuple[int, int]] = []
    report = await backtest(shell, "other", NOTHING, lambda done, total: seen.append((done, total)))
    assert report.decisions == 0 and seen[-1][0] == seen[-1][1] == await shell.store.head()


async def test_a_candidate_that_cannot_be_read_is_refused(shell: Shell) -> None:
    with pytest.raises(Invalid):
        await backtest(shell, "local", PolicySet(name="x", text="permit"))
