"""Say what is wrong with an installation, why it matters, and what to do: `doctor`."""

from collections.abc import Iterator

import click

from ops.bootstrap.doctor import doctor_parts
from ops.cli.output import count, result
from ops.cli.verb import verb
from ops.doctor.checks import CHECKS
from ops.doctor.examine import examine
from ops.doctor.outcome import Diagnosis

GREEN, RED, DIM = "green", "red", "bright_black"


@verb()
async def doctor() -> None:
    """Find out what is wrong, and what to do about it; exit code 1 where something is."""
    async with doctor_parts() as parts:
        found = await examine(CHECKS, parts)
    result(found, lambda: "\n".join(_told(found)))
    if not found.healthy:
        click.get_current_context().exit(1)


def _told(found: Diagnosis) -> Iterator[str]:
    yield from _list(found)
    for finding in found.findings:
        yield ""
        yield click.style(f"✗ {finding.code}", fg=RED, bold=True)
        for head, text in (("found", finding.found), ("why", finding.why), ("do", finding.fix)):
            yield f"  {head:<5}  {text}"
    yield ""
    yield from found.notes
    yield _summary(found)


def _list(found: Diagnosis) -> Iterator[str]:
    """Show every check on a line of its own, in the order in which they were made."""
    skipped = {each.code: each.because for each in found.skipped}
    width = max(len(check.name) for check in CHECKS)
    for check in CHECKS:
        if check.name in found.checked:
            yield f"{click.style('✓', fg=GREEN)} {check.name:<{width}}  {check.says}"
        elif check.name in skipped:
            yield click.style(f"– {check.name:<{width}}  not checked: {skipped[check.name]}", fg=DIM)
        else:
            yield f"{click.style('✗', fg=RED)} {check.name:<{width}}  not so: {check.says}"


def _summary(found: Diagnosis) -> str:
    left = f", {len(found.skipped)} not made" if found.skipped else ""
    made = f"{count(len(found.checked) + len(found.findings), 'check')}{left}"
    return f"{count(len(found.findings), 'fault')} ({made})." if found.findings else f"Everything is well ({made})."
