"""Check documents without registering them: `tools check`."""

import asyncio
import os
import sys
import time
from typing import Any

import click
import msgspec

from commands.catalogue.documents import plain_origin
from ops.bootstrap import checking
from ops.bootstrap.checking import Report, refusal
from ops.cli.output import Progress, count, json_wanted, result, table
from ops.cli.verb import verb

SECONDS = 300
OPINION_SECONDS = 30
_SHOWN = 10


@verb(name="check")
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@click.option("--second-opinion", is_flag=True, help="Ask openapi-spec-validator too, for at most 30 seconds a file.")
@click.option("--allow-origin", multiple=True, metavar="ORIGIN", help="Where operations of another server may be.")
async def check(files: tuple[str, ...], second_opinion: bool, allow_origin: tuple[str, ...]) -> None:
    """Say what documents would give, and what is wrong with them; nothing is registered. A folder or a zip is one."""
    origins = tuple(map(plain_origin, allow_origin))
    progress, reports = Progress("checked"), []
    for done, file in enumerate(files):
        progress(done, len(files))
        reports.append(await _checked(file, second_opinion, origins))
        if json_wanted():
            result(reports[-1])
    progress(len(files), len(files))
    progress.end()
    if not json_wanted():
        click.echo(_text(reports))
    if not all(each.ok for each in reports):
        click.get_current_context().exit(1)


async def _checked(file: str, second_opinion: bool, origins: tuple[str, ...]) -> Report:
    """Check a file in a fresh process, which is ended if it takes too long."""
    started = time.monotonic()
    words = [sys.executable, "-m", checking.__name__, file, str(OPINION_SECONDS if second_opinion else 0), *origins]
    child = await asyncio.create_subprocess_exec(
        *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, env=os.environ | checking.ENVIRONMENT
    )
    try:
        output, _ = await asyncio.wait_for(child.communicate(), SECONDS)
    except TimeoutError:
        return refusal(file, f"the check took longer than {SECONDS} seconds")
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        return refusal(file, f"the check ended with exit code {child.returncode}: a fault of ours, please report it")
    report = msgspec.json.decode(output, type=Report)
    return msgspec.structs.replace(report, ms=round((time.monotonic() - started) * 1000))


def _text(reports: list[Report]) -> str:
    heads = ["file", "", "dialect", "tools", "skipped", "ms", "MiB"]
    rows: list[list[Any]] = [
        [each.file, "ok" if each.ok else "refused", each.dialect, each.tools, each.skipped, each.ms, each.rss_mb]
        for each in reports
    ]
    return "\n".join([table(heads, rows), *(_diagnostics(each) for each in reports if each.diagnostics)])


def _diagnostics(report: Report) -> str:
    lines = [
        f"  {each.severity:<7}  {each.operation or each.place or '-'}: {each.message}"
        for each in report.diagnostics[:_SHOWN]
    ]
    more = len(report.diagnostics) - _SHOWN
    rest = [f"  and {count(more, 'other')}; --json shows all"] if more > 0 else []
    return "\n".join(["", report.file, *lines, *rest])
