"""Find the operations that RestBench's instructions need among those of many APIs at once.

RestBench (Song et al. 2023) has 100 instructions with the operations of the TMDB API that solve each. Here the API is
not given: its operations lie in one pool with those of every document in the folder `openapi` beside the data. A model,
where one is named, plans each instruction with the tools that are found for it. The rules of the model ``rules`` were
chosen on every other instruction, from the first on: the rest is told apart.
``held_out`` are instructions of our own over another API of that pool; no rule was chosen by what they need.
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from commands.finding import Finder
from domain.catalog.events import Tool
from domain.errors import Invalid
from ops.bootstrap.dialing import open_dialer
from ops.bootstrap.evaluation import read_pool
from ops.bootstrap.finding import finder
from ops.bootstrap.models import model_router
from ops.evaluation import planning
from ops.evaluation.retrieval import Case, figure_names, measured, recall
from ops.evaluation.retrieval import run as run_cases
from ops.evaluation.suite import Figures, Suite, Wanted

CASES = "tmdb.json"
API = "restbench-tmdb"
HELD_OUT = Path(__file__).with_name("restbench_held_out.json")
REPAIRS = {"GET /person/{movie_id}/movie_credits": "GET /person/{person_id}/movie_credits"}
"""The data names an operation by a parameter that the document calls otherwise."""


class Instruction(msgspec.Struct, frozen=True):
    """Be one line of the data."""

    query: str
    solution: tuple[str, ...]


def cases(file: Path, api: str) -> list[Case]:
    """Load instructions; raise Invalid where the file is not what it should be."""
    try:
        loaded = msgspec.json.decode(file.read_bytes(), type=list[Instruction])
    except (OSError, msgspec.MsgspecError) as fault:
        raise Invalid(f"Expected RestBench's instructions in {file}, but they cannot be read: {fault}.") from fault
    return [Case(api=api, text=each.query, gold=tuple(map(_repaired, each.solution))) for each in loaded]


def _repaired(operation: str) -> str:
    stripped = " ".join(operation.split())
    return REPAIRS.get(stripped, stripped)


async def run(wanted: Wanted) -> Figures:
    """Measure recall over the whole pool."""
    assert wanted.data is not None, "the suite names a source, so it is run with data"
    instructions = cases(wanted.data / CASES, API)
    pool = read_pool(wanted.data.parent / "openapi")
    searching = finder(wanted.settings, embeddings=wanted.embeddings)
    figures = await measured(searching, pool.tools, instructions, wanted.progress)
    others = cases(HELD_OUT, "restbench-spotify")
    held_out = await run_cases(searching, pool.tools, others, wanted.progress)
    return {
        **figures,
        "held_out_cases": len(held_out),
        "held_out_recall_at_10": recall(held_out),
        **(await _planned(wanted, searching, pool.tools, instructions, others) if wanted.model else {}),
        "documents": pool.documents,
        "unusable": pool.unusable,
    }


async def _planned(
    wanted: Wanted, finder: Finder, tools: Sequence[Tool], instructions: Sequence[Case], others: Sequence[Case]
) -> Figures:
    """Let a model plan: those instructions that rules may have been chosen by are also told apart."""
    async with open_dialer(wanted.settings) as dialer:
        models = await model_router(wanted.settings, dialer)
        models.known(wanted.model)
        planned = await planning.run(models, wanted.model, finder, tools, instructions, wanted.progress)
        held_out = await planning.run(models, wanted.model, finder, tools, others, wanted.progress)
    return {
        "model": wanted.model,
        **planning.figures(planned),
        **planning.figures(planned[1::2], "unseen_half_"),
        **planning.figures(held_out, "held_out_"),
        "unreadable": sum(bool(each.fault) for each in planned),
    }


SUITE = Suite(
    name="restbench",
    words="Find the operations of RestBench's TMDB instructions among those of many APIs.",
    source="github.com/Yifan-Song793/RestGPT (datasets/tmdb.json; the documents into a folder `openapi` beside it)",
    run=run,
    takes=("model", "embeddings"),
    figures=(
        *figure_names(),
        "held_out_cases",
        "held_out_recall_at_10",
        *(f"{part}{name}" for part in ("", "unseen_half_", "held_out_") for name in ("correct_path", "exact")),
        "unreadable",
        "documents",
        "unusable",
    ),
)
