"""Hold tasks as they stand in a file: what to reach, and how to see that it was.

Without a ``document`` tasks are done in the sample shop, a fresh one each. Whatever a case expects is graded:
``calls`` in their order, ``state`` as the API tells it afterwards, ``answer`` by a JSON Schema, ``rubric`` by a model.
"""

from typing import Any

import msgspec


class ExpectedCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Name a tool and its arguments, grouped as path, query, header, cookie and body."""

    tool: str
    arguments: dict[str, Any] = {}


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Be one task; ``state`` says what stands at a JSON pointer into what a path of the API returns afterwards.

    ``answer`` is a schema of the answer, as JSON where it is some and else as a text; ``says`` is what gold answers.
    ``tools`` are the only ones that agents may use for it, by names and patterns; all of the API's where none is named.
    ``rubric`` are criteria in words, which a model judges.
    """

    id: str
    goal: str
    calls: tuple[ExpectedCall, ...] = ()
    state: dict[str, dict[str, Any]] = {}
    answer: dict[str, Any] = {}
    says: str = "done"
    tools: tuple[str, ...] = ()
    rubric: tuple[str, ...] = ()


class Dataset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hold tasks over one API: its ``document``, a file beside this one, and its ``base_url``."""

    name: str
    words: str = ""
    document: str = ""
    base_url: str = ""
    allow_private: bool = False
    cases: tuple[Case, ...]
