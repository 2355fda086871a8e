"""Make a suite of a dataset, and measure it with any model."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ops.bootstrap.evaluation import document_reader, misfits, scratch_bench, scratch_server
from ops.evaluation.suite import Figures, Suite, Wanted
from ops.evaluation.tasks.dataset import Dataset
from ops.evaluation.tasks.gold import GoldModels
from ops.evaluation.tasks.grading import Outcome
from ops.evaluation.tasks.performing import Bench, performed
from ops.evaluation.tasks.reading import read_dataset

SMOKE = Path(__file__).with_name("smoke.json")


def suite_in(file: Path) -> Suite:
    """Return the suite of a dataset's file; raise Invalid where it is none."""
    dataset = read_dataset(file)

    async def run(wanted: Wanted) -> Figures:
        return await measured(wanted, dataset, file.parent)

    words = dataset.words or f"Do the tasks of {file.name}."
    return Suite(
        name=dataset.name, words=words, source="", run=run, takes=("model", "judge"), figures=figure_names(dataset)
    )


def figure_names(dataset: Dataset) -> tuple[str, ...]:
    """Name the figures of a run: of each grader that some case has something for."""
    graders = {
        "exact": any(case.calls for case in dataset.cases),
        "path": any(case.calls for case in dataset.cases),
        "state": any(case.state for case in dataset.cases),
        "answer": any(case.answer for case in dataset.cases),
        "rubric": any(case.rubric for case in dataset.cases),
    }
    judged = ("judge_tokens", "judge_cost") if graders["rubric"] else ()
    return ("cases", "passed", "approvals", *(name for name, there in graders.items() if there), *judged)


async def measured(wanted: Wanted, dataset: Dataset, folder: Path) -> Figures:
    """Perform every case and return the figures, with what became of each."""
    async with (
        scratch_server(wanted.settings) as server,
        scratch_bench(wanted.settings, server, GoldModels) as (shell, dialer, models),
    ):
        if wanted.model:
            models.known(wanted.model)
        if wanted.judge:
            models.known(wanted.judge)
        bench = Bench(
            shell=shell,
            dialer=dialer,
            documents=document_reader(),
            models=models,
            dataset=dataset,
            folder=folder,
            misfits=misfits,
            model=wanted.model,
            judge=wanted.judge,
        )
        return figures(wanted.model or "gold", wanted.judge, await performed(bench, wanted.progress))


def figures(model: str, judge: str, outcomes: Sequence[Outcome]) -> Figures:
    """Count what passed, in all and by each grader, and what was asked; ``outcomes`` is what `compare` reads."""
    graded = Counter(name for each in outcomes for name in each.grades)
    content = Counter(name for each in outcomes for name, fine in each.grades.items() if fine)
    return {
        "model": model,
        "cases": len(outcomes),
        "passed": sum(each.passed for each in outcomes),
        **{name: round(content[name] / graded[name], 4) for name in sorted(graded)},
        **({"judge": judge, "judge_tokens": sum(each.judge_tokens for each in outcomes)} if judge else {}),
        "approvals": sum(each.approvals for each in outcomes),
        "failed": [each.case for each in outcomes if not each.passed],
        "outcomes": outcomes,
    }


SUITE = suite_in(SMOKE)
