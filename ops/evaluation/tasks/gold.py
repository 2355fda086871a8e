"""Be a model that knows what a case expects: it plans those calls, makes them, and says what is to be said.

It shows that the tasks can be done, and how often a human is asked on the way; any other model is asked itself.
"""

import json
import re
from typing import Any

from commands.ports import Models, Question, Reply
from domain.errors import Invalid
from ops.evaluation.tasks.dataset import Case

GOLD = "gold"
TASK = re.compile(r"TASK purpose=(\w+) step=(\d+) round=(\d+) attempt=(\d+)$")


class GoldModels:
    """Implement the Models port over another: ``gold:CASE`` is answered here."""

    def __init__(self, others: Models) -> None:
        self.cases: dict[str, Case] = {}
        self._others = others

    def known(self, model: str) -> None:
        """Raise Invalid for a model that nobody serves."""
        kind, _, case = model.partition(":")
        if kind != GOLD:
            self._others.known(model)
        elif case not in self.cases:
            raise Invalid(f"Expected gold:CASE, a case that is being run, but got {model[:100]!r}.")

    async def ask(self, question: Question) -> Reply:
        """Answer by the task that the prompt's last line names."""
        kind, _, name = question.model.partition(":")
        if kind != GOLD:
            return await self._others.ask(question)
        found = TASK.search(question.prompt.messages[-1].text)
        assert found is not None, "every prompt ends with its task"
        reply = replied(self.cases[name], found[1], int(found[2]), int(found[3]))
        return Reply(text=json.dumps(reply), tokens_in=0, tokens_out=0, latency_ms=0)


def replied(case: Case, purpose: str, step: int, round_: int) -> dict[str, Any]:
    """Return what is answered to one question."""
    match purpose:
        case "plan":
            return {"steps": [_step(case, number) for number in range(1, max(1, len(case.calls)) + 1)]}
        case "choose" if round_ == 1 and step <= len(case.calls):
            call = case.calls[step - 1]
            return {"tool": call.tool, "arguments": call.arguments}
        case "choose":
            return {"result": case.says}
        case "review":
            return {"verdict": "accept"}
        case _:
            return {"answer": case.says}


def _step(case: Case, number: int) -> dict[str, Any]:
    after = [number - 1] if number > 1 else []
    if not case.calls:
        return {"goal": case.goal, "after": after}
    return {"goal": f"{case.calls[number - 1].tool}, {number}", "after": after, "tool": case.calls[number - 1].tool}
