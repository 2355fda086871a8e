"""A dry run reads and is judged as ever, sends nothing that writes, asks nobody, and replays like any run."""

from dataclasses import replace
from uuid import UUID

import msgspec

from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.handle import handle
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.replaying import replay_session
from commands.shell import Shell
from domain.encoding import parse
from domain.session.admit import open_approvals
from domain.session.commands import GrantApproval
from domain.session.events import (
    ApprovalRequested,
    CallAttempted,
    CallFailed,
    CallRehearsed,
    CallRequested,
    VerdictReached,
)
from domain.session.state import Ended
from tests.commands.parts import QUICK, Model, Shop, Time, context, events, shell_of, start


async def dry_run(shell: Shell) -> UUID:
    goal = Goal(text="Look and order", model="scripted:test", limits=QUICK, dry_run=True)
    session, _ = await orchestrate(shell, Catalogue(shell), goal, context())
    await drive(shell, session)
    return session


async def test_a_write_is_judged_and_not_sent_and_nobody_is_asked(store: PostgresEventStore) -> None:
    shop = Shop()
    shell = shell_of(store, shop, Model(tool="order", steps=2), Time())
    session = await dry_run(shell)
    assert shop.received == []
    assert await events(store, session, CallRequested) == await events(store, session, ApprovalRequested) == []
    first, second = await events(store, session, CallRehearsed)
    judged = await events(store, session, VerdictReached)
    assert [each.request_digest for each in judged] == [first.request_digest, second.request_digest]
    assert (first.tool, first.operation, first.decision) == ("order", "POST /order", "ask")
    assert parse(first.output.text.encode())["notSent"] == "POST /order"
    state = (await shell.load(session)).state
    assert state is not None and isinstance(state.stage, Ended) and state.stage.status == "completed"
    replayed = await replay_session(store, session, execute=True)
    assert replayed.divergences == () and replayed.decided > 0


async def test_reads_are_sent(store: PostgresEventStore) -> None:
    shop = Shop()
    session = await dry_run(shell_of(store, shop, Model(tool="look"), Time()))
    assert len(shop.received) == len(await events(store, session, CallAttempted)) == 1
    assert await events(store, session, CallRehearsed) == []


async def test_what_is_denied_is_denied_there_too(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(tool="nothing"), Time())
    session = await dry_run(shell)
    assert await events(store, session, CallRehearsed) == []
    state = (await shell.load(session)).state
    assert state is not None and isinstance(state.stage, Ended) and state.stage.status == "failed"


async def test_a_write_that_is_owed_all_the_same_is_not_sent(store: PostgresEventStore) -> None:
    """No decision leads there: what is loaded is made a dry run behind the back of all that decides."""
    shop = Shop()
    shell = shell_of(store, shop, Model(tool="order"), Time())
    session, _ = await start(shell, limits=QUICK)
    loaded = await drive(shell, session)
    assert loaded.state is not None
    ((approval, _),) = open_approvals(loaded.state)
    loaded = (await handle(shell, session, GrantApproval(approval=approval.id, by="bob"), context())).loaded
    assert loaded.state is not None
    shell.remember(session, replace(loaded, state=msgspec.structs.replace(loaded.state, dry_run=True)))
    await drive(shell, session)
    (failed,) = await events(store, session, CallFailed)
    assert (failed.failure, failed.reason) == ("rejected", "a dry run sends nothing that writes")
    assert shop.received == []
