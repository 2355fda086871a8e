"""Read the tasks: what a customer wants, the calls that an expert would make, and what these lead to."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec

from domain.errors import Invalid
from ops.evaluation.retail.document import ROUTES
from ops.evaluation.retail.shop import Refusal, Shop


class GoldCall(msgspec.Struct, frozen=True, kw_only=True):
    """Be one call that an expert would make; ``answer`` is what it comes to, ``refused`` what is said instead."""

    tool: str
    arguments: dict[str, Any]
    answer: Any = None
    refused: str = ""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Be one task: ``final`` is the database after its calls were made directly, one after the other."""

    id: str
    goal: str
    calls: tuple[GoldCall, ...]
    final: Mapping[str, Any]


class _Action(msgspec.Struct):
    name: str
    arguments: dict[str, Any]


class _Criteria(msgspec.Struct):
    actions: list[_Action]


class _Instructions(msgspec.Struct):
    reason_for_call: str
    known_info: str | None = None
    task_instructions: str | None = None


class _Scenario(msgspec.Struct):
    instructions: _Instructions


class _Task(msgspec.Struct):
    id: str
    user_scenario: _Scenario
    evaluation_criteria: _Criteria


def read_tasks(folder: Path) -> tuple[dict[str, Any], list[Task]]:
    """Return the database and the tasks of a folder's ``db.json`` and ``tasks.json``; raise Invalid."""
    database = _read(folder / "db.json", dict[str, dict[str, Any]])
    missing = [kind for kind in ("users", "orders", "products") if kind not in database]
    if missing:
        raise Invalid(f"Expected users, orders and products in {folder / 'db.json'}, but it has no {missing[0]}.")
    tasks = [_task(database, each) for each in _read(folder / "tasks.json", list[_Task])]
    ids = [task.id for task in tasks]
    if not ids or len(ids) != len(set(ids)):
        raise Invalid(f"Expected tasks in {folder / 'tasks.json'}, each with an id of its own.")
    return database, tasks


def _read(file: Path, kind: Any) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as fault:
        raise Invalid(f"Expected the data of the shop in {file}, but it cannot be read: {fault}.") from fault


def _task(database: Mapping[str, Any], task: _Task) -> Task:
    shop = Shop(deepcopy(dict(database)))
    said = task.user_scenario.instructions
    goal = "\n".join(filter(None, (said.reason_for_call, said.known_info, said.task_instructions)))
    calls = tuple(_applied(shop, task.id, each) for each in task.evaluation_criteria.actions)
    return Task(id=task.id, goal=goal, calls=calls, final=shop.database)


def _applied(shop: Shop, task: str, action: _Action) -> GoldCall:
    if action.name not in ROUTES:
        raise Invalid(f"Expected task {task} to use the shop's tools, but it uses {action.name[:100]!r}.")
    try:
        answer = deepcopy(shop.apply(action.name, action.arguments))
    except Refusal as refusal:
        return GoldCall(tool=action.name, arguments=action.arguments, refused=str(refusal))
    except TypeError as fault:
        raise Invalid(f"Expected task {task} to use {action.name} as the shop does, but {fault}.") from fault
    return GoldCall(tool=action.name, arguments=action.arguments, answer=answer)


def texts_before(task: Task, index: int) -> Iterator[str]:
    """Give all that is known before a call: the goal, and what the calls before it came to."""
    yield task.goal
    for call in task.calls[:index]:
        yield msgspec.json.encode(call.answer).decode()
