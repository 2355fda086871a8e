"""Measure how many of the operations that a task needs are found for it."""

import os
import time
from collections.abc import Sequence

import msgspec

from commands.finding import Finder
from domain.catalog.events import Tool
from ops.bench.machine import machine
from ops.bench.memory import rss_mb
from ops.evaluation.suite import Figures, Progress

MOST = 10


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a task in words; ``gold`` are the operations of ``api`` that solve it, in order."""

    api: str
    text: str
    gold: tuple[str, ...]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Hold which operations of a case were found, and which not, in how many milliseconds."""

    case: Case
    found: tuple[str, ...]
    missed: tuple[str, ...]
    ms: float


async def run(
    finder: Finder, tools: Sequence[Tool], cases: Sequence[Case], progress: Progress, most: int = MOST
) -> list[Outcome]:
    """Look for ``most`` tools for each case among all tools."""
    outcomes = []
    for number, case in enumerate(cases):
        progress(number, len(cases))
        began = time.perf_counter()
        findings = await finder.find(tools, case.text, most, patient=True)
        ms = (time.perf_counter() - began) * 1000
        there = {each.tool.operation for each in findings.found if each.tool.api == case.api}
        gold = tuple(dict.fromkeys(case.gold))
        outcomes.append(
            Outcome(
                case=case,
                found=tuple(each for each in gold if each in there),
                missed=tuple(each for each in gold if each not in there),
                ms=ms,
            )
        )
    progress(len(cases), len(cases))
    return outcomes


def recall(outcomes: Sequence[Outcome]) -> float:
    """Return the share of all needed operations that were found."""
    found = sum(len(each.found) for each in outcomes)
    return round(found / sum(len(each.found) + len(each.missed) for each in outcomes), 4)


def figure_names(most: int = MOST) -> tuple[str, ...]:
    """Name the figures of a run."""
    costs = ("search_p50_ms", "search_p95_ms", "index_build_ms", "index_mb")
    return ("cases", "pool", f"recall_at_{most}", *costs)


async def measured(
    finder: Finder, tools: Sequence[Tool], cases: Sequence[Case], progress: Progress, most: int = MOST
) -> Figures:
    """Run the cases and return their figures, with what the index costs; memory is megabytes."""
    before, began = rss_mb(os.getpid()), time.perf_counter()
    method = (await finder.find(tools, "warm up", 1, patient=True)).method
    build_ms, index_mb = (time.perf_counter() - began) * 1000, rss_mb(os.getpid()) - before
    outcomes = await run(finder, tools, cases, progress, most)
    ordered = sorted(each.ms for each in outcomes)
    return {
        "cases": len(cases),
        "pool": len(tools),
        f"recall_at_{most}": recall(outcomes),
        "method": method,
        "search_p50_ms": round(ordered[len(ordered) // 2], 2),
        "search_p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
        "index_build_ms": round(build_ms, 1),
        "index_mb": round(index_mb, 1),
        "missed": {each.case.text: each.missed for each in outcomes if each.missed},
        "machine": machine(),
    }
