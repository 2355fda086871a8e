"""Say what code found in a claim, in a form that people, agents and programs can read."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

FindingKind: TypeAlias = Literal["schema", "arithmetic", "value", "missing", "swapped", "unsupported"]
"""What can be wrong: a form that its document does not give it, a figure that does not follow from the evidence, a
value that the evidence has otherwise, something asked for that is not said, a value of another record, and what nothing
speaks for."""

NOTED: frozenset[FindingKind] = frozenset(["schema", "unsupported"])
"""Kinds that contradict nothing: they are told to whoever reads the result, and send nothing back by themselves."""


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Hold one finding: where in the claim, what is ``said`` there, and what was ``expected`` by which ``evidence``."""

    kind: FindingKind
    place: str
    said: str
    expected: str = ""
    evidence: str = ""

    @property
    def contradicts(self) -> bool:
        """Tell whether the claim cannot stand as it is."""
        return self.kind not in NOTED

    def in_words(self) -> str:
        """Say it to whoever must put it right."""
        by = f" ({self.evidence})" if self.evidence else ""
        match self.kind:
            case "missing":
                return f"{self.expected} was asked for and is not said{by}"
            case "unsupported":
                return f"{self.place}: nothing speaks for {self.said!r}{by}"
            case "schema":
                return f"{self.place}: {self.said}"
            case _:
                return f"{self.place}: {self.said!r} is said, but expected was {self.expected}{by}"


def instructions(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return what must be put right, in words for the agent that must do it."""
    return tuple(each.in_words() for each in findings if each.contradicts)


def notes(findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return what is only noted, in words."""
    return tuple(each.in_words() for each in findings if not each.contradicts)
