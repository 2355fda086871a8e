"""Check new revisions of APIs, activate or quarantine them: verbs of `tools`."""

from typing import cast

import click

from commands.catalogue import Registered
from commands.catalogue.revisions import Changed, Waiting
from commands.drift.activating import Activated, activate
from commands.drift.examine import examine
from commands.drift.report import Drift, Finding
from commands.drift.report import Waiting as Affected
from domain.catalog.revisions import Revision
from domain.errors import NotFound
from ops.bootstrap.core import Core
from ops.bootstrap.read_models import catch_up
from ops.cli.output import Progress, count, result, table
from ops.cli.reach import context, core
from ops.cli.verb import verb


@verb(name="revisions")
@click.argument("api", metavar="API")
async def list_revisions(api: str) -> None:
    """List the revisions of an API."""
    async with core() as opened:
        found = list(await _known(opened, api))
    rows = [(each.document[:12], each.status, each.tools, each.base_url, each.reason) for each in found]
    result(found, lambda: table(["digest", "status", "tools", "base url", "reason"], rows))


async def has_earlier(opened: Core, done: Registered) -> bool:
    """Tell whether a document that was registered has taken another one's place."""
    return any(each.document != done.digest for each in await _known(opened, done.name) if each.status == "earlier")


async def _known(opened: Core, api: str) -> tuple[Revision, ...]:
    known = (await opened.catalogue.current("local")).revisions.get(api)
    if known is None:
        raise NotFound(f"Expected an API that exists, but there is none with the name {api[:100]!r}.")
    return tuple(known.values())


@verb(name="drift")
@click.argument("api", metavar="API")
@click.option("--digest", default="", help="A revision, or the beginning of it; the last staged if not said.")
@click.option("--examples", default=20, show_default=True, help="Name at most so many calls of each finding.")
async def drift(api: str, digest: str, examples: int) -> None:
    """Show which recorded calls and waiting plans a revision would change, and why; nothing is sent."""
    async with core() as opened:
        await catch_up(opened)
        chosen = digest or _staged(api, await _known(opened, api))
        progress = Progress("checked")
        parts = opened.shell, opened.catalogue, opened.documents, opened.past
        found = await examine(*parts, "local", api, chosen, examples=examples, progress=progress)
        progress.end()
    result(found, lambda: _report(found))


def _staged(api: str, known: tuple[Revision, ...]) -> str:
    staged = [each.document for each in known if each.status == "staged"]
    if not staged:
        raise NotFound(f"Expected a staged revision of {api}, but there is none: name one by --digest.")
    return staged[-1]


def _report(found: Drift) -> str:
    head = [
        f"{found.api}: {found.document[:12]} ({found.status}) beside {found.current[:12]}, which is in force",
        f"  {count(found.calls, 'recorded call')}: {found.failing} would fail, {found.changed} would be made otherwise",
        f"  {count(found.answers, 'recorded answer')}: {found.mismatched} not what it says",
        f"  {count(found.open_sessions, 'open session')}: {count(len(found.waiting), 'waiting call')} affected, "
        f"{count(found.asked_again, 'approval')} to be asked for again by a migration",
    ]
    lines = [line for each in found.findings for line in _finding(each)]
    lines += [line for each in found.waiting for line in _waiting(each)]
    more = [f"and {found.more} more"] if found.more else []
    return "\n".join([*head, *lines, *more])


def _finding(found: Finding) -> list[str]:
    mark = "✗" if found.fails else "~"
    place = " ".join(each for each in (found.operation, found.pointer) if each)
    named = [
        f"    {each.call} (version {each.version}, position {each.position}, {each.status})" for each in found.examples
    ]
    more = [f"    and {found.calls - len(named)} more"] if named and found.calls > len(named) else []
    return [f"{mark} {found.cause}  {place}: {found.message}  ({count(found.calls, 'call')})", *named, *more]


def _waiting(found: Affected) -> list[str]:
    mark = "✗" if found.fails else "~"
    told = "; ".join(f"{each.cause} {each.pointer} {each.message}" for each in found.reasons)
    return [f"{mark} waiting  {found.session} {found.call} ({found.operation}, {found.stage}): {told}"]


@verb(name="activate")
@click.argument("api", metavar="API")
@click.argument("digest", metavar="DIGEST")
@click.option(
    "--waiting",
    type=click.Choice(["pin", "migrate"]),
    default="pin",
    show_default=True,
    help="Open sessions keep what they pinned, or move where all that they wait for fits.",
)
@click.option("--reason", default="", help="Why; it is kept in the log.")
async def activate_one(api: str, digest: str, waiting: str, reason: str) -> None:
    """Let a revision take the place of the one in force."""
    progress = Progress("moved")
    async with core(wakes=True) as opened:
        await catch_up(opened)
        done = await activate(
            opened.shell,
            opened.catalogue,
            opened.documents,
            opened.past,
            context(opened),
            api=api,
            document=digest,
            waiting=cast(Waiting, waiting),
            reason=reason,
            progress=progress,
        )
        progress.end()
    result(done, lambda: _activated(done))


def _activated(done: Activated) -> str:
    told = [_stands(done.changed)]
    if done.moves:
        told.append(f"  {count(done.moves.moved, 'open session')} moved")
        told += [f"  {each.session} stays: {each.reason}" for each in done.moves.kept]
    return "\n".join(told)


def _stands(done: Changed) -> str:
    return f"{done.revision.api}: {done.revision.document[:12]} is {done.revision.status}"


@verb(name="quarantine")
@click.argument("api", metavar="API")
@click.argument("digest", metavar="DIGEST")
@click.option("--reason", required=True, help="Why; it is kept in the log.")
@click.option("--lift", is_flag=True, help="Let it be activated again.")
async def quarantine(api: str, digest: str, reason: str, lift: bool) -> None:
    """Refuse a revision: it can be neither activated nor registered until that is lifted."""
    async with core() as opened:
        change = opened.catalogue.lift_quarantine if lift else opened.catalogue.quarantine_revision
        done = await change(context(opened), api=api, document=digest, reason=reason)
    result(done, lambda: _stands(done))


VERBS = (list_revisions, drift, activate_one, quarantine)
