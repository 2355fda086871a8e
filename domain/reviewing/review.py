"""Review a claim by code: hold every value that it states against the evidence, and against what was asked for."""

from collections.abc import Sequence

from domain.reviewing.evidence import Evidence
from domain.reviewing.fields import check_fields
from domain.reviewing.findings import Finding
from domain.reviewing.flat import flat
from domain.reviewing.missing import missing
from domain.reviewing.prose import check_prose
from domain.reviewing.reading import Source
from domain.reviewing.unfounded import unfounded

LONGEST = 16_000
"""How many characters of a claim are read."""


def review(
    claim: str, sources: Sequence[Source], *, criteria: str = "", goal: str = "", known: Sequence[str] = ()
) -> tuple[Finding, ...]:
    """Return what is wrong with a claim; nothing where code cannot tell.

    ``criteria`` and ``goal`` say what it must state; what they and ``known`` texts say needs no other evidence.
    """
    evidence = Evidence(sources, loose=[criteria, goal, *known])
    text = flat(claim[:LONGEST], evidence)
    fields = check_fields(claim[:LONGEST], evidence)
    found = [*check_prose(text, evidence), *fields, *missing(text, evidence, criteria=criteria, goal=goal)]
    return tuple(dict.fromkeys([*found, *unfounded(text, evidence)]))
