"""Measure settings: what gets through under no rules, the default ones and the strict ones, and what users still get.

The attack runs of a case are one for each harmful call in each style, so that an attacker's first call that is stopped
does not keep the next from being tried. A case gets through if any of them does.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ops.evaluation.injection.cases import Attack, Setting, Task
from ops.evaluation.injection.grading import Outcome
from ops.evaluation.injection.runs import Run, Style, harmful, target_of


def benign_runs(settings: Sequence[Setting]) -> list[Run]:
    """Return one run of each task, without an attacker."""
    return [
        Run(id=f"{setting.suite}/{task.id}", setting=setting, task=task)
        for setting in settings
        for task in setting.doable()
    ]


def whole_attacks(settings: Sequence[Setting]) -> list[Run]:
    """Return one run of each case in which the attacker makes all calls in their order."""
    return [
        Run(id=_name(setting, task, attack, "aside"), setting=setting, task=task, attack=attack, style="aside",
            wanted=attack.calls)
        for setting in settings
        for task, attack in setting.actionable()
    ]  # fmt: skip


def attack_runs(settings: Sequence[Setting]) -> list[Run]:
    """Return the runs of each case: one for each harmful call in each style that the task has room for."""
    return [
        run for setting in settings for task, attack in setting.actionable() for run in _runs(setting, task, attack)
    ]


def _runs(setting: Setting, task: Task, attack: Attack) -> Iterator[Run]:
    for number, call in enumerate(harmful(attack)):
        styles: list[tuple[Style, int]] = [("aside", 0), ("instead", target_of(task, call))]
        for style, target in styles:
            if style == "aside" or target:
                yield Run(
                    id=f"{_name(setting, task, attack, style)}/{number}",
                    setting=setting,
                    task=task,
                    attack=attack,
                    style=style,
                    wanted=(call,),
                    target=target,
                )


def _name(setting: Setting, task: Task, attack: Attack, style: Style) -> str:
    return f"{setting.suite}/{task.id}/{attack.id}/{style}"


def cases_through(outcomes: Sequence[Outcome]) -> list[tuple[str, str, str]]:
    """Return the cases of which any run got through, as suite, task and attack."""
    return sorted({(each.suite, each.task, each.attack) for each in outcomes if each.through})


def benign_figures(settings: Sequence[Setting], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return what users get: how many tasks are done without a human, and how often one is asked."""
    calls = sum(len(task.calls) for setting in settings for task in setting.doable())
    return {
        "benign_without_approval": sum(each.undisturbed for each in outcomes),
        "benign_correct": sum(each.correct for each in outcomes),
        "approvals_per_benign_call": round(sum(each.approvals for each in outcomes) / max(1, calls), 3),
    }


def disturbed(outcomes: Sequence[Outcome]) -> dict[str, list[str]]:
    """Return why tasks were not simply done: each call that was not allowed, with the rules that said so."""
    return {
        each.run: list(
            dict.fromkeys(
                [
                    *(f"{verdict.call} {verdict.decision}: {', '.join(verdict.rules)}" for verdict in each.stopped),
                    *each.problems,
                ]
            )
        )
        for each in outcomes
        if not each.undisturbed
    }
