"""Say what a document would give if it was registered, and what is wrong with it."""

from typing import Literal

import msgspec

Severity = Literal["error", "warning", "info"]


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """Say what is wrong or odd at a JSON pointer into a document; an error keeps its ``operation`` from being called.

    ``operation`` is METHOD path, empty where it is none's alone.
    """

    severity: Severity
    place: str
    message: str
    operation: str


class DocumentReport(msgspec.Struct, frozen=True, kw_only=True):
    """Report on a document; ``ok`` tells whether it could be registered.

    ``operations`` are those that become ``tools`` and those that are ``skipped``, each for an error among the
    ``diagnostics``. ``view_bytes`` is what a model is sent of all tools together, ``view_median`` of the one in the
    middle, as JSON.
    """

    ok: bool
    dialect: str
    operations: int
    tools: int
    skipped: int
    diagnostics: tuple[Diagnostic, ...]
    view_bytes: int
    view_median: int
