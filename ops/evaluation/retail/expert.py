"""Be a model that knows what an expert would do, spoils some of it at first, and mends that when it is told."""

import json
import re
from typing import Any

from commands.ports import Models, Question, Reply
from domain.errors import Invalid
from ops.evaluation.retail.binding import slots_of
from ops.evaluation.retail.corrupting import Spoiled
from ops.evaluation.retail.document import grouped
from ops.evaluation.retail.tasks import GoldCall, Task

EXPERT = "expert"
TASK = re.compile(r"TASK purpose=(\w+) step=(\d+) round=(\d+) attempt=(\d+)$")


class Experts:
    """Implement the Models port: ``expert:TASK`` is answered here, every other model by those it stands before.

    ``names`` are the tools' names as they were registered; ``spoiled`` is what is proposed first in a call's place.
    """

    def __init__(self, others: Models) -> None:
        self._others = others
        self.tasks: dict[str, Task] = {}
        self.names: dict[str, str] = {}
        self.spoiled: dict[tuple[str, int], Spoiled] = {}

    def known(self, model: str) -> None:
        """Raise Invalid for a model that nobody serves."""
        kind, _, task = model.partition(":")
        if kind != EXPERT:
            self._others.known(model)
        elif task not in self.tasks:
            raise Invalid(f"Expected expert:TASK, a task that is being run, but got {model[:100]!r}.")

    async def ask(self, question: Question) -> Reply:
        """Answer by the task that the prompt's last line names."""
        kind, _, name = question.model.partition(":")
        if kind != EXPERT:
            return await self._others.ask(question)
        found = TASK.search(question.prompt.messages[-1].text)
        assert found is not None, "every prompt ends with its task"
        reply = self._reply(self.tasks[name], found[1], int(found[2]), int(found[3]))
        return Reply(text=json.dumps(reply), tokens_in=0, tokens_out=0, latency_ms=0)

    def _reply(self, task: Task, purpose: str, step: int, round_: int) -> dict[str, Any]:
        match purpose:
            case "plan":
                return {"steps": [self._step(task, index) for index in range(max(1, len(task.calls)))]}
            case "choose" if task.calls:
                return self._choice(task, step, round_)
            case "repair":
                return self._call(task.calls[step - 1])
            case "choose":
                return {"result": "nothing is to be done"}
            case "review":
                return {"verdict": "accept"}
            case _:
                return {"answer": "done"}

    def _step(self, task: Task, index: int) -> dict[str, Any]:
        if not task.calls:
            return {"goal": "say that nothing is to be done"}
        call = task.calls[index]
        return {
            "goal": f"{call.tool}, call {index + 1} of {len(task.calls)}",
            "after": [index] if index else [],
            "tool": self.names[call.tool],
            "slots": slots_of(task, index),
        }

    def _choice(self, task: Task, step: int, round_: int) -> dict[str, Any]:
        call, first = task.calls[step - 1], self.spoiled.get((task.id, step))
        if first and round_ == 1:
            return {"tool": self.names.get(first.tool, first.tool), "arguments": grouped(call.tool, first.arguments)}
        if call.refused and round_ > (2 if first else 1):
            return {"result": f"The shop refused: {call.refused}"}
        return self._call(call)

    def _call(self, call: GoldCall) -> dict[str, Any]:
        return {"tool": self.names[call.tool], "arguments": grouped(call.tool, call.arguments)}
