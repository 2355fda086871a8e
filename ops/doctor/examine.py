"""Make checks one after the other, each only where what it needs is well, and all of them in bounded time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from domain.errors import RepriseError
from ops.doctor.outcome import Diagnosis, Finding, Note, Outcome, Skipped
from ops.doctor.patient import Parts, Patient

ALL_SECONDS = 9.0
Run: TypeAlias = Callable[[Patient], Awaitable[Outcome]]


@dataclass(frozen=True)
class Check:
    """Look at one thing, where the checks that it ``needs`` found theirs well; ``says`` what is then known.

    One that takes longer than ``seconds`` is given up. What an ``uncounted`` one takes is not part of the time for all.
    """

    name: str
    says: str
    run: Run
    needs: tuple[str, ...] = ()
    seconds: float = 4.0
    uncounted: bool = False


async def examine(checks: Sequence[Check], parts: Parts, *, within: float = ALL_SECONDS) -> Diagnosis:
    """Make all checks and say what came of them; raises nothing that a fault of the installation could cause."""
    async with AsyncExitStack() as stack:
        chart, patient = Chart(), Patient(parts, stack)
        clock = asyncio.get_running_loop().time
        end = clock() + within
        for check in checks:
            began = clock()
            chart.note(check, await _made(check, patient, chart, end - began))
            end += (clock() - began) if check.uncounted else 0.0
        return chart.diagnosis()


async def _made(check: Check, patient: Patient, chart: "Chart", left: float) -> Outcome:
    if because := next((chart.amiss[need] for need in check.needs if need in chart.amiss), ""):
        return Skipped(because=because)
    seconds = check.seconds if check.uncounted else min(check.seconds, left)
    if seconds <= 0:
        return Skipped(because="the other checks took all the time there is")
    try:
        async with asyncio.timeout(seconds):
            return await check.run(patient)
    except TimeoutError:
        return _unanswered(check, f"no answer came within {seconds:.0f} s.")
    except (RepriseError, OSError) as fault:
        return _unanswered(check, str(fault))


def _unanswered(check: Check, reason: str) -> Finding:
    return Finding(
        code=f"{check.name}-unanswered",
        found=f"Whether {check.says} could not be found out: {reason}",
        why="What was there a moment ago went away or hangs.",
        fix="Ask `reprise doctor` again; where this comes again, look at the servers' logs.",
    )


class Chart:
    """Note the outcomes, and remember for each check that was not well why others cannot build on it."""

    def __init__(self) -> None:
        self.amiss: dict[str, str] = {}
        self._findings: list[Finding] = []
        self._checked: list[str] = []
        self._skipped: list[Skipped] = []
        self._notes: list[str] = []

    def note(self, check: Check, outcome: Outcome) -> None:
        """Note what came of a check."""
        match outcome:
            case Finding():
                self._findings.append(outcome)
                self.amiss[check.name] = f"first see to {outcome.code}"
            case Skipped():
                self._skipped.append(Skipped(code=check.name, because=outcome.because))
                self.amiss[check.name] = outcome.because
            case Note():
                self._checked.append(check.name)
                self._notes.append(outcome.text)
            case None:
                self._checked.append(check.name)
            case _:
                assert_never(outcome)

    def diagnosis(self) -> Diagnosis:
        """Return what is known."""
        return Diagnosis(
            healthy=not self._findings,
            findings=tuple(self._findings),
            checked=tuple(self._checked),
            skipped=tuple(self._skipped),
            notes=tuple(self._notes),
        )
