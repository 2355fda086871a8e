"""Answer what agents must ask people: `approvals`."""

from collections.abc import Callable
from typing import cast

import click

from commands.handle import handle
from domain.encoding import encode
from domain.errors import Invalid, NotFound
from domain.ids import session_of
from domain.session.commands import DenyApproval, GrantApproval, ReportOutcome, SessionCommand
from domain.session.events import Outcome
from ops.bootstrap.read_models import catch_up
from ops.cli.output import result, table
from ops.cli.reach import context, core, session_id
from ops.cli.verb import verb
from queries.approvals import ApprovalShown, list_approvals, show_approval


@click.group()
def approvals() -> None:
    """See what waits for people, and answer it."""


@verb(approvals, "list")
@click.option("--all", "every", is_flag=True, help="Answered ones too.")
async def list_open(every: bool) -> None:
    """List what waits for an answer."""
    async with core() as opened:
        await catch_up(opened)
        found = await list_approvals(opened.reads, "local", status="" if every else "open", limit=500)
    result(found, lambda: _listed(found))


def _listed(found: list[ApprovalShown]) -> str:
    if not found:
        return "Nothing waits for an answer."
    rows = [(each.id, each.status, each.question, each.operation, each.reason[:60]) for each in found]
    return table(["id", "status", "question", "operation", "reason"], rows)


@verb(approvals)
@click.argument("approval", metavar="ID")
async def show(approval: str) -> None:
    """Show exactly what an approval is about."""
    async with core() as opened:
        await catch_up(opened)
        found = await show_approval(opened.reads, "local", approval)
    result(found, lambda: _shown(found))


def _shown(found: ApprovalShown) -> str:
    asked = "may this be sent?" if found.question == "call" else "did this happen?"
    lines = [
        f"{found.id}: {found.status}",
        f"  question   {asked} {found.reason}",
        f"  goal       {found.goal}",
        f"  tool       {found.tool_id} ({found.operation}, {found.effect_class})",
        f"  arguments  {encode(found.request_json).decode()}",
        f"  request    {found.request_digest}",
    ]
    if found.expires_at:
        lines.append(f"  expires    {found.expires_at:%Y-%m-%d %H:%M:%S} UTC")
    if found.decided_at:
        lines.append(f"  decided    by {found.decided_by}: {found.decision_reason}")
    return "\n".join(lines)


@verb(approvals)
@click.argument("approval", metavar="ID")
@click.option("--reason", default="", help="Why; it is kept in the log.")
async def approve(approval: str, reason: str) -> None:
    """Allow a call; exactly this request is then sent."""
    await _answer(approval, lambda by: GrantApproval(approval=approval, by=by, reason=reason), "approved")


@verb(approvals)
@click.argument("approval", metavar="ID")
@click.option("--reason", default="", help="Why; it is kept in the log.")
async def deny(approval: str, reason: str) -> None:
    """Refuse a call."""
    await _answer(approval, lambda by: DenyApproval(approval=approval, by=by, reason=reason), "denied")


@verb(approvals)
@click.argument("approval", metavar="ID")
@click.argument("outcome", type=click.Choice(["happened", "send-again", "give-up"]))
@click.option("--reason", default="", help="How you know; it is kept in the log.")
async def settle(approval: str, outcome: str, reason: str) -> None:
    """Say what became of a call that was sent and never answered."""
    told = cast(Outcome, outcome)
    await _answer(
        approval, lambda by: ReportOutcome(approval=approval, by=by, outcome=told, reason=reason), f"settled: {told}"
    )


async def _answer(approval: str, command_of: Callable[[str], SessionCommand], done: str) -> None:
    try:
        session = session_id(session_of(approval))
    except Invalid:
        raise NotFound(
            f"Expected an approval's id as `reprise approvals list` shows it, but got {approval!r}."
        ) from None
    async with core(wakes=True) as opened:
        acting = context(opened, str(session))
        handled = await handle(opened.shell, session, command_of(acting.actor.id), acting)
    answer = {"approval": approval, "decision": done, "version": handled.loaded.version}
    result(answer, lambda: f"{done}: {approval}")
