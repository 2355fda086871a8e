"""Start, watch and steer sessions: `orchestrate`, `sessions`."""

import asyncio
from uuid import UUID

import click
import msgspec

from commands.authorize import ROLES
from commands.handle import handle
from commands.orchestrate import LANES, Goal, whole_model
from commands.orchestrate import orchestrate as start
from domain.session.admit import open_approvals
from domain.session.commands import CancelSession, PauseSession, ResumeSession, SessionCommand
from domain.session.state import Ended, Session
from ops.bootstrap.core import Core
from ops.bootstrap.read_models import catch_up
from ops.cli.output import count, hint, placed, result, say, table
from ops.cli.reach import context, core, performing, session_id
from ops.cli.traces import trace
from ops.cli.verb import settings, verb
from ops.cli.watching import QUIET, entries, line
from queries.sessions import SessionDetail, SessionShown, list_sessions, show_session

SECONDS = 0.1
STATUSES = ("queued", "running", "waiting", "paused", "completed", "failed", "cancelled")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Say where a started session stands; ``approvals`` are what it asks people, ``dead_letters`` what it gave up."""

    session_id: UUID
    status: str
    text: str = ""
    approvals: tuple[str, ...] = ()
    dead_letters: tuple[str, ...] = ()


@verb()
@click.argument("goal")
@click.option("--wait", is_flag=True, help="Show what happens until the session ends or waits for people.")
@click.option("--model", help="scripted:FILE or openai:NAME@BASE_URL; REPRISE_MODEL if not said.")
@click.option("--lane", type=click.Choice(LANES), default="standard", show_default=True)
async def orchestrate(goal: str, wait: bool, model: str | None, lane: str) -> None:
    """Start a session for a goal."""
    loaded = settings(model=model)
    async with performing(wait) as (opened, served):
        wanted = Goal(text=goal, model=whole_model(loaded.model), lane=lane)
        session, _ = await start(opened.shell, opened.catalogue, wanted, context(opened), roles=ROLES)
        if not wait:
            result(Outcome(session_id=session, status="started"), lambda: f"{session}")
            if not served:
                hint("Nothing performs it yet: `reprise up` does, or say --wait.")
            return
        state = await _follow(opened, session)
    outcome = _outcome(session, state)
    result(outcome, lambda: _text(outcome))
    if outcome.status == "failed":
        click.get_current_context().exit(1)


async def _follow(opened: Core, session: UUID) -> Session:
    """Show a session's timeline until it ends or waits for people alone."""
    shown = 0
    while True:
        state = (await opened.shell.load(session)).state
        assert state is not None, "the session was started"
        for entry in await opened.events(session, shown):
            shown = entry.version
            if entry.type not in QUIET:
                say(line(entry))
        if isinstance(state.stage, Ended) or (state.open and len(open_approvals(state)) == len(state.open)):
            return state
        await asyncio.sleep(SECONDS)


def _outcome(session: UUID, state: Session) -> Outcome:
    asked = tuple(approval.id for approval, _ in open_approvals(state))
    if isinstance(state.stage, Ended):
        letters = tuple(letter.id for letter in state.letters)
        return Outcome(session_id=session, status=state.stage.status, text=state.stage.text, dead_letters=letters)
    return Outcome(session_id=session, status="waiting", approvals=asked)


def _text(outcome: Outcome) -> str:
    lines = [f"\nsession {outcome.session_id}: {outcome.status}", outcome.text]
    lines += [
        f"  reprise approvals show {each}\n  reprise approvals approve {each} --reason …" for each in outcome.approvals
    ]
    lines += [f"  reprise dlq show {each}\n  reprise dlq replay {each} --reason …" for each in outcome.dead_letters]
    return "\n".join(each for each in lines if each)


@click.group()
def sessions() -> None:
    """List, show, watch and steer sessions."""


sessions.add_command(trace)


@verb(sessions, "list")
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
async def list_all(status: str | None, limit: int) -> None:
    """List sessions, the newest first."""
    async with core() as opened:
        await catch_up(opened)
        found = await list_sessions(opened.reads, "local", status=status or "", limit=limit)
        log_id = await opened.store.log_id()
    result([placed(each, log_id) for each in found], lambda: _listed(found))


def _listed(found: list[SessionShown]) -> str:
    if not found:
        return 'No sessions yet: `reprise orchestrate "what you want done"` starts one.'
    rows = [(each.id, each.status, f"{each.created_at:%Y-%m-%d %H:%M:%S}", each.goal[:60]) for each in found]
    return table(["id", "status", "begun", "goal"], rows)


@verb(sessions)
@click.argument("session")
async def show(session: str) -> None:
    """Show a session with its tasks and actions."""
    async with core() as opened:
        await catch_up(opened)
        found = await show_session(opened.reads, "local", session_id(session))
        log_id = await opened.store.log_id()
    result({**msgspec.structs.asdict(found), "session": placed(found.session, log_id)}, lambda: _shown(found))


def _shown(found: SessionDetail) -> str:
    head, summary = found.session, found.summary
    lines = [f"{head.id}: {head.status}", f"  goal    {head.goal}", f"  model   {head.model}"]
    if summary.answer or head.reason:
        lines.append(f"  {'answer' if summary.answer else 'reason'}  {summary.answer or head.reason}")
    cost = summary.cost
    lines.append(
        f"  used    {count(cost.model_calls, 'model call')}, {count(cost.tool_calls, 'tool call')}, "
        f"{count(cost.tokens, 'token')}, "
        f"{summary.duration_ms / 1000:.1f} s"
    )
    for task in found.tasks:
        lines.append(f"  step {task.step}: {task.status}, {task.agent_id}, round {task.round}: {task.goal}")
        lines += [
            f"    {action.tool_id} ({action.operation}): {action.status}, {count(action.retry_count, 'retry')}"
            for action in found.actions
            if action.task_id == task.id
        ]
    return "\n".join(lines)


@verb(sessions)
@click.argument("session")
@click.option("--all", "every", is_flag=True, help="Bookkeeping too.")
async def watch(session: str, every: bool) -> None:
    """Show a session's timeline as it grows, to its end."""
    async with core() as opened:
        await catch_up(opened)
        await show_session(opened.reads, "local", session_id(session))
        log_id = await opened.store.log_id()
        async for entry in entries(opened, session_id(session)):
            if every or entry.type not in QUIET:
                result(placed(entry, log_id), lambda entry=entry: line(entry))  # type: ignore[misc]


@verb(sessions)
@click.argument("session")
@click.option("--reason", default="", help="Why; it is kept in the log.")
async def cancel(session: str, reason: str) -> None:
    """End a session now; answers to calls in flight are still recorded."""
    await _steer(session, CancelSession(reason=reason), "cancelled")


@verb(sessions)
@click.argument("session")
@click.option("--reason", default="", help="Why; it is kept in the log.")
async def pause(session: str, reason: str) -> None:
    """Halt a session; what is in flight is still recorded."""
    await _steer(session, PauseSession(reason=reason), "paused")


@verb(sessions)
@click.argument("session")
@click.option("--reason", default="", help="Why; it is kept in the log.")
async def resume(session: str, reason: str) -> None:
    """Let a paused session go on."""
    await _steer(session, ResumeSession(reason=reason), "resumed")


async def _steer(session: str, command: SessionCommand, done: str) -> None:
    named = session_id(session)
    async with core(wakes=True) as opened:
        handled = await handle(opened.shell, named, command, context(opened, str(named)))
    result({"session_id": named, "did": done, "version": handled.loaded.version}, lambda: f"{done}: {named}")
