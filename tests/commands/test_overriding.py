"""What an operator says of a tool counts: for new sessions, and where it stops a tool for open ones too."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.dead_letters import replay_letter
from commands.perform import drive
from commands.ports import Checked, ToolCall
from commands.replaying import replay_session
from commands.shell import Shell
from commands.tool_standing import standing
from domain.catalog.events import Override
from domain.errors import CommandReused, Invalid, NotFound, Stale, Unavailable
from domain.session.events import ArgumentsChecked, CallDeferred, CallFailed
from tests.commands.parts import TOOLS, Model, Shop, Time, context, events, failing, shell_of, start
from tests.commands.test_catalogue import Dying


def catalogue(store: PostgresEventStore) -> Catalogue:
    """Know the catalogue as a process of its own does."""
    return Catalogue(shell_of(store, Shop(), Model(), Time()))


@dataclass
class Interrupted(Shop):
    """Be the tool's side, but let somebody do something when a request has been checked."""

    behind_check: Callable[[], Awaitable[object]] = field(kw_only=True)

    async def check(self, call: ToolCall) -> Checked:
        """Say what the request would be, then let the other do his."""
        checked = await super().check(call)
        await self.behind_check()
        return checked


async def test_a_disabled_tool_is_not_offered_to_new_sessions(store: PostgresEventStore) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    await catalogue(store).override_tool("look", {"enabled": False}, context())
    session, _ = await start(shell)
    state = (await shell.load(session)).state
    assert state is not None
    snapshot = await shell.snapshot("local", state.catalog)
    assert (snapshot.tool("look"), snapshot.tool("order")) == (None, TOOLS[1])


async def test_a_tool_that_is_disabled_behind_the_verdict_is_not_called_and_the_run_replays(
    store: PostgresEventStore,
) -> None:
    stop = Interrupted(behind_check=lambda: catalogue(store).override_tool("look", {"enabled": False}, context()))
    shell = shell_of(store, stop, Model(), Time())
    session, _ = await start(shell)
    await drive(shell, session)
    assert stop.received == []
    (failed,) = await events(store, session, CallFailed)
    assert (failed.failure, failed.reason) == ("rejected", "nothing was sent: an operator disabled it")
    # What it chose next was stopped before anybody judged it.
    assert ("look: an operator disabled it",) in [
        each.problems for each in await events(store, session, ArgumentsChecked)
    ]
    replayed = await replay_session(store, session, execute=True)
    assert replayed.divergences == () and replayed.decided > 0
    # What counts now is not asked by a replay.
    await catalogue(store).override_tool("look", {"enabled": True}, context())
    assert await replay_session(store, session, execute=True) == replayed


async def test_a_dead_letter_of_a_disabled_tool_is_not_sent_again_and_stays_open(store: PostgresEventStore) -> None:
    shop = Shop(answers=failing("bad-answer"))
    shell = shell_of(store, shop, Model(), Time())
    session, _ = await start(shell)
    state = (await drive(shell, session)).state
    assert state is not None and len(shop.received) == 1
    await catalogue(store).override_tool("look", {"enabled": False}, context())
    await replay_letter(shell, state.letters[0].id, "try", context())
    state = (await drive(shell, session)).state
    assert state is not None and state.letters[0].status == "open" and len(shop.received) == 1
    assert (await replay_session(store, session, execute=True)).divergences == ()


async def test_a_tool_that_is_enabled_again_is_called_again(store: PostgresEventStore) -> None:
    for enabled in (False, None):
        await catalogue(store).override_tool("look", {"enabled": enabled}, context())
    shop = Shop()
    shell = shell_of(store, shop, Model(), Time())
    session, _ = await start(shell)
    await drive(shell, session)
    assert len(shop.received) == 1


async def test_an_override_is_what_was_said_last_of_each_thing(store: PostgresEventStore) -> None:
    said = catalogue(store)
    await said.override_tool("order", {"effect_class": "destructive", "rate_limit": 9}, context())
    done = await said.override_tool("order", {"rate_limit": None, "scopes": ("buy",)}, context(), reason="less")
    assert done.override == Override(effect_class="destructive", scopes=("buy",))
    _, tool = await said.find_tool("local", "order")
    assert (tool.effect_class, tool.rate_limit, tool.scopes, tool.repeatable) == ("destructive", 0, ("buy",), False)


async def test_overrides_at_the_same_time_all_hold(store: PostgresEventStore) -> None:
    changes: list[dict[str, object]] = [{"enabled": False}, {"deprecated": True}, {"rate_limit": 5}]
    await asyncio.gather(*(catalogue(store).override_tool("look", each, context()) for each in changes))
    document, _ = await catalogue(store).find_tool("local", "look")
    assert document.overrides["GET /look"] == Override(enabled=False, deprecated=True, rate_limit=5)


async def test_an_override_decided_on_an_older_version_is_refused(store: PostgresEventStore) -> None:
    said = catalogue(store)
    done = await said.override_tool("look", {"deprecated": True}, context(), expected=2)
    assert done.version == 3
    with pytest.raises(Stale):
        await said.override_tool("look", {"deprecated": False}, context(), expected=2)


async def test_an_override_whose_answer_was_lost_is_answered_and_not_said_again(store: PostgresEventStore) -> None:
    dying: Any = Dying(store)
    once = context("once")
    with pytest.raises(Unavailable):
        await catalogue(dying).override_tool("look", {"rate_limit": 5}, once)
    await catalogue(store).override_tool("look", {"rate_limit": 7}, context())
    done = await catalogue(store).override_tool("look", {"rate_limit": 5}, once)
    assert (done.override, done.version) == (Override(rate_limit=5), 3)
    _, tool = await catalogue(store).find_tool("local", "look")
    assert tool.rate_limit == 7
    with pytest.raises(CommandReused):
        await catalogue(store).override_tool("look", {"rate_limit": 6}, context("once", request="other"))


WRONG: list[dict[str, object]] = [{}, {"rate_limit": -1}, {"rate_limit": 10**7}, {"scopes": (" ",)}]


@pytest.mark.parametrize("changes", WRONG)
async def test_what_cannot_be_said_is_refused(store: PostgresEventStore, changes: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="Expected"):
        await catalogue(store).override_tool("look", changes, context())
    with pytest.raises(NotFound):
        await catalogue(store).override_tool("lock", {"enabled": False}, context())


async def run(shell: Shell) -> Any:
    session, _ = await start(shell)
    await drive(shell, session)
    return session


async def test_a_rate_limit_defers_the_calls_beyond_it_whichever_worker_makes_them(store: PostgresEventStore) -> None:
    await catalogue(store).override_tool("look", {"rate_limit": 1}, context())
    shop = Shop()
    shells = [shell_of(store, shop, Model(), Time(), worker=name) for name in ("one", "two")]
    first, second = [await run(shell) for shell in shells]
    assert len(shop.received) == 1
    assert await events(store, first, CallDeferred) == []
    (deferred,) = await events(store, second, CallDeferred)
    assert deferred.reason == "look may be called 1 times a minute (shop GET /look)"
    wait = deferred.until - shells[1].clock.now()
    assert 50 < wait.total_seconds() <= 65
    assert (await replay_session(store, second, execute=True)).divergences == ()


async def test_a_tool_that_no_longer_stands_in_the_catalogue_is_as_its_session_pinned_it(
    store: PostgresEventStore,
) -> None:
    shell = shell_of(store, Shop(), Model(), Time())
    counts = standing(await shell.catalogs.current("another tenant"), TOOLS[0])
    assert (counts.stopped, counts.limits) == ("", {})
