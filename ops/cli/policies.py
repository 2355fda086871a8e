"""Keep the rules that calls are judged by: `policies`."""

from pathlib import Path

import click
from msgspec.structs import asdict

from commands.backtest import Report
from commands.backtest import backtest as judge_again
from commands.cautions import cautions
from commands.policies import (
    Listed,
    activate_policy_set,
    find_policy_set,
    list_policy_sets,
    register_policy_set,
)
from domain.catalog.policies import PolicySet, modes
from domain.errors import Invalid
from ops.bootstrap.core import open_judge
from ops.cli.output import Progress, count, result, table
from ops.cli.reach import context, core
from ops.cli.verb import verb


@click.group()
def policies() -> None:
    """Keep policy sets, bring one into force, and try it on what was decided."""


def _read(file: str, name: str | None) -> PolicySet:
    path = Path(file)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it is no text"
        raise Invalid(f"Expected rules in {file}, but it cannot be read: {reason}.") from fault
    return PolicySet(name=name or path.stem, text=text)


@verb(policies)
@click.argument("file")
@click.option("--name", help="What to call the set; the file's name if not said.")
async def add(file: str, name: str | None) -> None:
    """Check a set of rules and keep it as a new revision; nothing uses it before it is activated."""
    policy_set = _read(file, name)
    async with core() as opened:
        done = await register_policy_set(opened.catalogue, opened.shell, policy_set, context(opened))
        warned = cautions(opened.shell.judge, policy_set)
    kept = f"{done.name}: revision {done.digest[:12]} is kept; `reprise policies activate {done.name}`"
    result({**asdict(done), "cautions": list(warned)}, lambda: "\n".join([kept, *warned]))


@verb(policies)
@click.argument("file")
async def check(file: str) -> None:
    """Check a set of rules, and register nothing."""
    policy_set = _read(file, None)
    judge = open_judge()
    rules, warned = judge.check(policy_set), cautions(judge, policy_set)
    shown = {
        "name": policy_set.name,
        "digest": policy_set.digest,
        "rules": list(rules),
        "cautions": list(warned),
        "modes": modes(policy_set),
    }
    sound = f"{policy_set.name}: {count(len(rules), 'rule')}, nothing is wrong with them"
    result(shown, lambda: "\n".join([sound, *warned]))


@verb(policies)
@click.argument("name")
@click.option("--digest", default="", help="Which revision, by eight characters of its digest or more; the newest.")
@click.option("--reason", required=True, help="Why these rules are to be in force.")
async def activate(name: str, digest: str, reason: str) -> None:
    """Bring a revision into force for sessions that start from now on; an earlier one to go back."""
    async with core() as opened:
        done = await activate_policy_set(opened.catalogue, opened.shell, name, digest, reason, context(opened))
    result(done, lambda: f"{done.name} is in force, revision {done.digest[:12]}, for sessions that start from now on")


@verb(policies, "list")
async def list_sets() -> None:
    """List all sets, those that come with the product too."""
    async with core() as opened:
        found = await list_policy_sets(opened.catalogue, opened.shell, "local")
    result(found, lambda: table(["name", "revisions", "in force", "from"], map(_row, found)))


def _row(each: Listed) -> list[str]:
    revisions = ", ".join(digest[:12] for digest in each.revisions)
    return [each.name, revisions, each.active[:12], "the product" if each.shipped else "you"]


@verb(policies)
@click.argument("name")
@click.option("--digest", default="", help="Which revision; the newest if not said.")
async def show(name: str, digest: str) -> None:
    """Show the text of a set, and whether each guard is enforced or only observed."""
    async with core() as opened:
        found = await find_policy_set(opened.catalogue, opened.shell, "local", name, digest)
    said = modes(found)
    shown = {"name": found.name, "digest": found.digest, "text": found.text, "modes": said}
    heading = "".join(f"// {guard}: {mode}\n" for guard, mode in said.items())
    result(shown, lambda: f"{heading}\n{found.text.rstrip()}")


@verb(policies)
@click.argument("candidate", metavar="FILE|NAME")
@click.option("--digest", default="", help="Which revision of a named set; the newest if not said.")
@click.option("--allow", "allowed", type=click.IntRange(min=0), default=0, help="So many flips are no failure.")
async def backtest(candidate: str, digest: str, allowed: int) -> None:
    """Judge every recorded decision again by other rules; exit code 1 if one comes out otherwise."""
    async with core() as opened:
        policy_set = (
            _read(candidate, None)
            if Path(candidate).is_file()
            else await find_policy_set(opened.catalogue, opened.shell, "local", candidate, digest)
        )
        progress = Progress("judged again")
        report = await judge_again(opened.shell, "local", policy_set, progress)
        progress.end()
    result(report, lambda: _text(report))
    if report.flipped > allowed:
        click.get_current_context().exit(1)


def _text(report: Report) -> str:
    changes = "".join(f"\n  {change}  {number}" for change, number in report.changes.items())
    lines = [f"{count(report.decisions, 'decision')} judged again, {count(report.flipped, 'flip')}{changes}"]
    if report.unjudged:
        lines.append(f"{report.unjudged} could not be judged: their catalogue is no longer stored")
    rows = [
        [each.session_id, each.version, each.tool, each.recorded, each.candidate, ", ".join(each.candidate_rules)]
        for each in report.flips
    ]
    if rows:
        lines += ["", table(["session", "version", "tool", "recorded", "candidate", "rules"], rows)]
    if len(rows) < report.flipped:
        lines.append(f"and {report.flipped - len(rows)} more")
    return "\n".join(lines)
