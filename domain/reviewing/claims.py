"""Read what a researcher found: claims, each with the calls whose answers show it.

They are a step's output, ``{"findings": [{"claim": "…", "calls": ["call-1-1"], "value": …}]}``, and nothing else. So
whoever reads it, a person, an agent or a slot of a plan, sees which calls a claim rests on.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from domain.content import Content
from domain.encoding import Json, canonical, foreign, parse
from domain.errors import Invalid
from domain.pointers import leaves
from domain.reviewing.evidence import Evidence
from domain.reviewing.findings import Finding
from domain.reviewing.missing import missing
from domain.reviewing.reading import Source
from domain.reviewing.review import review

NOT_GIVEN = msgspec.Raw()
FINDINGS = '{"findings":'
"""Begins every output that holds claims."""
MOST_PLACES = 18
"""Up to how many places before or behind its point a number is looked for among words however it is written."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Be one finding: a claim, the value that it is about where there is one, and the calls that it rests on."""

    claim: str
    calls: tuple[str, ...] = ()
    value: Json = NOT_GIVEN

    @property
    def has_value(self) -> bool:
        """Tell whether it says a value beside its words."""
        return bool(bytes(self.value))


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Hold all that a step found."""

    findings: tuple[Claim, ...]


def stated(claims: Sequence[Claim]) -> Content:
    """Return claims as the output of a step."""
    text = bytes(foreign({"findings": [_plain(claim) for claim in claims]})).decode()
    return Content(text=text, size=len(text.encode()))


def _plain(claim: Claim) -> dict[str, object]:
    value = {"value": parse(bytes(claim.value))} if claim.has_value else {}
    return {"claim": claim.claim, "calls": list(claim.calls), **value}


def claims_of(output: str) -> tuple[Claim, ...]:
    """Return the claims that a step's output holds; what is no findings is one claim that names no call."""
    try:
        return msgspec.json.decode(output, type=Findings).findings
    except msgspec.DecodeError:
        return (Claim(claim=output),)


# Reviewing them


def review_claims(
    claims: Sequence[Claim],
    answers: Mapping[str, Source],
    *,
    criteria: str = "",
    goal: str = "",
    known: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Hold each claim against the ``answers`` of the calls that it names alone, and all of them against what is asked.

    A claim that names no call is noted, and so is a value that stands in no answer.
    """
    loose = (criteria, goal, *known)
    found = [
        replace(each, place=f"finding {number}: {each.place}")
        for number, claim in enumerate(claims, 1)
        for each in _reviewed(claim, [answers[call] for call in claim.calls if call in answers], loose)
    ]
    together = "\n".join(claim.claim for claim in claims)
    evidence = Evidence([*answers.values()], loose=loose)
    return tuple(dict.fromkeys([*found, *missing(together, evidence, criteria=criteria, goal=goal)]))


def _reviewed(claim: Claim, named: Sequence[Source], loose: Sequence[str]) -> Iterator[Finding]:
    if not claim.calls:
        yield Finding(kind="unsupported", place="its calls", said=claim.claim[:200], evidence="it names no call")
        return
    yield from review(claim.claim, named, known=loose)
    if claim.has_value and all(source.whole for source in named):
        known = {key for source in named for key in _values(source)}
        texts = [*loose, *(source.text for source in named)]
        unsaid = (leaf for _, leaf in leaves(parse(bytes(claim.value))) if not _stands(leaf, known, texts))
        if (said := str(next(unsaid, ""))) != "":
            yield Finding(kind="unsupported", place="its value", said=said[:200], evidence=", ".join(claim.calls))


def _stands(leaf: object, known: Collection[object], texts: Sequence[str]) -> bool:
    """Tell whether a value is said as it stands: as a value of an answer, or among words, and not within another."""
    return _key(leaf) in known or any(_alone(leaf).search(text) for text in texts)


def _alone(leaf: object) -> re.Pattern[str]:
    said = re.escape(str(leaf))
    if _is_number(leaf) and abs((number := Decimal(str(leaf))).adjusted()) <= MOST_PLACES:
        said = re.escape(f"{number.normalize():f}")
        said += r"0*" if "." in said else r"(?:\.0+)?"
    return re.compile(rf"(?<!\w)(?<!\d[.,]){said}(?!\w)(?![.,]\d)")


def _values(source: Source) -> Iterator[object]:
    try:
        yield from (_key(leaf) for _, leaf in leaves(parse(source.text)))
    except Invalid:
        return


def _key(leaf: object) -> object:
    """Return what equal values have in common: 12.50 is 12.5, and neither true nor "12.5"."""
    return Decimal(str(leaf)) if _is_number(leaf) else canonical(leaf)


def _is_number(leaf: object) -> bool:
    return isinstance(leaf, int | float | Decimal) and not isinstance(leaf, bool)
