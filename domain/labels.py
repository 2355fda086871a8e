"""Say where a value came from, whether it may be trusted, and whether it is private: its label.

Sources are ``goal`` (with its context), ``human:ID``, ``tool:NAME``, ``model:CALL`` and ``memory``. A value that is
made of others carries all their labels: it is trusted only if all of them are, and private if any of them is. So
whatever is added, nothing untrusted becomes trusted on the way.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

MOST_SOURCES = 20


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Be the provenance of a value; one of which nothing is known is neither trusted nor public.

    Of many ``sources`` the first are named, in alphabetical order; a value of more is not trusted.
    """

    sources: tuple[str, ...] = ()
    trusted: bool = False
    private: bool = True


UNKNOWN = Label()

InPlan = Literal["open", "inside", "outside"]
"""Says of a call whether it is the one that its step's plan names; open: this plan names no
tools at all, or none for the reads of a researcher's step."""


class ArgumentLabel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Label one argument of a call, by its JSON pointer.

    A ``sink`` decides where something goes. It is ``bound`` where the goal, a human or a trusted output says what it
    is, and not an agent that has read.
    """

    argument: str
    label: Label = UNKNOWN
    sink: bool = False
    bound: bool = False


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say where a call came from, as a verdict sees it; what is not known opens nothing.

    ``label`` is that of all its arguments together, ``seen`` that of everything that its session had read by then.
    ``bound``: every sink is. ``sends``: it takes something to somebody or somewhere else.
    """

    arguments: tuple[ArgumentLabel, ...] = ()
    label: Label = UNKNOWN
    seen: Label = UNKNOWN
    plan: InPlan = "outside"
    bound: bool = False
    sends: bool = True


class FilledSlot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Label an argument that its plan had bound, and say which ``step``'s output it was read from, if from any."""

    argument: str
    label: Label
    step: int = 0
    pointer: str = ""


GOAL = Label(sources=("goal",), trusted=True, private=False)


def human(user: str) -> Label:
    """Label what a person wrote."""
    return Label(sources=(f"human:{user}",), trusted=True, private=False)


def joined(labels: Iterable[Label]) -> Label:
    """Label what is made of other values; of nothing, it is unknown."""
    every = tuple(labels)
    if not every:
        return UNKNOWN
    return _of(
        {source for label in every for source in label.sources},
        trusted=all(label.trusted for label in every),
        private=any(label.private for label in every),
    )


def from_source(label: Label, source: str) -> Label:
    """Name another source of a value, one that changes neither trust nor privacy: whoever put it into words."""
    return _of({*label.sources, source}, trusted=label.trusted, private=label.private)


def _of(sources: set[str], *, trusted: bool, private: bool) -> Label:
    named = tuple(sorted(sources)[:MOST_SOURCES])
    return Label(sources=named, trusted=trusted and len(sources) <= MOST_SOURCES, private=private)
