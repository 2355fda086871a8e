"""Look after calls that were given up: `dlq`."""

from uuid import UUID

import click
import msgspec

from commands.dead_letters import LetterDecided, discard_letter, replay_letter, session_of
from domain.encoding import encode
from domain.errors import NotFound
from ops.bootstrap.core import Core
from ops.bootstrap.read_models import catch_up
from ops.cli.output import count, cut, hint, result, say, table
from ops.cli.reach import context, core, performing
from ops.cli.verb import verb
from ops.cli.watching import QUIET, entries, line
from queries.dead_letters import DeadLetterShown, list_letters, show_letter

STATUSES = ("open", "replaying", "resolved", "discarded")
SETTLED = ("session.dead-letter-resolved.v1", "session.call-dead-lettered.v1")


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """Say what was decided about a dead letter, and how it stands then."""

    letter: str
    session_id: UUID
    status: str
    version: int
    reason: str = ""
    attempts: int = 0


@click.group()
def dlq() -> None:
    """See which calls were given up, send them again or close them."""


@verb(dlq, "list")
@click.option("--status", type=click.Choice(STATUSES), default="open", show_default=True, help="Only these.")
@click.option("--all", "every", is_flag=True, help="Of every status.")
async def list_all(status: str, every: bool) -> None:
    """List the calls that were given up, those that wait longest first."""
    async with core() as opened:
        await catch_up(opened)
        found = await list_letters(opened.reads, "local", status="" if every else status, limit=500)
    result(found, lambda: _listed(found))


def _listed(found: list[DeadLetterShown]) -> str:
    if not found:
        return "No call waits here."
    rows = [(each.id, each.status, each.operation, each.attempts, cut(each.reason)) for each in found]
    return table(["id", "status", "operation", "attempts", "reason"], rows)


@verb(dlq)
@click.argument("letter", metavar="ID")
async def show(letter: str) -> None:
    """Show exactly what a replay sends again, and what was decided."""
    async with core() as opened:
        await catch_up(opened)
        found = await show_letter(opened.reads, "local", letter)
    result(found, lambda: _shown(found))


def _shown(found: DeadLetterShown) -> str:
    lines = [
        f"{found.id}: {found.status}",
        f"  given up   {found.dead_lettered_at:%Y-%m-%d %H:%M:%S} UTC: {found.reason}",
        f"  tried      {count(found.attempts, 'time')}",
        f"  goal       {found.goal} ({found.session_status})",
        f"  tool       {found.tool} ({found.operation}, {found.effect_class})",
        f"  arguments  {encode(found.request_json).decode()}",
        f"  request    {found.request_digest}",
        f"  key        {found.idempotency_key}",
    ]
    if found.response_json is not None:
        lines.append(f"  answer     {found.http_status}: {encode(found.response_json).decode()}")
    if found.decided_at:
        lines.append(f"  decided    by {found.decided_by}: {found.decision_reason}")
    return "\n".join(lines)


@verb(dlq)
@click.argument("letter", metavar="ID")
@click.option("--reason", required=True, help="Why; it is kept in the log.")
@click.option("--wait", is_flag=True, help="Show what becomes of it; exit code 1 where it is given up again.")
async def replay(letter: str, reason: str, wait: bool) -> None:
    """Send the very same request again, under the same idempotency key."""
    session_of(letter)  # what is no letter's id starts no servers
    async with performing(wait) as (opened, served):
        done = await replay_letter(opened.shell, letter, reason, context(opened))
        if wait:
            decided = await _outcome(opened, done)
        else:
            decided = Decided(letter=letter, session_id=done.session, status="replaying", version=done.version)
    result(decided, lambda: _text(decided))
    if not wait and not served:
        hint("Nothing performs it yet: `reprise up` does, or say --wait.")
    if decided.status == "open":
        click.get_current_context().exit(1)


async def _outcome(opened: Core, done: LetterDecided) -> Decided:
    """Show what happens in the session until the replay has ended; return how the letter stands then."""
    async for entry in entries(opened, done.session, after=done.version):
        if entry.type not in QUIET:
            say(line(entry))
        if entry.type in SETTLED and done.letter == f"{done.session}-{entry.call}":
            break
    loaded = await opened.shell.load(done.session)
    letters = loaded.state.letters if loaded.state else ()
    found = next((each for each in letters if each.id == done.letter), None)
    if found is None:
        raise NotFound(f"Expected the dead letter {done.letter!r}, but it is gone: was another log restored?")
    return Decided(
        letter=found.id,
        session_id=done.session,
        status=found.status,
        version=loaded.version,
        reason=found.reason if found.status == "open" else "",
        attempts=found.attempts,
    )


def _text(decided: Decided) -> str:
    told = f"{decided.status}: {decided.letter}"
    return f"{told}\n{decided.reason}" if decided.reason else told


@verb(dlq)
@click.argument("letter", metavar="ID")
@click.option("--reason", required=True, help="Why; it is kept in the log.")
async def discard(letter: str, reason: str) -> None:
    """Close a dead letter; its call is not sent again."""
    session_of(letter)
    async with core() as opened:
        done = await discard_letter(opened.shell, letter, reason, context(opened))
    decided = Decided(letter=letter, session_id=done.session, status="discarded", version=done.version)
    result(decided, lambda: _text(decided))
