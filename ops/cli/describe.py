"""Tell more about a tool: `tools describe`."""

import json

import click
import msgspec

from commands.ports import Description
from domain.catalog.events import Tool
from domain.catalog.outputs import output_label
from domain.encoding import Json
from ops.cli.output import result
from ops.cli.reach import core
from ops.cli.verb import verb


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """Show a tool; ``parameters`` is a JSON Schema of what stands at ``at`` in its arguments."""

    name: str
    api: str
    operation: str
    document: str
    description: str
    effect_class: str
    repeatable: bool
    answers: str
    trusted: bool
    private: bool
    at: str
    parameters: Json


@verb(name="describe")
@click.argument("tool", metavar="TOOL")
@click.option("--depth", default=4, show_default=True, type=click.IntRange(1, 8), help="Levels of properties.")
@click.option("--path", "at", default="", metavar="POINTER", help="Only this part of the arguments, as /body/items/0.")
async def describe(tool: str, depth: int, at: str) -> None:
    """Show all that a tool says of itself, and its arguments in depth."""
    async with core() as opened:
        _, chosen = await opened.catalogue.find_tool("local", tool)
        told = await opened.shell.tools.describe("local", chosen, at=at, depth=depth)
    found = _described(chosen, told)
    result(found, lambda: _text(found))


def _described(tool: Tool, told: Description) -> Described:
    label = output_label(tool)
    return Described(
        name=tool.name,
        api=tool.api,
        operation=tool.operation,
        document=tool.document,
        description=told.text,
        effect_class=tool.effect_class,
        repeatable=tool.repeatable,
        answers=tool.answers,
        trusted=label.trusted,
        private=label.private,
        at=told.at,
        parameters=told.parameters,
    )


def _text(found: Described) -> str:
    repeats = "repeatable" if found.repeatable else "not repeatable"
    taken_for = f"{'trusted' if found.trusted else 'untrusted'}, {'private' if found.private else 'public'}"
    marks = f"{found.api}, {found.effect_class}, {repeats}, answers: {found.answers}, {taken_for}"
    parameters = json.dumps(json.loads(bytes(found.parameters)), indent=2, ensure_ascii=False)
    where = f" at {found.at}" if found.at else ""
    return "\n".join(
        [
            f"{found.name}  {found.operation}  ({marks})",
            found.description,
            f"arguments{where}; `cut` counts what is left out:",
            parameters,
        ]
    )
