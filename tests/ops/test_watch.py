"""A service is ready when every part is there and near the log, and its gauges say how things stand."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from adapters.embedded.nats import NatsServer
from adapters.nats.relay import lag
from commands.handle import handle
from commands.perform import drive
from domain.breaker import Breaker
from domain.errors import Unavailable
from domain.session.commands import PauseSession
from ops.bootstrap import watch as watching
from ops.bootstrap.core import Core, open_core
from ops.bootstrap.read_models import catch_up
from ops.bootstrap.servers import Addresses
from ops.settings import Settings
from tests.adapters.nats.logs import append, equal, relaying, until
from tests.commands.parts import Model, Shop, Time, context, register, shell_of, start


@pytest.fixture
async def core(database: str, fresh_nats: NatsServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Core]:
    """Open the core of a process, of which nobody is in a hurry to hear."""
    monkeypatch.setattr("adapters.telemetry.gauges.PATIENCE_SECONDS", 60.0)
    where = Addresses(postgres_url=database, nats_url=fresh_nats.url)
    async with open_core(Settings(), where, "test") as core:
        yield core


async def gauges(core: Core) -> dict[str, float]:
    watch = watching.watch(core).watch
    assert watch
    lines = [line for line in (await watch.text()).decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def test_what_is_far_behind_the_log_is_not_ready(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    probes = watching.watch(core).probes
    await append(core.store, 5)
    for probe in probes.values():
        await probe()
    monkeypatch.setattr(watching, "FAR_EVENTS", 4)
    with pytest.raises(Unavailable, match="the relay to keep up with the log, but it is 5 events behind"):
        await probes["relay"]()
    with pytest.raises(Unavailable, match="slowest read model to keep up with the log, but it is 5 events behind"):
        await probes["read-models"]()
    await catch_up(core)
    await probes["read-models"]()
    async with relaying(core.store, core.wired):
        await until(lambda: equal(core.store, core.wired))
        await probes["relay"]()
        assert await lag(core.store, core.wired) == 0


async def test_gauges_say_what_is_due_and_what_waits_for_people(core: Core) -> None:
    await register(core.store)
    shell = shell_of(core.store, Shop(), Model(tool="order"), Time())
    asking, _ = await start(shell)
    await drive(shell, asking)
    for _ in range(2):
        await start(shell)
    paused, _ = await start(shell)
    await handle(shell, paused, PauseSession(), context())
    await catch_up(core)
    told = await gauges(core)
    assert told['reprise_work_due{lane="standard"}'] == 2 and told['reprise_work_due{lane="batch"}'] == 0
    assert 0 <= told['reprise_work_oldest_seconds{lane="standard"}'] < 60
    assert told["reprise_approvals_open"] == 1 and told["reprise_dead_letters_open"] == 0
    assert told['reprise_sessions{status="waiting"}'] == 1 and told['reprise_sessions{status="paused"}'] == 1
    assert told["reprise_log_head"] == told["reprise_relay_lag_events"] == await core.store.head()
    assert told['reprise_projection_lag_events{read_model="sessions"}'] == 0


async def test_breakers_are_counted_by_their_state_and_not_by_their_tool(core: Core) -> None:
    now = core.shell.clock.now()
    tool = f"tool-{uuid4()}"
    core.shell.set_breaker(tool, Breaker(failures=1))
    core.shell.set_breaker("open", Breaker(failures=5, open_until=now.replace(year=now.year + 1)))
    core.shell.set_breaker("half-open", Breaker(failures=5, open_until=now.replace(year=now.year - 1)))
    told = await gauges(core)
    states = {state: told[f'reprise_breakers{{state="{state}"}}'] for state in ("failing", "open", "half-open")}
    assert states == {"failing": 1, "open": 1, "half-open": 1} and tool not in str(told)
