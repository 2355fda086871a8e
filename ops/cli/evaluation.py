"""Run suites of cases, and print what they measured: `eval`."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from commands.authorize import LOCAL
from commands.evaluations import KeptRun, keep_run, kept_run, kept_runs
from commands.orchestrate import whole_model
from domain.encoding import encode
from domain.errors import Invalid, NotFound
from ops.bootstrap.evaluation import document_reader, misfits
from ops.cli.bench import shown
from ops.cli.output import Progress, hint, plain, result, say, table
from ops.cli.reach import context, core
from ops.cli.verb import settings, verb
from ops.evaluation.gates import (
    Threshold,
    check_figures,
    check_known,
    check_named,
    kept_thresholds,
    numbers,
    read_threshold,
)
from ops.evaluation.injection.annotations import Annotation, annotations, keep
from ops.evaluation.report import write_report
from ops.evaluation.suite import Figures, Wanted, check_options, data_of
from ops.evaluation.suites import SUITES, suite_of
from ops.evaluation.tasks.comparing import Difference, Saved, check_place, differences, read_file, read_saved, save
from ops.evaluation.tasks.grading import Outcome
from ops.evaluation.tasks.judge_costs import judge_cost
from ops.evaluation.tasks.reading import read_dataset
from ops.evaluation.tasks.retroactive import graded
from ops.evaluation.tasks.rubric import judged
from ops.evaluation.tasks.suite import figures as figures_of


class ThresholdType(click.ParamType[Threshold]):
    """Read a threshold; what is none is wrong usage."""

    name = "FIGURE>=NUMBER"

    def convert(self, value: str | Threshold, param: click.Parameter | None, ctx: click.Context | None) -> Threshold:
        """Return the threshold that a text is."""
        try:
            return value if isinstance(value, Threshold) else read_threshold(value)
        except Invalid as fault:
            self.fail(str(fault), param, ctx)


THRESHOLD = ThresholdType()


@click.group()
def eval() -> None:  # a verb is found by its name; nobody here needs the builtin
    """Measure what is claimed, on public data or on cases that are shipped."""


@verb(eval, "list")
async def list_suites() -> None:
    """List all suites, and where their data is from."""
    result(
        [{"suite": each.name, "words": each.words, "source": each.source} for each in SUITES.values()],
        lambda: table(
            ["suite", "measures", "data"],
            [(each.name, each.words, each.source or "shipped") for each in SUITES.values()],
        ),
    )


@verb(eval, "run")
@click.argument("name", metavar="SUITE")
@click.option("--data", help="The folder of its data; $REPRISE_EVAL_DATA/SUITE if not said.")
@click.option("--embeddings", is_flag=True, help="Find tools by their meaning too: `make embeddings` first.")
@click.option("--model", default="", help="Ask this model, where a suite asks any; its own gold model if not said.")
@click.option("--judge", default="", help="The model that judges rubrics; they are not graded if not said.")
@click.option("--save", "kept", help="Write figures and what became of each case to this file, for `compare`.")
@click.option("--keep", "keeps", is_flag=True, help="Keep the run in the log, for `eval runs` and `compare`.")
@click.option("--report", help="Write a page with charts to this file.")
@click.option("--threshold", "wished", multiple=True, type=THRESHOLD, help="Fail where it is missed.")
@click.option("--ratchet", is_flag=True, help="Fail where a figure is worse than was reached before.")
async def run_suite(
    name: str,
    data: str | None,
    embeddings: bool,
    model: str,
    judge: str,
    kept: str | None,
    keeps: bool,
    report: str | None,
    wished: tuple[Threshold, ...],
    ratchet: bool,
) -> None:
    """Run a suite, or a dataset's file, and print its figures."""
    suite = suite_of(name)
    thresholds = (*wished, *(kept_thresholds(suite.name) if ratchet else ()))
    for file in filter(None, (kept, report)):
        check_place(Path(file))
    progress = Progress(suite.name)
    say(suite.words)
    wanted = Wanted(
        settings=settings(),
        data=data_of(suite, data),
        embeddings=embeddings,
        progress=progress,
        model=whole_model(model),
        judge=whole_model(judge),
    )
    _usage(partial(check_options, suite, wanted))
    _usage(partial(check_known, suite.figures, thresholds))
    figures = {"suite": suite.name, **await suite.run(wanted)}
    progress.end()
    figures |= await _judge_cost(figures) if judge else {}
    _print(figures)
    _usage(partial(check_named, figures, thresholds))
    if kept:
        save(Path(kept), figures)
    if report:
        write_report(Path(report), figures)
    if keeps:
        await _keep(figures)
    check_figures(figures, thresholds)


def _print(figures: Mapping[str, Any]) -> None:
    """Print the figures of a run; for people with why each case failed, and not all that became of it."""
    told = {key: value for key, value in figures.items() if key != "outcomes"}
    failed = [f"{each.case}: {each.why}" for each in _cases(figures) if not each.passed]
    result(told, lambda: shown({**told, "failed": failed} if failed else told))


def _cases(figures: Mapping[str, Any]) -> list[Outcome]:
    return [each for each in figures.get("outcomes", ()) if isinstance(each, Outcome)]


@verb(eval, "grade")
@click.argument("file", metavar="DATASET")
@click.argument("sessions", metavar="SESSION…", nargs=-1, required=True, type=click.UUID)
@click.option("--judge", default="", help="The model that judges rubrics; they are not graded if not said.")
@click.option("--save", "kept", help="Write figures and what became of each case to this file, for `compare`.")
@click.option("--threshold", "wished", multiple=True, type=THRESHOLD, help="Fail where it is missed.")
async def grade_sessions(
    file: str, sessions: tuple[UUID, ...], judge: str, kept: str | None, wished: tuple[Threshold, ...]
) -> None:
    """Grade recorded sessions by a dataset's file: each is of the case whose goal it had; nothing is run."""
    dataset = read_dataset(Path(file))
    if kept:
        check_place(Path(kept))
    async with core() as opened:
        models = opened.shell.models
        if judge:
            models.known(whole_model(judge))
        outcomes = [
            await judged(models, whole_model(judge), case, outcome) if judge else outcome
            async for case, outcome in graded(opened.shell.store, dataset, sessions, misfits)
        ]
        figures = {"suite": dataset.name, **figures_of("recorded", whole_model(judge), outcomes)}
        figures |= await judge_cost(opened.shell, LOCAL.tenant, figures)
    _print(figures)
    _usage(partial(check_named, figures, wished))
    if kept:
        save(Path(kept), figures)
    check_figures(figures, wished)


def _usage(check: Callable[[], None]) -> None:
    """Make a check whose failure is wrong usage: an option that means nothing, a threshold that names no figure."""
    try:
        check()
    except Invalid as fault:
        raise click.UsageError(str(fault)) from fault


async def _judge_cost(figures: Mapping[str, Any]) -> Figures:
    """Return what judging cost by the price list in force, where there is a log that may have one."""
    loaded = settings()
    if not loaded.postgres_url and not loaded.folder.is_dir():
        return {}
    async with core() as opened:
        return await judge_cost(opened.shell, LOCAL.tenant, figures)


@verb(eval, "tools")
@click.argument("name", metavar="SUITE")
@click.option("--data", help="The folder of its data; $REPRISE_EVAL_DATA/SUITE if not said.")
@click.option("--keep", "keeps", is_flag=True, help="Write it to the file that tests hold the rules against.")
async def show_tools(name: str, data: str | None, keeps: bool) -> None:
    """Show what the rules make of the tools of an injection suite: effect, sinks, and what answers are."""
    suite = suite_of(name)
    if suite.settings is None:
        raise NotFound(f"Expected a suite with tools of its own, but {name} has none.")
    found = annotations(suite.settings(data_of(suite, data)), document_reader())
    if keeps:
        keep(suite.name, found)
    heads = ["setting", "tool", "effect", "sinks", "sends", "answers"]
    result(found, lambda: table(heads, map(_row, found)))


def _row(each: Annotation) -> tuple[str, ...]:
    answers = ("trusted" if each.trusted else "not trusted", "private" if each.private else "public")
    sinks = ", ".join(sink.removeprefix("/body/") for sink in each.sinks)
    return each.setting, each.tool, each.effect, sinks, "yes" if each.sends else "", ", ".join(answers)


async def _keep(figures: Mapping[str, Any]) -> None:
    suite, model = str(figures["suite"]), str(figures.get("model", ""))
    async with core() as opened:
        kept = await keep_run(
            opened.catalogue, opened.shell, suite, model, numbers(figures), encode(figures), context(opened)
        )
    hint(f"Kept as run {kept.version}.")


@verb(eval, "runs")
@click.argument("suite", required=False, default="")
async def list_runs(suite: str) -> None:
    """List the runs that were kept, of one suite or all."""
    async with core() as opened:
        found = await kept_runs(opened.shell, LOCAL.tenant, suite)
    heads = ["run", "suite", "model", "at", "figures"]
    result(found, lambda: table(heads, map(_run, found)))


def _run(kept: KeptRun) -> tuple[str, ...]:
    figures = ", ".join(f"{name} {value:g}" for name, value in kept.graded.figures.items() if "." not in name)
    return str(kept.number), kept.graded.suite, kept.graded.model, kept.at, figures


@verb(eval, "compare")
@click.argument("first", metavar="RUN")
@click.argument("second", metavar="RUN")
async def compare_runs(first: str, second: str) -> None:
    """Compare two runs of a suite, files or numbers: each case that differs, and the first step at which it does."""
    found = differences(await _saved(first), await _saved(second))
    result(found, lambda: "\n\n".join(map(_apart, found)) or "Both runs came out alike.")


def _apart(each: Difference) -> str:
    """Show where a case went apart, what both runs did there one below the other."""
    where = f"step {each.step}" if each.step else "the end"
    graded = f"; graded otherwise: {', '.join(each.grades)}" if each.grades else ""
    return plain(f"{each.case} goes apart at {where}{graded}\n  first   {each.first}\n  second  {each.second}")


async def _saved(run: str) -> Saved:
    if not run.isdecimal():
        return read_saved(read_file(Path(run)), run)
    async with core() as opened:
        return read_saved(await kept_run(opened.shell, LOCAL.tenant, int(run)), f"run {run}")
