"""Say what documents mark as personal or secret in what came from outside: in answers, choices and plans."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import msgspec

from commands.ports import MarkedPlaces
from commands.shell import Shell
from domain.catalog.state import Snapshot
from domain.content import Content
from domain.errors import Invalid
from domain.pointers import tokens
from domain.redaction.texts import Marks, Path
from domain.session.approving import choice_asked_about
from domain.session.events import ApprovalGranted, CallSucceeded, ModelReplied, SessionFact
from domain.session.state import Session


async def marks_of(shell: Shell, state: Session | None, fact: SessionFact) -> Mapping[str, Marks]:
    """Return what is marked in the texts of a fact, by its fields."""
    if (
        state is None
        or not shell.redactor.hides
        or not isinstance(fact, ModelReplied | CallSucceeded | ApprovalGranted)
    ):
        return {}
    catalog = await shell.snapshot(state.tenant, state.catalog)
    if isinstance(fact, ApprovalGranted):
        choice = choice_asked_about(state, fact.approval) if fact.edited else None
        return {"edited": (await _marked(shell, state, catalog, choice.tool if choice else "")).arguments}
    if isinstance(fact, CallSucceeded):
        return {"output": (await _marked(shell, state, catalog, state.tool_of(fact.call))).answers}
    marks: dict[Path, str] = {}
    for tool, at, path in _written(fact.reply):
        marks |= _moved((await _marked(shell, state, catalog, tool)).arguments, path, at)
    return {"reply": marks}


async def _marked(shell: Shell, state: Session, catalog: Snapshot, name: str) -> MarkedPlaces:
    tool = catalog.tool(name) if name else None
    return await shell.marked.marked(state.tenant, tool) if tool and shell.marked else MarkedPlaces({}, {})


def _moved(marks: Marks, path: Path, at: Path) -> Iterator[tuple[Path, str]]:
    """Yield marks below a path as they are where what the path leads to stands alone; one above it marks it whole."""
    for place, kind in marks.items():
        if place[: len(path)] == path[: len(place)]:
            yield (*at, *place[len(path) :]), kind


def _written(reply: Content) -> Iterator[tuple[str, Path, Path]]:
    """Yield of which tools a reply holds arguments, where, and which of them: the path of a slot's, or all."""
    said = _read(reply.text)
    if isinstance(said.get("tool"), str):
        yield said["tool"], ("arguments",), ()
    for number, step in enumerate(_list(said.get("steps"))):
        for index, slot in enumerate(_list(step.get("slots"))):
            with suppress(Invalid):
                path = tokens(str(slot.get("argument", "")))
                yield str(step.get("tool", "")), ("steps", str(number), "slots", str(index), "value"), path


def _read(text: str) -> dict[str, Any]:
    """Return what a reply says, nothing where it is no object; what else is wrong with it will be said later."""
    with suppress(msgspec.DecodeError, RecursionError):
        found = msgspec.json.decode(text[text.find("{") : text.rfind("}") + 1])
        return found if isinstance(found, dict) else {}
    return {}


def _list(value: Any) -> list[dict[str, Any]]:
    return [each if isinstance(each, dict) else {} for each in value] if isinstance(value, list) else []
