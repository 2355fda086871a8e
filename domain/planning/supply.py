"""Tell which arguments of a planned call nothing can supply: no slot, no earlier result, and no word of the goal."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from domain.catalog.arguments import needed_of
from domain.catalog.events import Tool
from domain.catalog.vocabulary import words
from domain.pointers import tokens
from domain.session.events import PlannedStep
from domain.session.slots import RECORD_NAMES

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WITH_DIGIT = re.compile(r"\d")
_CLASS = re.compile(r"\[(?!0-9\]|\\d\])[^\]]*\]")
"""Finds what a pattern has of classes of characters that hold more than digits."""
_DIGIT = re.compile(r"(?:\\d|\[0-9\])\]?(?![*?])")
"""Finds where a pattern asks for a digit."""


def unsupplied(step: PlannedStep, tool: Tool, said: Iterable[str]) -> Iterator[str]:
    """Return the pointers of needed identifiers that a step cannot get from anywhere.

    A text, a number or a date its agent may write from what the goal means; the id of a record nobody can make up. It
    must come from a slot, from a step that this one waits for, or stand in what was ``said``: the goal and its context.
    """
    if step.after:
        return
    bound = [tokens(slot.argument) for slot in step.slots]
    texts = tuple(said)
    for where, schema in needed_of(tool.parameters).items():
        path = tokens(where)
        if _names_record(path[-1]) and not _is_bound(path, bound) and not _may_stand_in(texts, schema):
            yield where


def _names_record(name: str) -> bool:
    return bool(RECORD_NAMES.intersection(words(name)[-1:]))


def _is_bound(path: tuple[str, ...], bound: Iterable[tuple[str, ...]]) -> bool:
    return any(path[: len(each)] == each or each[: len(path)] == path for each in bound)


def _may_stand_in(texts: Iterable[str], schema: Any) -> bool:
    """Tell whether anything in texts may be an identifier of a schema; what is listed or given needs no text.

    A uuid has its form, and a number and what has a pattern that asks for one a digit; a record that goes by a text may
    go by any word of the goal.
    """
    schema = schema if isinstance(schema, dict) else {}
    if any(key in schema for key in ("enum", "const", "default")):
        return True
    form = _UUID if schema.get("format") == "uuid" else _WITH_DIGIT if _has_a_digit(schema) else None
    return form is None or any(form.search(text) for text in texts)


def _has_a_digit(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    is_number = bool({"integer", "number"}.intersection(kinds)) and "string" not in kinds
    return is_number or _DIGIT.search(_CLASS.sub(".", str(schema.get("pattern", "")))) is not None
