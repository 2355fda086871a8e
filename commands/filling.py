"""Fill the slots of a planned call: put what the plan bound where its agent left it out.

What an agent says otherwise stays as it says it: it is then the agent's own word, and labelled so.
"""

from typing import Any

import msgspec

from commands.shell import Shell
from domain.catalog.effects import effect_of_name
from domain.catalog.events import Tool
from domain.catalog.state import Snapshot
from domain.encoding import Json, foreign, parse
from domain.errors import Invalid
from domain.labels import GOAL, UNKNOWN, FilledSlot, Label, joined
from domain.pointers import ABSENT, at, leaves, put, tokens
from domain.session.events import Slot
from domain.session.slots import names_a_record, same, stands_in
from domain.session.state import Accepted, Choice, Session

FROM_THE_PLANNER = Label(sources=("model:plan",), trusted=True, private=False)
"""Labels what a planner made of the goal in words of its own."""


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """Hold arguments with their slots filled, or in ``problems`` why one could not be."""

    arguments: Json
    slots: tuple[FilledSlot, ...] = ()
    problems: tuple[str, ...] = ()


async def filled(shell: Shell, state: Session, catalog: Snapshot, choice: Choice) -> Filled:
    """Return the arguments of a chosen call with what its step's plan bound; what a human chose is left as it is."""
    step = state.step_awaiting(choice.call)
    human = choice.arguments.source.startswith("human:")
    if step is None or human or step.plan.tool != choice.tool or not step.plan.slots:
        return Filled(arguments=choice.arguments.value)
    arguments, slots, problems = parse(bytes(choice.arguments.value)), [], []
    for slot in step.plan.slots:
        path = tokens(slot.argument)
        said = at(arguments, path)
        try:
            value, label = await _bound(shell, state, catalog, choice, slot)
            if said is ABSENT or said is None or same(said, value):
                arguments = put(arguments, path, value)
                slots.append(FilledSlot(argument=slot.argument, label=label, step=slot.step, pointer=slot.pointer))
        except Invalid as fault:
            if said is ABSENT or said is None:
                problems.append(f"{slot.argument} cannot be filled as planned, so say what it is: {fault}")
    return Filled(arguments=foreign(arguments), slots=tuple(slots), problems=tuple(problems))


async def _bound(shell: Shell, state: Session, catalog: Snapshot, choice: Choice, slot: Slot) -> tuple[Any, Label]:
    """Return the value of a slot and its label; raise Invalid where its step's output has none there."""
    if not slot.step:
        value = parse(bytes(slot.value))
        return value, GOAL if stands_in(_goal_texts(state), value) else _in_own_words(state)
    stage = state.steps[slot.step - 1].stage
    if not isinstance(stage, Accepted):
        raise Invalid(f"step {slot.step} has no result")
    value = at(await _output(shell, state, stage), tokens(slot.pointer))
    if value is ABSENT or value is None:
        raise Invalid(f"the output of step {slot.step} has nothing at {slot.pointer or 'its root'}")
    made, tool = catalog.tool(stage.tool), catalog.tool(choice.tool)
    numbered = made and tool and _numbered_here(made, tool, stage.label or UNKNOWN, slot.pointer)
    if made and numbered and names_a_record(slot.pointer, value):
        return value, Label(sources=(f"tool:{made.name}",), trusted=True)
    return value, stage.label or UNKNOWN


def _in_own_words(state: Session) -> Label:
    """Label what a planner put into its own words, also out of memories."""
    return joined([FROM_THE_PLANNER, state.recalled]) if state.recalled else FROM_THE_PLANNER


def _numbered_here(made: Tool, tool: Tool, label: Label, pointer: str) -> bool:
    """Tell whether the API that an identifier is used in gave it, to what this session made or the goal's words found.

    Whoever writes into a record does not choose its number, but which record a list begins with: a search that is
    posted makes nothing, whatever its method says.
    """
    listed = any(part.isdecimal() for part in tokens(pointer))
    makes = made.effect_class != "read" and effect_of_name(made.name) != "read" and not listed
    return made.api == tool.api and (makes or "goal" in label.sources)


async def _output(shell: Shell, state: Session, stage: Accepted) -> Any:
    output = stage.output
    data = output.text.encode() if output.whole else await shell.store.get_blob(state.tenant, output.blob)
    try:
        return parse(data)
    except Invalid:
        return data.decode("utf-8", "replace")  # what is no JSON is one text


def _goal_texts(state: Session) -> list[str]:
    return [state.goal, *(str(leaf) for _, leaf in leaves(parse(bytes(state.context))))]
