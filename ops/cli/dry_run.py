"""Rehearse a call: `tools dry-run`."""

from pathlib import Path

import click
import msgspec

from commands.authorize import ROLES
from commands.dry_run import DryRun, dry_run
from domain.budget.amounts import in_words
from domain.encoding import parse_written
from domain.errors import Invalid
from ops.cli.output import count, result
from ops.cli.reach import core
from ops.cli.verb import verb


@verb(name="dry-run")
@click.argument("tool", metavar="TOOL")
@click.option("--arguments", default="{}", metavar="JSON|@FILE", help="Grouped as path, query, header, cookie, body.")
@click.option("--agent", default="", metavar="ID", help="Who would choose it; the first executor if not said.")
async def rehearse(tool: str, arguments: str, agent: str) -> None:
    """Show what a call would be, up to the socket; nothing is sent or recorded."""
    given = read_arguments(arguments)
    async with core() as opened:
        found = await dry_run(opened.shell, opened.catalogue, "local", tool, given, agent=agent, roles=ROLES)
    result(found, lambda: _text(found))
    if found.problems:
        click.get_current_context().exit(1)


def read_arguments(text: str) -> msgspec.Raw:
    """Return arguments that are given as JSON or, behind an @, in a file; raise Invalid."""
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise Invalid(f"Expected arguments as JSON in {text[1:]}, but it cannot be read: {fault}.") from fault
    parse_written(text)
    return msgspec.Raw(text.encode())


def _text(found: DryRun) -> str:
    if found.problems:
        return "\n".join([f"{found.tool} would not be called:", *(f"  {each}" for each in found.problems)])
    lines = [
        f"{found.method} {found.url}",
        *(f"  {each.name}: {each.value}" for each in found.headers),
        *([f"  {found.body_preview}"] if found.body_preview else []),
        f"verdict    {found.decision}: {found.reason} ({', '.join(found.rules)}, as {found.agent})",
        f"request    {found.request_digest}",
        f"document   {found.document}",
        f"effect     {found.effect_class}, {'repeatable' if found.repeatable else 'not repeatable'}",
        f"costs      {count(found.tool_calls, 'tool call')} an attempt, {found.request_bytes} bytes"
        + (f", {in_words('money', found.money, found.currency)}" if found.currency else "")
        + (f", and as much for each further page, {found.pages} pages at most" if found.pages > 1 else ""),
        f"key        {found.idempotency}",
    ]
    if found.body_digest:
        lines.insert(-4, f"body       {found.body_digest}, {found.body_bytes} bytes")
    return "\n".join(lines)
