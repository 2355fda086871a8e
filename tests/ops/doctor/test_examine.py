"""Checks are made only where what they need is well, and all of them in bounded time."""

import asyncio
import time

from domain.errors import Unavailable
from ops.doctor.checks import CHECKS
from ops.doctor.examine import Check, examine
from ops.doctor.outcome import Finding, Note, Outcome, Skipped
from ops.doctor.patient import Parts, Patient

FAULT = Finding(code="a-fault", found="f", why="w", fix="x")


async def healthy(_: Patient) -> Outcome:
    return None


async def ill(_: Patient) -> Outcome:
    return FAULT


async def absent(_: Patient) -> Outcome:
    return Skipped(because="not here")


async def remark(_: Patient) -> Outcome:
    return Note(text="by the way")


async def hanging(_: Patient) -> Outcome:
    await asyncio.Event().wait()
    return None


async def gone(_: Patient) -> Outcome:
    raise Unavailable("it went away")


async def test_what_needs_what_is_ill_is_not_judged_however_far_away(parts: Parts) -> None:
    checks = (Check("a", "", ill), Check("b", "", ill, ("a",)), Check("c", "", ill, ("b",)), Check("d", "", remark))
    found = await examine(checks, parts)
    assert found.findings == (FAULT,) and not found.healthy
    assert found.skipped == tuple(Skipped(code=code, because="first see to a-fault") for code in "bc")
    assert found.checked == ("d",) and found.notes == ("by the way",)


async def test_what_does_not_apply_takes_along_what_needs_it(parts: Parts) -> None:
    found = await examine((Check("a", "", absent), Check("b", "", ill, ("a",))), parts)
    assert found.healthy and [each.because for each in found.skipped] == ["not here", "not here"]


async def test_all_checks_together_take_no_longer_than_they_may(parts: Parts) -> None:
    checks = tuple(Check(f"check-{name}", "it is well", hanging, seconds=0.2) for name in range(300))
    began = time.monotonic()
    found = await examine(checks, parts, within=0.5)
    assert time.monotonic() - began < 30
    assert found.findings[0].code == "check-0-unanswered" and "Whether it is well" in found.findings[0].found
    assert found.skipped[-1].because == "the other checks took all the time there is"


async def test_what_goes_away_in_the_middle_is_a_fault_with_its_reason(parts: Parts) -> None:
    found = await examine((Check("a", "", gone), Check("b", "", healthy)), parts)
    assert "it went away" in found.findings[0].found and found.checked == ("b",)


def test_checks_need_only_what_comes_before_them() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    for place, check in enumerate(CHECKS):
        assert set(check.needs) <= set(names[:place]), check.name
