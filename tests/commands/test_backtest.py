"""A backtest judges what was judged, from the log alone, and lists every decision that would come out otherwise."""

import pytest

from adapters.postgres.store import PostgresEventStore
from commands.backtest import backtest
from commands.perform import drive
from commands.shell import Shell
from domain.catalog.policies import PolicySet
from domain.errors import Invalid
from tests.commands.parts import Model, Shop, Time, shell_of, start

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


async def test_progress_reaches_the_end_and_other_tenants_are_left_out(shell: Shell) -> None:
    seen: list[tuple[int, int]] = []
    report = await backtest(shell, "other", NOTHING, lambda done, total: seen.append((done, total)))
    assert report.decisions == 0 and seen[-1][0] == seen[-1][1] == await shell.store.head()


async def test_a_candidate_that_cannot_be_read_is_refused(shell: Shell) -> None:
    with pytest.raises(Invalid):
        await backtest(shell, "local", PolicySet(name="x", text="permit"))
