"""What a worker does with what a session owes, on a real log: claim before sending, one sender, nothing lost."""

import asyncio
import json
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from msgspec.structs import replace

from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.handle import handle
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import Question, Reply, ToolCall
from commands.shell import Loaded, Shell
from domain.catalog.events import Binding
from domain.errors import CommandReused, NotPossible, Stale
from domain.replay import Row, replay
from domain.session.admit import open_approvals
from domain.session.commands import CancelSession, GrantApproval, PauseSession, ResumeSession
from domain.session.events import Limits
from domain.session.state import Ended
from tests.commands.parts import (
    Model,
    Shop,
    Time,
    context,
    die_while_sending,
    failing,
    shell_of,
    start,
    stops_behind_reading,
)


async def topics(store: PostgresEventStore, session: UUID) -> list[str]:
    rows = await store.read_stream(session)
    return [row.topic.split(".")[1] for row in rows]


def status(loaded: Loaded) -> str:
    assert loaded.state is not None
    return loaded.state.stage.status if isinstance(loaded.state.stage, Ended) else "running"


async def approve(shell: Shell, session: UUID) -> None:
    loaded = await shell.load(session)
    assert loaded.state is not None
    for approval, _ in open_approvals(loaded.state):
        await handle(shell, session, GrantApproval(approval=approval.id, by="ada"), context())


async def test_a_session_is_driven_to_its_end_and_replays(store: PostgresEventStore) -> None:
    shop = Shop()
    shell = shell_of(store, shop, Model(steps=3), Time())
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "completed"
    assert len(shop.received) == len(set(shop.received)) == 3
    stored = await store.read_stream(session)
    rows = [Row(version=row.originator_version, topic=row.topic, state=row.state) for row in stored]
    found = replay(str(session), rows, execute=True)
    assert not found.divergences and found.state_digest == found.replay_digest


async def test_an_answer_that_is_not_as_described_is_recorded_as_such_and_used(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(mismatches=("/ok: True is not of type 'string'",)), Model(), Time())
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "completed"
    (event,) = [json.loads(row.state) for row in await store.read_stream(session) if "call-succeeded" in row.topic]
    assert event["data"]["mismatches"] == ["/ok: True is not of type 'string'"]


async def test_bytes_that_are_no_text_are_kept_unchanged(store: PostgresEventStore) -> None:
    picture = b"\x89PNG\x00\xff"
    shell = shell_of(store, Shop(answers=lambda number: picture), Model(), Time())
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "completed"
    (event,) = [json.loads(row.state) for row in await store.read_stream(session) if "call-succeeded" in row.topic]
    assert await store.get_blob("local", event["data"]["output"]["blob"]) == picture


async def test_all_that_happens_in_a_session_names_its_lane_whoever_acts(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(tool="order"), Time())
    goal = Goal(text="Order", model="scripted:test", lane="batch")
    session, _ = await orchestrate(shell, Catalogue(shell), goal, context())
    await drive(shell, session)
    await approve(shell, session)
    assert status(await drive(shell, session)) == "completed"
    assert {json.loads(row.state)["lane"] for row in await store.read_stream(session)} == {"batch"}


async def test_the_claim_is_stored_before_the_tool_hears_anything(store: PostgresEventStore) -> None:
    seen: list[list[str]] = []
    shop = Shop()
    shell = shell_of(store, shop, Model(), Time())
    session, _ = await start(shell)

    async def look() -> None:
        seen.append(await topics(store, session))

    shop.on_arrival = look
    await drive(shell, session)
    assert "call-attempted" in seen[0] and "call-succeeded" not in seen[0]


async def test_two_workers_send_a_call_once(store: PostgresEventStore) -> None:
    shop = Shop()
    workers = [shell_of(store, shop, Model(steps=4), Time(), worker=name) for name in ("one", "two")]
    session, _ = await start(workers[0])
    await asyncio.gather(*(drive(worker, session) for worker in workers))
    assert len(shop.received) == len(set(shop.received)) == 4
    assert (await topics(store, session)).count("call-attempted") == 4


async def test_a_worker_that_read_before_another_claimed_sends_nothing(
    store: PostgresEventStore, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, model = Shop(), Model(tool="order")
    first = shell_of(store, shop, model, Time(), worker="first")
    session, _ = await start(first)
    await drive(first, session)
    await approve(first, session)
    elsewhere = await PostgresEventStore.open(database)
    read, claimed = stops_behind_reading(elsewhere, monkeypatch)
    second = asyncio.create_task(drive(shell_of(elsewhere, shop, model, Time(), worker="second"), session))
    await read.wait()
    shop.on_arrival = lambda: hold(claimed)
    await asyncio.gather(drive(first, session), second)
    await elsewhere.close()
    assert len(shop.received) == 1
    assert (await topics(store, session)).count("call-attempted") == 1


async def hold(claimed: asyncio.Event) -> None:
    """Keep a call in flight while others see that it is claimed."""
    claimed.set()
    await asyncio.sleep(0.3)


async def test_a_failing_call_is_retried_under_the_same_key(store: PostgresEventStore) -> None:
    shop = Shop(answers=failing("server-error"))
    shell = shell_of(store, shop, Model(), Time())
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "completed"
    assert len(shop.received) == 2 and len(set(shop.received)) == 1


async def test_an_open_breaker_defers_without_claiming(store: PostgresEventStore) -> None:
    time, shop = Time(), Shop(answers=failing("server-error", "server-error"))
    shell = shell_of(store, shop, Model(), time)
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "running"
    deferred = await topics(store, session)
    assert deferred[-1] == "call-deferred" and deferred.count("call-attempted") == len(shop.received) == 2
    time.ahead = timedelta(seconds=61)
    assert status(await drive(shell, session)) == "completed"


async def test_a_call_whose_deadline_a_pause_puts_off_while_it_is_made_ready_is_not_given_up(
    store: PostgresEventStore,
) -> None:
    time = Time()

    class Halting(Shop):
        async def credentials(self, call: ToolCall) -> tuple[Binding, ...]:
            if not time.ahead:
                for command, ahead in ((PauseSession(), 1), (ResumeSession(), 0)):
                    await handle(shell, session, command, replace(context(), at=time.now()))
                    time.ahead += timedelta(hours=ahead)
            return ()

    shell = shell_of(store, Halting(), Model(), time)
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "completed"
    assert "call-expired" not in await topics(store, session)


async def test_nothing_is_sent_before_a_human_allowed_it(store: PostgresEventStore) -> None:
    shop = Shop()
    shell = shell_of(store, shop, Model(tool="order"), Time())
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "running" and not shop.received
    await approve(shell, session)
    assert status(await drive(shell, session)) == "completed" and len(shop.received) == 1


async def test_a_write_whose_worker_died_is_not_sent_again(store: PostgresEventStore) -> None:
    time, shop = Time(), Shop()
    dying = shell_of(store, shop, Model(tool="order"), time, worker="dying")
    session, _ = await start(dying)
    await drive(dying, session)
    await approve(dying, session)
    await die_while_sending(dying, shop, session)
    time.ahead = timedelta(seconds=60)
    after = await drive(shell_of(store, shop, Model(tool="order"), time, worker="next"), session)
    assert status(after) == "running" and len(shop.received) == 1
    assert (await topics(store, session))[-3:] == ["lease-lapsed", "call-outcome-unknown", "approval-requested"]


async def test_a_worker_that_was_stopped_since_its_claim_does_not_send(store: PostgresEventStore) -> None:
    time, shop = Time(), Shop()
    shell = shell_of(store, shop, Model(), time)
    shell.lease_margin_ms = -1
    session, _ = await start(shell, limits=Limits(retry_base_ms=1, retry_cap_ms=2, call_attempts=2))
    assert status(await drive(shell, session)) == "failed"
    assert not shop.received and (await topics(store, session)).count("call-attempted") == 2


async def test_a_large_reply_is_stored_once_as_a_blob(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(answers=lambda _: b'"' + b"x" * 40_000 + b'"'), Model(), Time())
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "completed"
    assert max(len(row.state) for row in await store.read_stream(session)) < 20_000


async def test_a_paused_session_is_left_alone(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    session, _ = await start(shell)
    await handle(shell, session, PauseSession(), context())
    assert status(await drive(shell, session)) == "running"
    assert (await topics(store, session))[-1] == "paused"


async def test_a_repeated_command_is_answered_from_the_log(store: PostgresEventStore) -> None:
    shell, same = shell_of(store, Shop(), Model(), Time()), context("once")
    first, second = await start(shell, given=same), await start(shell, given=same)
    assert first[0] == second[0] and (first[1], second[1]) == (False, True)
    with pytest.raises(CommandReused, match="another request"):
        await start(shell, given=context("once", request="other"))


async def test_a_command_on_an_older_version_is_refused(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    session, _ = await start(shell)
    with pytest.raises(Stale, match="Expected version 1, but the session is at 2"):
        await handle(shell, session, CancelSession(), context(), expected_version=1)
    await handle(shell, session, CancelSession(), context(), expected_version=2)
    with pytest.raises(NotPossible, match="cancelled"):
        await handle(shell, session, CancelSession(), context())


async def test_an_agent_that_asks_for_more_of_a_tool_is_told_and_then_chooses(store: PostgresEventStore) -> None:
    questions = iter(({"describe": "look", "at": "/body"}, {"describe": "destroy", "at": ""}))

    class Asking(Model):
        async def ask(self, question: Question) -> Reply:
            reply = await super().ask(question)
            self.prompts.append(question.prompt.messages[-1].text)
            asked = next(questions, None) if "TASK purpose=choose" in self.prompts[-1] else None
            return reply if asked is None else replace(reply, text=json.dumps(asked))

        prompts: ClassVar[list[str]] = []

    model = Asking()
    shell = shell_of(store, Shop(), model, Time())
    session, _ = await start(shell)
    assert status(await drive(shell, session)) == "completed"
    assert "MORE OF look /body" in model.prompts[2]
    assert "MORE OF destroy\nYou have no tool named 'destroy'." in model.prompts[3]
    stored = await store.read_stream(session)
    rows = [Row(version=row.originator_version, topic=row.topic, state=row.state) for row in stored]
    found = replay(str(session), rows, execute=True)
    assert not found.divergences and found.state_digest == found.replay_digest
    assert [row.topic.split(".")[1] for row in stored].count("tool-described") == 2
