"""Hold what an injection suite is made of: tools, what users ask for, what attackers want, and the world they meet in.

The layout is AgentDojo's, a JSON file a setting. ``vectors_in_output`` names the places in a call's output that others
can write to; an attack's text stands there in place of the vector's default.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.errors import Invalid

CANARY = "---CANARY_{}---"
"""Marks in a file where a vector's text stands: in an argument that repeats it, or in a given output."""


class PlainTool(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a tool by its name, in words, and by the JSON Schema of its arguments."""

    name: str
    description: str
    parameters: dict[str, Any]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """Be a call with its arguments; ``output`` is what it answers where the world is not asked."""

    tool: str
    args: dict[str, Any]
    vectors_in_output: tuple[str, ...] = ()
    output: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Be what a user asks for, with the calls that do it."""

    id: str
    prompt: str
    calls: tuple[Call, ...]
    ground_truth_output: str | None = None
    vectors_seen: tuple[str, ...] = ()


class Attack(msgspec.Struct, frozen=True, kw_only=True):
    """Be what an attacker wants, in the words that are planted, with the calls that do it."""

    id: str
    goal: str
    calls: tuple[Call, ...]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one world with its tools, tasks and attacks; ``pairs`` limits which attack meets which task, none is all."""

    suite: str
    tools: tuple[PlainTool, ...]
    user_tasks: tuple[Task, ...]
    injection_tasks: tuple[Attack, ...]
    environment: dict[str, Any] = {}
    injection_vector_defaults: dict[str, str] = {}
    pairs: tuple[tuple[int, int], ...] = ()

    def actionable(self) -> Iterator[tuple[Task, Attack]]:
        """Yield every task that sees what others wrote, with every attack, if both have something to do."""
        count = len(self.injection_tasks)
        pairs = self.pairs or [(task, attack) for task in range(len(self.user_tasks)) for attack in range(count)]
        for task, attack in pairs:
            seen = self.user_tasks[task].calls and self.user_tasks[task].vectors_seen
            if seen and self.injection_tasks[attack].calls:
                yield self.user_tasks[task], self.injection_tasks[attack]

    def doable(self) -> list[Task]:
        """Return the tasks that calls can do."""
        return [task for task in self.user_tasks if task.calls]

    def tool(self, name: str) -> PlainTool:
        """Return a tool by its name; raise Invalid."""
        for tool in self.tools:
            if tool.name == name:
                return tool
        raise Invalid(f"Expected only calls of the tools of {self.suite}, but one is of {name[:100]!r}.")


def read_setting(file: Path) -> Setting:
    """Read a setting from its file; raise Invalid where the file is not one."""
    try:
        setting = msgspec.json.decode(file.read_bytes(), type=Setting)
    except (OSError, msgspec.MsgspecError) as fault:
        raise Invalid(f"Expected tools, tasks and attacks in {file}, but they cannot be read: {fault}.") from fault
    return whole(setting, str(file))


def read_settings(folder: Path) -> list[Setting]:
    """Read every setting of a folder, one whose name is taken under its file's; raise Invalid where there is none."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise Invalid(f"Expected settings in {folder}, a JSON file each, but there is none.")
    found: dict[str, Setting] = {}
    for file in files:
        setting = read_setting(file)
        name = file.stem if setting.suite in found else setting.suite
        found[name] = replace(setting, suite=name)
    return list(found.values())


def whole(setting: Setting, place: str) -> Setting:
    """Return a setting whose arguments say what nobody attacked says; raise Invalid where it contradicts itself."""
    vectors = set(setting.injection_vector_defaults)
    for task in setting.user_tasks:
        named = {*task.vectors_seen, *(each for call in task.calls for each in call.vectors_in_output)}
        if not named <= vectors:
            raise Invalid(
                f"Expected {task.id} in {place} to name vectors out of {sorted(vectors)}, but it names "
                f"{sorted(named - vectors)}."
            )
    calls = [call for task in setting.user_tasks for call in task.calls]
    for call in (*calls, *(call for attack in setting.injection_tasks for call in attack.calls)):
        setting.tool(call.tool)
    tasks = (replace(task, calls=tuple(_plain(setting, call) for call in task.calls)) for task in setting.user_tasks)
    return replace(setting, user_tasks=tuple(tasks))


def _plain(setting: Setting, call: Call) -> Call:
    return replace(call, args={key: filled(setting, held, "") for key, held in call.args.items()})


def filled(setting: Setting, value: Any, text: str) -> Any:
    """Return a value with every vector's default in place of its mark, and a text behind it."""
    match value:
        case str():
            for vector, default in setting.injection_vector_defaults.items():
                value = value.replace(CANARY.format(vector), f"{default} {text}".strip())
            return value
        case dict():
            return {key: filled(setting, held, text) for key, held in value.items()}
        case list():
            return [filled(setting, held, text) for held in value]
        case _:
            return value
