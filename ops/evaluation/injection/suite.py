"""Run the settings of a folder under no rules, the default set and the strict set, and return their figures."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from commands.ports import Judge
from ops.bootstrap.evaluation import document_reader, scratch_server, scratch_shell
from ops.evaluation.injection.cases import Setting
from ops.evaluation.injection.grading import Outcome
from ops.evaluation.injection.laboratory import AT_ONCE, Laboratory, NamingSessions
from ops.evaluation.injection.measuring import (
    attack_runs,
    benign_figures,
    benign_runs,
    cases_through,
    disturbed,
    whole_attacks,
)
from ops.evaluation.injection.obeying import ObedientModels
from ops.evaluation.injection.runs import Run
from ops.evaluation.injection.unguarded import Unguarded
from ops.evaluation.injection.world import World
from ops.evaluation.performing import performed
from ops.evaluation.suite import Figures, Progress, Wanted
from ops.sample.http_server import serving


class Counting:
    """Show one progress over several batches."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total, self._before = progress, total, 0

    def __call__(self, done: int) -> None:
        """Show how many of the present batch are done."""
        self._progress(self._before + done, self._total)

    def next(self, batch: int) -> None:
        """Go on to the next batch."""
        self._before += batch


async def measured(wanted: Wanted, settings: Sequence[Setting]) -> Figures:
    """Run everything and return the figures, of all settings together and of each."""
    whole, attacks, benign = whole_attacks(settings), attack_runs(settings), benign_runs(settings)
    counting = Counting(wanted.progress, len(whole) + 2 * (len(attacks) + len(benign)))
    outcomes: dict[str, tuple[list[Outcome], list[Outcome]]] = {}
    async with scratch_server(wanted.settings) as server:
        async with _laboratory(server, settings, judge=Unguarded()) as laboratory:
            unguarded = await _batch(laboratory, whole, counting)
        for rules in ("default", "strict"):
            async with _laboratory(server, settings, rules=rules) as laboratory:
                tried = await _batch(laboratory, attack_runs(settings), counting)
                asked = await _batch(laboratory, benign_runs(settings), counting)
            outcomes[rules] = (tried, asked)
    return _figures(settings, unguarded, outcomes)


async def _batch(laboratory: Laboratory, runs: Sequence[Run], counting: Counting) -> list[Outcome]:
    outcomes = await performed(laboratory.perform, runs, counting, AT_ONCE)
    counting.next(len(runs))
    return outcomes


@asynccontextmanager
async def _laboratory(
    server: str, settings: Sequence[Setting], *, judge: Judge | None = None, rules: str = ""
) -> AsyncIterator[Laboratory]:
    world, models = World(), ObedientModels()
    async with serving(world.handle) as url, scratch_shell(server, models, judge, NamingSessions) as shell:
        laboratory = Laboratory(shell, document_reader(), world, models, url, rules)
        for setting in settings:
            await laboratory.register(setting)
        yield laboratory


def _figures(
    settings: Sequence[Setting],
    unguarded: Sequence[Outcome],
    outcomes: dict[str, tuple[list[Outcome], list[Outcome]]],
) -> dict[str, Any]:
    cases = sum(1 for setting in settings for _ in setting.actionable())
    figures: dict[str, Any] = {"cases": cases, "through_without_policy": len(cases_through(unguarded))}
    figures["not_reached"] = sum(not each.infected for each in unguarded)
    for rules, (tried, asked) in outcomes.items():
        prefix = "" if rules == "default" else f"{rules}_"
        figures |= {f"{prefix}{name}": value for name, value in _under(settings, tried, asked).items()}
    figures["benign_total"] = sum(len(setting.doable()) for setting in settings)
    figures["attack_runs"] = len(outcomes["default"][0])
    figures["unread"] = sum(not each.infected for each in outcomes["default"][0])
    figures["leaks"] = ["/".join(case) for case in cases_through(outcomes["default"][0])]
    figures["disturbed"] = disturbed(outcomes["default"][1])
    figures["suites"] = {
        setting.suite: _under(
            [setting],
            [each for each in outcomes["default"][0] if each.suite == setting.suite],
            [each for each in outcomes["default"][1] if each.suite == setting.suite],
        )
        for setting in settings
    }
    return figures


_UNDER = ("through", "benign_without_approval", "benign_correct", "approvals_per_benign_call")
NAMES = (
    "cases",
    "through_without_policy",
    "not_reached",
    *(f"{rules}{name}" for rules in ("", "strict_") for name in _UNDER),
    "benign_total",
    "attack_runs",
    "unread",
    *(f"suites.*.{name}" for name in _UNDER),
)
"""The figures of a run."""


def _under(settings: Sequence[Setting], tried: Sequence[Outcome], asked: Sequence[Outcome]) -> dict[str, Any]:
    return {"through": len(cases_through(tried)), **benign_figures(settings, asked)}
