"""Read the slots of a plan: arguments that are bound before anything untrusted was read."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.catalog.policies import PLACES
from domain.catalog.vocabulary import words
from domain.encoding import Json, canonical, foreign, parse, parse_written
from domain.errors import Invalid
from domain.pointers import leaves, tokens
from domain.session.events import PlannedStep, Slot
from domain.session.state import Session

MOST_SLOTS = 100
RECORD_NAMES = frozenset(["id", "uuid", "guid"])
_NOT_GIVEN = msgspec.Raw()


class SlotDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a slot as a planner wrote it: either a value, or a step and a pointer into its output."""

    argument: str
    value: Json = _NOT_GIVEN
    step: int = 0
    pointer: str = ""


def binds_slots(state: Session) -> bool:
    """Tell whether a session's plan may name tools and bind arguments."""
    return state.behaviour >= 2


def bound(planned: PlannedStep, number: int, tool: str, drafts: Sequence[SlotDraft]) -> PlannedStep:
    """Return a planned step with its tool and slots; it waits for the steps that they read. Raise Invalid."""
    if drafts and not tool:
        raise Invalid("expected a tool whose arguments the slots bind")
    if len(drafts) > MOST_SLOTS:
        raise Invalid(f"expected at most {MOST_SLOTS} slots, got {len(drafts)}")
    slots = tuple(_slot(draft, number) for draft in drafts)
    _refuse_overlaps([tokens(slot.argument) for slot in slots])
    after = {*planned.after, *(slot.step for slot in slots if slot.step)}
    return replace(planned, tool=tool, slots=slots, after=tuple(sorted(after)))


def _slot(draft: SlotDraft, number: int) -> Slot:
    path, given = tokens(draft.argument), bool(bytes(draft.value))
    if not path or path[0] not in PLACES:
        raise Invalid(f"expected a slot's argument to begin with one of /{', /'.join(PLACES)}, got {draft.argument!r}")
    if given == bool(draft.step):
        raise Invalid(f"expected either a value or a step for {draft.argument}")
    if given:
        return Slot(argument=draft.argument, value=_literal(draft))
    if not 1 <= draft.step < number:
        raise Invalid(f"{draft.argument} may read only earlier steps, but reads step {draft.step}")
    tokens(draft.pointer)
    return Slot(argument=draft.argument, step=draft.step, pointer=draft.pointer)


def _literal(draft: SlotDraft) -> Json:
    parse_written(bytes(draft.value))  # an object that says a key twice is no value
    value = parse(bytes(draft.value))
    if value is None:
        raise Invalid(f"expected a value for {draft.argument}, got null: leave the slot out")
    return foreign(value)


def _refuse_overlaps(paths: Sequence[tuple[str, ...]]) -> None:
    for index, path in enumerate(paths):
        for other in paths[:index]:
            if path[: len(other)] == other or other[: len(path)] == path:
                raise Invalid(f"expected each argument to be bound once, got /{'/'.join(path)} twice")


def stands_in(texts: Iterable[str], value: Any) -> bool:
    """Tell whether all of a value stands word for word in texts, each of its leaves in one of them.

    A value stands only where its letters and digits end: ``1`` does not stand in ``10``, nor ``ann`` in ``joanne``.
    Texts are compared character by character, so that no look-alike passes for what it looks like.
    """
    texts = tuple(texts)
    return all(any(_stands(text, str(leaf)) for text in texts) for _, leaf in leaves(value) if not _empty(leaf))


def _empty(leaf: Any) -> bool:
    return leaf is None or leaf in ("", [], {})


def _stands(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def same(said: Any, bound: Any) -> bool:
    """Tell whether an agent says what its plan bound: the same value, a number written in whichever way."""
    numbers = [value for value in (said, bound) if isinstance(value, int | Decimal) and not isinstance(value, bool)]
    return said == bound if len(numbers) == 2 else canonical(said) == canonical(bound)


def names_a_record(pointer: str, value: Any) -> bool:
    """Tell whether what a pointer leads to is an identifier: its name says so, and it holds no text."""
    path = tokens(pointer)
    if not path or not RECORD_NAMES.intersection(words(path[-1])[-1:]):
        return False
    return isinstance(value, int | str) and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(value)) is not None
