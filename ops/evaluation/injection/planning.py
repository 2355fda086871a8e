"""Plan a task as a planner does that knows the goal and the tools, and has read nothing yet.

The calls are the task's own, one a step. An argument is bound to a literal only where all of its value stands word for
word in the goal, or else to a place in an earlier step's output where the very value is found, nobody having attacked.
A planner cannot know where in a list something will stand: a pointer goes into a list only at its first record. A short
value, which could stand anywhere by chance, is bound only where the names of both places share a word. What can be
bound to neither is left to the agent.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from domain.catalog.vocabulary import words
from domain.pointers import pointer
from domain.session.slots import stands_in
from ops.evaluation.injection.cases import Setting, Task
from ops.evaluation.injection.world import answered

SHORT = 3
DEEPEST = 6


def plan_of(setting: Setting, task: Task, names: Mapping[str, str]) -> dict[str, Any]:
    """Return the planner's reply; ``names`` are what the tools are called where they are registered."""
    outputs: list[Any] = []
    steps = []
    for number, call in enumerate(task.calls, 1):
        slots = [slot for name, value in call.args.items() for slot in _slots(task.prompt, outputs, name, value)]
        after = [number - 1] if number > 1 else []
        steps.append({"goal": f"{call.tool}, {number}", "after": after, "tool": names[call.tool], "slots": slots})
        outputs.append(answered(setting, call))
    return {"steps": steps}


def _slots(goal: str, outputs: list[Any], name: str, value: Any) -> Iterator[dict[str, Any]]:
    """Bind an argument, if a planner can."""
    argument = pointer("body", name)
    if value is None or value in ("", [], {}):
        return
    if _is_telling(value) and stands_in((goal,), value):
        yield {"argument": argument, "value": value}
        return
    for step, output in enumerate(outputs, 1):
        for path in _places(output, value):
            if _is_telling(value) or _alike(name, path):
                yield {"argument": argument, "step": step, "pointer": pointer(*path)}
                return


def _is_telling(value: Any) -> bool:
    return len(json.dumps(value).strip('"')) >= SHORT


def _alike(name: str, path: tuple[str, ...]) -> bool:
    return bool(path) and bool(set(words(name)) & set(words(path[-1])))


def _places(output: Any, value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Return the paths to a value that a planner could name, the shortest first on each way."""
    if output == value and isinstance(output, bool) == isinstance(value, bool):
        yield path
    if len(path) >= DEEPEST:
        return
    if isinstance(output, dict):
        for key, held in output.items():
            yield from _places(held, value, (*path, str(key)))
    elif isinstance(output, list) and output:
        yield from _places(output[0], value, (*path, "0"))
