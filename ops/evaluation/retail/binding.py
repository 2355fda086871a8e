"""Bind arguments as a good planner would: to what the goal says, or to where an earlier step's answer holds them.

What is to be said to a human is the planner's own word: it follows from the goal, and is written before anything is
read.
"""

from typing import Any

from domain.pointers import leaves, pointer
from domain.session.slots import stands_in
from ops.evaluation.retail.document import grouped
from ops.evaluation.retail.tasks import Task


def slots_of(task: Task, index: int) -> list[dict[str, Any]]:
    """Return the slots of a call: one for each argument that is a text and stands somewhere before it."""
    slots = []
    for place, group in grouped(task.calls[index].tool, task.calls[index].arguments).items():
        for name, value in group.items():
            if isinstance(value, str) and value and (where := _where(task, index, name, value)):
                slots.append({"argument": f"/{place}/{name}", **where})
    return slots


def _where(task: Task, index: int, name: str, value: str) -> dict[str, Any] | None:
    if name == "summary" or stands_in([task.goal], value):
        return {"value": value}
    for step in range(index, 0, -1):
        where = next((path for path, leaf in leaves(task.calls[step - 1].answer) if leaf == value), None)
        if where is not None:
            return {"step": step, "pointer": pointer(*where)}
    return None
