"""Keep what evaluations measured: each run is an event, numbered from 1, with everything of it as a blob."""

import msgspec

from commands.catalogue import Catalogue, Registered
from commands.catalogue.appending import fact_of
from commands.ports import LogNotification
from commands.shell import Shell
from domain.encoding import digest_bytes
from domain.envelope import Context
from domain.errors import NotFound
from domain.evaluation.events import RunGraded
from domain.ids import named_stream


class KeptRun(msgspec.Struct, frozen=True, kw_only=True):
    """Show a run that was kept, by its number."""

    number: int
    at: str
    graded: RunGraded


async def keep_run(
    catalogue: Catalogue, shell: Shell, suite: str, model: str, figures: dict[str, float], run: bytes, context: Context
) -> Registered:
    """Keep a run under the next number."""
    await shell.store.put_blobs(context.tenant, [run])
    graded = RunGraded(suite=suite, model=model, figures=figures, run=digest_bytes(run))
    written = await catalogue.record(named_stream(context.tenant, "evaluation", "runs"), context, [graded])
    return Registered(name=suite, digest=graded.run, version=written.version, position=written.position)


async def kept_runs(shell: Shell, tenant: str, suite: str = "") -> list[KeptRun]:
    """Return the runs of a suite, or all, the oldest first."""
    rows = await shell.store.read_stream(named_stream(tenant, "evaluation", "runs"))
    runs = [(row, fact_of(row)) for row in rows]
    return [
        KeptRun(number=row.originator_version, at=_time(row), graded=fact)
        for row, fact in runs
        if isinstance(fact, RunGraded) and suite in ("", fact.suite)
    ]


def _time(row: LogNotification) -> str:
    return str(msgspec.json.decode(row.state)["at"])


async def kept_run(shell: Shell, tenant: str, number: int) -> bytes:
    """Return everything of a run by its number; raise NotFound."""
    found = [each for each in await kept_runs(shell, tenant) if each.number == number]
    if not found:
        raise NotFound(f"Expected the number of a run that was kept, but there is no run {number}: see `eval runs`.")
    return await shell.store.get_blob(tenant, found[0].graded.run)
