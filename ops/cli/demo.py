"""Show the whole loop on real parts in a temporary folder: `demo`."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import click
import msgspec

from domain.errors import Unavailable
from domain.replay import Difference
from domain.session.state import Ended
from ops.bootstrap.core import Core
from ops.cli.output import count, result, say
from ops.cli.replaying import Report, replayed, report_text
from ops.cli.verb import settings, verb
from ops.cli.watching import QUIET, entries, line

PATIENCE_SECONDS = 150.0
INTRODUCTION = """\
Reprise demo: one goal through plan, policy, approval, calls, review and replay.
  real      Postgres 18, NATS JetStream, a shop served over HTTP, policy, retries, breaker, review, replay
  scripted  the model's words (ops/sample/demo_script.json), the human who approves, and the shop's faults:
            the order is written but its answer is lost, then shipping fails twice
"""
NEXT = """\
Next, your own API and model:
  export PATH="$PWD/.venv/bin:$PATH"
  export OPENAI_API_KEY=YOUR-KEY REPRISE_MODEL_KEY=env:OPENAI_API_KEY
  reprise up &
  reprise tools add openapi.json --base-url https://api.example.com
  reprise orchestrate "what you want done" --model openai:NAME@https://host/v1 --wait
"""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """Sum the demo up."""

    session_id: UUID
    status: str
    answer: str
    events: int
    facts: int
    decided: int
    state_digest: str
    replay_digest: str
    divergences: list[Difference]


@verb()
async def demo() -> None:
    """Play one goal on embedded servers in a temporary folder, and replay it."""
    with TemporaryDirectory(prefix="reprise-demo-") as folder:
        try:
            played = await asyncio.wait_for(_play(Path(folder)), PATIENCE_SECONDS)
        except TimeoutError as fault:
            raise Unavailable(
                f"Expected the demo to end within {PATIENCE_SECONDS:.0f} s, but it did not: try again when this "
                "machine has less to do."
            ) from fault
    result(played)
    if played.status != "completed" or played.divergences:
        click.get_current_context().exit(1)


async def _play(folder: Path) -> Played:
    from ops.sample import demo as sample
    from ops.serving import everything

    say(INTRODUCTION)
    say("Starting Postgres, NATS, API, worker, relay and projector …")
    loaded = settings(data=str(folder), port=0, postgres_url="", nats_url="", breaker=sample.BREAKER, log_level="ERROR")
    async with everything(loaded) as up, sample.open_shop(up.core) as shop:
        say(f"Reprise at {up.url}, the shop at {shop.url}\n\nGoal: {sample.GOAL}\n")
        session = await sample.submit(up.core)
        await _watch(up.core, session)
        orders = shop.counts().operations["POST /orders"]
        received, wrote = count(orders.requests, "time"), count(orders.writes, "time")
        say(f"\nThe shop received the order {received} and wrote it {wrote}.")
        report = await replayed(up.core.store, [session], execute=True, single=True)
        say(f"\nReplay of {session}: every fact decided again, every decision compared")
        say(f"{report_text(report, True)}\n\n{NEXT}")
        return await _played(up.core, session, report)


async def _watch(core: Core, session: UUID) -> None:
    """Show the timeline as it grows; answer as the scripted human where one is asked."""
    from ops.sample import demo as sample

    async for entry in entries(core, session):
        if entry.type not in QUIET:
            say(line(entry))
        if entry.type == "session.approval-requested.v1":
            for approval in await sample.pending(core, session):
                await sample.approve(core, session, approval)


async def _played(core: Core, session: UUID, report: Report) -> Played:
    state = (await core.shell.load(session)).state
    if state is None or not isinstance(state.stage, Ended):
        raise Unavailable("Expected the demo's session to have ended, but it has not: this is a fault of ours.")
    return Played(
        session_id=session,
        status=state.stage.status,
        answer=state.stage.text,
        events=report.events,
        facts=report.facts,
        decided=report.decided,
        state_digest=report.state_digest,
        replay_digest=report.replay_digest,
        divergences=report.divergences,
    )
