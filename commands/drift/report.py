"""Hold what a new revision of an API means for what was called so far, and for what waits."""

from typing import Literal, TypeAlias
from uuid import UUID

import msgspec

Cause: TypeAlias = Literal[
    "operation-gone",
    "operation-moved",
    "operation-unusable",
    "argument-required",
    "argument-gone",
    "argument-moved",
    "argument-refused",
    "not-callable",
    "sent-otherwise",
    "security-changed",
    "server-changed",
    "answer-mismatch",
]
FAILS: frozenset[Cause] = frozenset(
    {
        "operation-gone",
        "operation-moved",
        "operation-unusable",
        "argument-required",
        "argument-gone",
        "argument-moved",
        "argument-refused",
        "not-callable",
    }
)
"""Causes with which a call could not be made any more; with the others but the last it could, and would be another.

With the last it would be the same, but what it answered is not what the new revision says.
"""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Say one thing about a call under the new revision, at a JSON pointer into its arguments, or into its answer."""

    cause: Cause
    pointer: str
    message: str

    @property
    def fails(self) -> bool:
        """Tell whether the call could not be made any more."""
        return self.cause in FAILS

    @property
    def changes(self) -> bool:
        """Tell whether the call could be made, and would be another."""
        return self.cause not in FAILS and self.cause != "answer-mismatch"


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """Name a recorded call, and where it was told of last."""

    call: str
    session: UUID
    version: int
    position: int
    status: str


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Say one thing about one operation, of how many calls it holds, and which they are, at most so many.

    ``operation`` is empty where it holds of the whole API.
    """

    cause: Cause
    fails: bool
    operation: str
    pointer: str
    message: str
    calls: int
    examples: tuple[Example, ...] = ()


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Name a call of an open session that the new revision changes: it is chosen, asked about or owed."""

    session: UUID
    version: int
    step: int
    call: str
    tool: str
    operation: str
    stage: str
    fails: bool
    reasons: tuple[Reason, ...]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """Report on a revision of an API, ``document``, before it takes the place of another, ``current``.

    ``calls`` were recorded of this API, of which ``failing`` could not be made any more and ``changed`` would be made
    otherwise. ``answers`` of them were held against it too, of which ``mismatched`` are not what it says, but were what
    their own revision says. ``open_sessions`` use another revision of it; ``waiting`` names those of their calls that
    are affected, and ``asked_again`` counts the approvals that a migration would ask for again. ``more`` counts what is
    found beyond that.
    """

    api: str
    document: str
    current: str
    status: str
    calls: int
    failing: int
    changed: int
    answers: int
    mismatched: int
    open_sessions: int
    asked_again: int
    findings: tuple[Finding, ...]
    waiting: tuple[Waiting, ...]
    more: int = 0
