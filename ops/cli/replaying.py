"""Replay sessions: fold what was recorded, and decide again from the facts."""

from typing import Any
from uuid import UUID

import click
import msgspec

from commands.ports import EventStore
from commands.replaying import read_rows, replay_session
from domain.encoding import digest, encode
from domain.errors import Invalid
from domain.replay import Difference, Replay, replay_state, state_digest
from ops.bootstrap.core import open_store
from ops.bootstrap.servers import addresses
from ops.cli.output import Progress, pretty, result
from ops.cli.reach import session_id
from ops.cli.verb import settings, verb


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Sum up the replays of one or many sessions."""

    sessions: int
    events: int
    facts: int
    decided: int
    state_digest: str
    replay_digest: str
    unchecked: int
    divergences: list[Difference]


@verb()
@click.argument("session", required=False)
@click.option("--all", "every", is_flag=True, help="Replay every session of the log.")
@click.option("--at", type=click.IntRange(min=1), help="Show the state at a version instead.")
@click.option("--execute", is_flag=True, help="Decide everything again and compare.")
async def replay(session: str | None, every: bool, at: int | None, execute: bool) -> None:
    """Replay a session; exit code 1 and the first differing field on a divergence."""
    if bool(session) == every:
        raise click.UsageError("Name one session, or say --all.")
    named = session_id(session) if session else None
    async with addresses(settings(), nats=False) as where, open_store(where) as store:
        if at is not None:
            if named is None or execute:
                raise click.UsageError("--at shows the state of one named session: leave --all and --execute out.")
            await _show(store, named, at)
            return
        sessions = [named] if named else await store.sessions()
        report = await replayed(store, sessions, execute=execute, single=named is not None)
    result(report, lambda: report_text(report, execute))
    if report.divergences:
        click.get_current_context().exit(1)


async def _show(store: EventStore, session: UUID, at: int) -> None:
    rows = await read_rows(store, session)
    if at > rows[-1].version:
        raise Invalid(f"Expected a version up to {rows[-1].version}, the last one recorded, but got {at}.")
    state = replay_state(rows, at)
    shown = {"session_id": str(session), "version": at, "state_digest": state_digest(state), "state": state}
    result(shown, lambda: pretty(shown))


async def replayed(store: EventStore, sessions: list[UUID], *, execute: bool, single: bool) -> Report:
    """Replay sessions one after the other, with progress, and sum up."""
    progress, reports = Progress("replayed"), []
    for done, session in enumerate(sessions, 1):
        reports.append(await replay_session(store, session, execute=execute))
        progress(done, len(sessions))
    progress.end()
    return summed(reports, single=single)


def summed(reports: list[Replay], *, single: bool) -> Report:
    """Add reports up; the digests of many are taken over the sorted digests of each."""
    states = sorted(each.state_digest for each in reports)
    replayed = sorted(each.replay_digest for each in reports)
    return Report(
        sessions=len(reports),
        events=sum(each.events for each in reports),
        facts=sum(each.facts for each in reports),
        decided=sum(each.decided for each in reports),
        state_digest=states[0] if single else digest(states),
        replay_digest=replayed[0] if single else digest(replayed) if any(replayed) else "",
        unchecked=sum(each.unchecked for each in reports),
        divergences=[each for report in reports for each in report.divergences],
    )


def report_text(report: Report, execute: bool) -> str:
    """Write a report for people."""
    lines = [
        f"sessions       {report.sessions}",
        f"events         {report.events}, of them facts {report.facts}",
        f"state digest   {report.state_digest}",
    ]
    if execute:
        lines += [f"replay digest  {report.replay_digest}", f"decided        {report.decided} times"]
        if report.unchecked:
            lines.append(f"unchecked      {report.unchecked} prompts: the catalogue they were built from is not stored")
        lines.append(f"divergences    {len(report.divergences) or 'none: every decision came out as recorded'}")
    for each in report.divergences:
        place = f"{each.event_type} at {each.path}" if each.path else each.event_type
        lines.append(f"\nsession {each.session_id}, version {each.version}: {place}")
        lines += [f"  recorded  {_short(each.recorded)}", f"  produced  {_short(each.produced)}"]
    return "\n".join(lines)


def _short(value: Any) -> str:
    text = "nothing" if value is None else encode(value).decode()
    return text if len(text) <= 300 else text[:300] + "…"
