"""Start, watch and steer sessions: `orchestrate`, `sessions`."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from uuid import UUID

import click
import msgspec

from commands.authorize import ROLES
from commands.balances import session_budget
from commands.handle import handle
from commands.orchestrate import LANES, USUAL_REPLANS, Goal, whole_model
from commands.orchestrate import orchestrate as start
from commands.ports import Said
from domain.budget.amounts import MOST, in_words
from domain.budget.prices import money
from domain.memory.recalling import MOST_RECALLED, MemoryUse
from domain.reviewing.claims import FINDINGS, claims_of
from domain.session.admit import open_approvals
from domain.session.commands import CancelSession, PauseSession, ResumeSession, SessionCommand
from domain.session.events import Limits, PinnedAgent
from domain.session.provenance import answer_label
from domain.session.state import Ended, Session
from ops.bootstrap.core import Core
from ops.bootstrap.read_models import catch_up
from ops.cli.output import count, cut, hint, placed, plain, result, say, table
from ops.cli.reach import context, core, performing, session_id
from ops.cli.traces import trace
from ops.cli.verb import settings, verb
from ops.cli.watching import ASKED, QUIET, entries, line, said_line, telling
from queries.policy import VerdictShown, verdicts_of
from queries.sessions import Cost, SessionDetail, SessionShown, TaskShown, list_sessions, show_session

SECONDS = 0.1
REPLANS_HELP = "How often the rest of the plan may be planned anew because a step cannot be finished."
STATUSES = ("queued", "running", "waiting", "paused", "completed", "failed", "cancelled")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Say where a started session stands; ``approvals`` are what it asks people, ``dead_letters`` what it gave up.

    ``untrusted``: its answer draws on what others may have written.
    """

    session_id: UUID
    status: str
    text: str = ""
    approvals: tuple[str, ...] = ()
    dead_letters: tuple[str, ...] = ()
    untrusted: bool = False


@verb()
@click.argument("goal")
@click.option("--wait", is_flag=True, help="Show what happens until the session ends or waits for people.")
@click.option(
    "--model",
    help="openai:NAME@BASE_URL, anthropic:NAME@BASE_URL, tape:SESSION, scripted:FILE, or rules, which asks no model "
    "and is a smoke test; REPRISE_MODEL if not said.",
)
@click.option("--lane", type=click.Choice(LANES), default="standard", show_default=True)
@click.option("--money", "amount", help="The most that it may cost, as a decimal; needs prices in force.")
@click.option("--tokens", type=click.IntRange(1, 10**9), help="The most tokens that it may use.")
@click.option("--seconds", type=click.IntRange(1, 365 * 86_400), help="The longest that it may take.")
@click.option("--replans", default=USUAL_REPLANS, show_default=True, type=click.IntRange(0, 100), help=REPLANS_HELP)
@click.option("--dry-run", is_flag=True, help="Read, plan and judge, but send nothing that writes, and ask nobody.")
@click.option("--recall", default=0, type=click.IntRange(0, MOST_RECALLED), help="Memories that each question recalls.")
@click.option("--remember", is_flag=True, help="Remember the goal with its answer, labelled as the answer is.")
@click.option("--summarise", is_flag=True, help="Remember the goal with what the model says is worth remembering.")
async def orchestrate(
    goal: str,
    wait: bool,
    model: str | None,
    lane: str,
    amount: str | None,
    tokens: int | None,
    seconds: int | None,
    replans: int,
    dry_run: bool,
    recall: int,
    remember: bool,
    summarise: bool,
) -> None:
    """Start a session for a goal."""
    loaded = settings(model=model)
    memory = MemoryUse(recall=recall, remember=remember, summarise=summarise)
    async with performing(wait) as (opened, served):
        limits = _limits(amount, tokens, seconds, replans)
        wanted = Goal(
            text=goal,
            model=whole_model(loaded.model),
            lane=lane,
            limits=limits,
            dry_run=dry_run,
            memory=memory if memory.recall or memory.keeps else None,
        )
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


def _limits(amount: str | None, tokens: int | None, seconds: int | None, replans: int) -> Limits:
    usual = Limits()
    return Limits(
        money=None if amount is None else money(amount, MOST),
        tokens=tokens or usual.tokens,
        wall_ms=None if seconds is None else seconds * 1000,
        replans=replans,
    )


async def _follow(opened: Core, session: UUID) -> Session:
    """Show a session's timeline until it ends, waits for people alone or is paused."""
    shown = 0
    while True:
        state = (await opened.shell.load(session)).state
        assert state is not None, "the session was started"
        for entry in await opened.events(session, shown):
            shown = entry.version
            if entry.type not in QUIET:
                say(line(entry))
        if (
            isinstance(state.stage, Ended)
            or state.paused
            or (state.open and len(open_approvals(state)) == len(state.open))
        ):
            return state
        await asyncio.sleep(SECONDS)


def _outcome(session: UUID, state: Session) -> Outcome:
    asked = tuple(approval.id for approval, _ in open_approvals(state))
    if isinstance(state.stage, Ended):
        letters = tuple(letter.id for letter in state.letters)
        return Outcome(
            session_id=session,
            status=state.stage.status,
            text=state.stage.text,
            dead_letters=letters,
            untrusted=state.stage.status == "completed" and not answer_label(state).trusted,
        )
    if state.paused:
        lacks = session_budget(state).waits_for
        text = f"its accounts have too little left of {lacks}: raise a limit, then resume it" if lacks else ""
        return Outcome(session_id=session, status="paused", text=text, approvals=asked)
    return Outcome(session_id=session, status="waiting", approvals=asked)


def _text(outcome: Outcome) -> str:
    lines = [f"\nsession {outcome.session_id}: {outcome.status}", plain(outcome.text)]
    lines += ["  It draws on what others may have written."] if outcome.untrusted else []
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
    rows = [(each.id, each.status, f"{each.created_at:%Y-%m-%d %H:%M:%S}", cut(each.goal)) for each in found]
    return table(["id", "status", "begun", "goal"], rows)


@verb(sessions)
@click.argument("session")
async def show(session: str) -> None:
    """Show a session with its tasks and actions."""
    async with core() as opened:
        await catch_up(opened)
        found = await show_session(opened.reads, "local", session_id(session))
        verdicts = (await verdicts_of(opened.reads, "local", [found.session.id]))[found.session.id]
        log_id = await opened.store.log_id()
        state = (await opened.shell.load(found.session.id)).state
    agents = state.agents if state else ()
    shown = {
        **msgspec.structs.asdict(found),
        "session": placed(found.session, log_id),
        "verdicts": verdicts,
        "agents": agents,
    }
    result(shown, lambda: _shown(found, verdicts, agents))


def _shown(found: SessionDetail, verdicts: Sequence[VerdictShown], agents: Sequence[PinnedAgent]) -> str:
    head, summary = found.session, found.summary
    lines = [f"{head.id}: {head.status}", f"  goal    {head.goal}", f"  model   {head.model}"]
    lines += [f"  model   {each.model}, of {each.id}" for each in agents if each.model]
    if summary.answer or head.reason:
        lines.append(f"  {'answer' if summary.answer else 'reason'}  {plain(summary.answer or head.reason or '')}")
    lines += [f"  mark    {each}" for each in summary.marks]
    cost = summary.cost
    lines.append(
        f"  used    {count(cost.model_calls, 'model call')}, {count(cost.tool_calls, 'tool call')}, "
        f"{count(cost.tokens, 'token')}, {_charged(cost)}"
        f"{summary.duration_ms / 1000:.1f} s"
    )
    for task in found.tasks:
        lines.append(f"  step {task.step}: {task.status}, {task.agent_id}, round {task.round}: {task.goal}")
        for action in found.actions:
            if action.task_id == task.id:
                retries = count(action.retry_count, "retry")
                call = action.id.removeprefix(f"{head.id}-")
                lines.append(f"    {call}  {action.tool_id} ({action.operation}): {action.status}, {retries}")
                lines += _judged([each for each in verdicts if each.action_id == action.id])
        lines += _found(task)
    return "\n".join(lines)


def _found(task: TaskShown) -> list[str]:
    """Say what a researcher found, with the calls that it rests on."""
    output = bytes(task.output_json or b"").decode()
    claims = claims_of(output) if output.startswith(FINDINGS) else ()
    return [f"    found {plain(each.claim)} ({', '.join(each.calls) or 'no call'})" for each in claims]


def _charged(cost: Cost) -> str:
    return f"{in_words('money', cost.money, cost.currency)}, " if cost.currency else ""


def _judged(verdicts: Sequence[VerdictShown]) -> list[str]:
    """Say what the policy said of a call, and what it said again right before attempts, where that is the same once."""
    said = ((f"{each.decision} by {', '.join(each.rules) or 'no rule'}", each.reason) for each in verdicts)
    lines = []
    for (words, reason), same in groupby(said):
        again = sum(1 for _ in same) - 1
        more = f", and {count(again, 'time')} more before it was sent" if again else ""
        lines.append(f"      policy: {words}{more}. {reason}")
    return lines


@verb(sessions)
@click.argument("session")
@click.option("--all", "every", is_flag=True, help="Bookkeeping too.")
@click.option(
    "--tokens", is_flag=True, help="What models say while they say it too: provisional, and some may be lost."
)
async def watch(session: str, every: bool, tokens: bool) -> None:
    """Show a session's timeline as it grows, to its end."""
    async with core(wakes=tokens) as opened, telling(opened, session_id(session), _tell):
        await catch_up(opened)
        await show_session(opened.reads, "local", session_id(session))
        log_id = await opened.store.log_id()
        async for entry in entries(opened, session_id(session)):
            if every or entry.type not in QUIET:
                result(placed(entry, log_id), lambda entry=entry: line(entry))  # type: ignore[misc]
            if entry.type == ASKED:
                await _say_who_waits(opened, session_id(session))


async def _say_who_waits(opened: Core, session: UUID) -> None:
    """Say how to decide what a session asks people at present: what was decided meanwhile is not told."""
    state = (await opened.shell.load(session)).state
    for approval, _ in open_approvals(state) if state else ():
        hint(f"It waits for you: `reprise approvals show {approval.id}`, then `approve` or `deny` it.")


def _tell(said: Said) -> None:
    """Print a part of what a model says; in JSON its type is ``said``."""
    result({"type": "said", **msgspec.structs.asdict(said)}, lambda: said_line(said))


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
