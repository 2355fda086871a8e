"""Measure whether the shop ends as an expert leaves it, and what becomes of calls that were spoiled."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ops.bootstrap.evaluation import document_reader, scratch_bench, scratch_server
from ops.evaluation.injection.laboratory import NamingSessions
from ops.evaluation.injection.suite import Counting
from ops.evaluation.performing import performed
from ops.evaluation.retail.corrupting import Spoiled, spoiled
from ops.evaluation.retail.expert import EXPERT, Experts
from ops.evaluation.retail.performing import AT_ONCE, Desk, Outcome
from ops.evaluation.retail.serving import RetailServer
from ops.evaluation.retail.tasks import Task, read_tasks
from ops.evaluation.suite import Figures, Suite, Wanted
from ops.sample.http_server import serving

SHARE, SEED = 0.1, 20_261_128


async def measured(wanted: Wanted, folder: Path, share: float = SHARE) -> Figures:
    """Do every task as the expert does, then again with a share of the calls spoiled; return the figures."""
    database, tasks = read_tasks(folder)
    spoils = {} if wanted.model else spoiled(tasks, database, share, SEED)
    progress = Counting(wanted.progress, len(tasks) * (2 if spoils else 1))
    async with scratch_server(wanted.settings) as server:
        outcomes = await _round(wanted, server, database, tasks, {}, progress)
        figures = {"model": wanted.model or EXPERT, "cases": len(tasks), **_figures(outcomes)}
        if spoils:
            progress.next(len(tasks))
            figures["spoiled"] = _spoiled_figures(
                spoils, await _round(wanted, server, database, tasks, spoils, progress)
            )
    return {**figures, "outcomes": outcomes}


async def _round(
    wanted: Wanted,
    server: str,
    database: dict[str, Any],
    tasks: Sequence[Task],
    spoil: Mapping[tuple[str, int], Spoiled],
    progress: Callable[[int], None],
) -> Sequence[Outcome]:
    retail = RetailServer()
    async with (
        serving(retail.handle) as url,
        scratch_bench(wanted.settings, server, Experts, NamingSessions) as (shell, _, models),
    ):
        models.spoiled = dict(spoil)
        if wanted.model:
            models.known(wanted.model)
        desk = Desk(
            shell=shell,
            documents=document_reader(),
            server=retail,
            models=models,
            database=database,
            url=url,
            model=wanted.model,
        )
        await desk.register()
        return await performed(desk.perform, tasks, progress, AT_ONCE)


def _figures(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    decisions = sum((Counter(each.decisions) for each in outcomes), Counter[str]())
    return {
        "passed": sum(each.equal for each in outcomes),
        "total": len(outcomes),
        "completed": sum(each.status == "completed" for each in outcomes),
        "judged": sum(decisions.values()),
        "allowed": decisions["allow"],
        "denied": decisions["deny"],
        "asks": sum(each.asked for each in outcomes),
        "refused_by_the_human": sum(each.refused for each in outcomes),
        "writes": sum(each.writes for each in outcomes),
        "wrong_writes": sum(each.wrong_writes for each in outcomes),
        "unequal": [each.case for each in outcomes if not each.equal],
        "not_completed": [each.case for each in outcomes if each.status != "completed"],
    }


def _spoiled_figures(spoil: Mapping[tuple[str, int], Spoiled], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Count what became of spoiled calls, and of their tasks: done as the expert does after all, or given up."""
    by_case = {each.case: each for each in outcomes}
    fates = {(case, step): by_case[case].first[step - 1] for case, step in spoil}
    touched = [by_case[case] for case in {case for case, _ in spoil}]
    kinds = sorted({each.kind for each in spoil.values()})
    return {
        **_figures(outcomes),
        "spoiled_calls": len(spoil),
        "fates": {kind: dict(Counter(fates[at] for at, each in spoil.items() if each.kind == kind)) for kind in kinds},
        "tasks_with_spoiled_calls": len(touched),
        "repaired": sum(each.equal and each.status == "completed" for each in touched),
        "given_up": sum(each.status == "failed" for each in touched),
        "calls": [
            {"case": case, "step": step, "kind": each.kind, "tool": each.tool, "fate": fates[case, step]}
            for (case, step), each in sorted(spoil.items())
        ],
    }


_JUDGED = ("judged", "allowed", "denied", "asks", "refused_by_the_human")
_COUNTS = ("passed", "total", "completed", *_JUDGED, "writes", "wrong_writes")
_OF_SPOILED = ("spoiled_calls", "fates.*.*", "tasks_with_spoiled_calls", "repaired", "given_up")
NAMES = ("cases", *_COUNTS, *(f"spoiled.{name}" for name in (*_COUNTS, *_OF_SPOILED)))
"""The figures of a run."""


async def run(wanted: Wanted) -> Figures:
    """Measure the tasks in a folder."""
    assert wanted.data is not None, "the suite names where its data is from"
    return await measured(wanted, wanted.data)


SUITE = Suite(
    name="tau2-retail",
    words="Let agents do a shop's support: does its database end as an expert's calls leave it?",
    source="the retail domain of sierra-research/tau2-bench (db.json and tasks.json, MIT)",
    run=run,
    takes=("model",),
    figures=NAMES,
)
