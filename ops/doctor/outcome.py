"""Say what came of a check: a fault, a remark, that it does not apply here, or, as None, that all is well."""

from typing import TypeAlias

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Name a fault: what was found, why it matters, and what to do about it."""

    code: str
    found: str
    why: str
    fix: str


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Remark on something that is no fault."""

    text: str


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """Name a check that was not made, and say why; checks leave ``code`` out, for they know it by their place."""

    because: str
    code: str = ""


Outcome: TypeAlias = Finding | Note | Skipped | None


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what came of all checks; ``checked`` names those that found no fault."""

    healthy: bool
    findings: tuple[Finding, ...]
    checked: tuple[str, ...]
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
