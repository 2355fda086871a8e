"""Run suites of cases, and print what they measured: `eval`."""

import click

from ops.cli.bench import shown
from ops.cli.output import Progress, result, say, table
from ops.cli.verb import settings, verb
from ops.evaluation.suite import Wanted, data_of
from ops.evaluation.suites import SUITES, suite_of


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
async def run_suite(name: str, data: str | None, embeddings: bool) -> None:
    """Run a suite and print its figures."""
    suite = suite_of(name)
    progress = Progress(suite.name)
    say(suite.words)
    wanted = Wanted(settings=settings(), data=data_of(suite, data), embeddings=embeddings, progress=progress)
    figures = {"suite": suite.name, **await suite.run(wanted)}
    progress.end()
    result(figures, lambda: shown(figures))
