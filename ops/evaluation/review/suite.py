"""Run the review by code over claims with one fault each, and over their correct twins.

Claims are made from what a shop's read operations answer. Phrasings, unfounded sentences and records of the half that
is reported on are in no other use: what was set by looking at the first half is measured on the second.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from domain.errors import Invalid
from domain.reviewing.findings import Finding
from domain.reviewing.reading import Source
from domain.reviewing.review import review
from ops.evaluation.review import mutators, phrasing
from ops.evaluation.review.facts import Facts, Shop, facts_of
from ops.evaluation.suite import Figures, Suite, Wanted

OWN = Path(__file__).with_name("own_shop.json")
SETS = 80
"""How many sets of facts each half draws; each gives up to four faults, and as many twins."""


class Case(NamedTuple):
    """Be a claim with what speaks for it; ``fault`` names what is wrong with it, "" for a correct twin."""

    fault: str
    claim: str
    criteria: str
    sources: tuple[Source, ...]


def cases(shop: Shop, *, report: bool, sets: int = SETS) -> Iterator[Case]:
    """Make the cases of one half: each fault beside the same claim without it, in the same words."""
    chance = random.Random(f"review-{report}")
    phrases = phrasing.TO_REPORT if report else phrasing.TO_SET
    unfounded = mutators.TO_REPORT if report else mutators.TO_SET
    for facts in islice(facts_of(_half(shop, report), chance), sets):
        for fault, mutate in mutators.IN_FACTS.items():
            phrase, seed = chance.choice(phrases), chance.random()
            changed = mutate(facts, chance)
            right = phrase(facts, random.Random(seed))
            wrong = phrase(changed, random.Random(seed)) if changed else right
            if wrong != right:  # a number may be rounded to what is right all the same
                yield _case("", facts, right, facts)
                yield _case(fault, facts, wrong, facts)
        phrase, seed = chance.choice([each for each in phrases if each not in phrasing.IN_JSON]), chance.random()
        claim = phrase(facts, random.Random(seed))
        yield _case("", facts, claim, facts)
        joint = "\n" if "\n" in claim else " "
        yield _case("without-evidence", facts, f"{claim}{joint}{chance.choice(unfounded)}", facts)


def _half(shop: Shop, report: bool) -> Shop:
    """Return every other record, so that no record is in both halves."""
    return {name: dict(list(held.items())[report::2]) for name, held in shop.items()}


def _case(fault: str, asked: Facts, claim: str, facts: Facts) -> Case:
    named = (
        f"number of {fact.attribute}" if fact.kind == "count" else fact.attribute
        for fact in (*asked.facts, *asked.derived)
    )
    attributes = list(dict.fromkeys(named))
    criteria = f"{', '.join(attributes[:-1])} and {attributes[-1]} are stated"
    return Case(fault, claim, criteria, tuple(Source(name=tool, text=text) for tool, text in facts.outputs))


async def run(wanted: Wanted) -> Figures:
    """Measure both halves; the figures are those of the second, and of our own shop where no data is named."""
    shop = load(wanted.data / "db.json" if wanted.data else OWN)
    first = measured(list(cases(shop, report=False)))
    second = measured(list(cases(shop, report=True)))
    return {"cases": second["faults"] + second["twins"], **second, "set_by": first}


def load(file: Path) -> Shop:
    """Load a shop's records; raise Invalid where the file is not what it should be."""
    try:
        found = msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, Any]])
    except (OSError, msgspec.MsgspecError) as fault:
        raise Invalid(f"Expected a shop's records in {file}, but they cannot be read: {fault}.") from fault
    if missing := {"orders", "users", "products"} - set(found):
        raise Invalid(f"Expected orders, users and products in {file}, but there are no {', '.join(sorted(missing))}.")
    return found


def measured(made: Sequence[Case]) -> dict[str, Any]:
    """Count how many faults are caught, and how many correct twins are taken for faults."""
    faults, caught, alarms = Counter[str](), Counter[str](), 0
    for case in made:
        found = bool(findings_of(case))
        if case.fault:
            faults[case.fault] += 1
            caught[case.fault] += found
        else:
            alarms += found
    twins = sum(not case.fault for case in made)
    return {
        "faults": faults.total(),
        "caught": round(caught.total() / faults.total(), 4),
        "twins": twins,
        "false_alarms": round(alarms / twins, 4),
        "by_fault": {
            name: {"faults": faults[name], "caught": round(caught[name] / faults[name], 4)} for name in faults
        },
    }


def findings_of(case: Case) -> tuple[Finding, ...]:
    """Review the claim of a case."""
    return review(case.claim, case.sources, criteria=case.criteria)


_MEASURED = ("faults", "caught", "twins", "false_alarms", "by_fault.*.faults", "by_fault.*.caught")

SUITE = Suite(
    name="review",
    words="Let code alone catch faults in what agents state, and count its false alarms on correct twins.",
    source="https://github.com/sierra-research/tau2-bench, data/tau2/domains/retail",
    run=run,
    folder="tau2-retail",
    has_own=True,
    figures=("cases", *_MEASURED, *(f"set_by.{name}" for name in _MEASURED)),
)
