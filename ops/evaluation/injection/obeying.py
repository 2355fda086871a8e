"""Be the model of every run: plan the task, do it step by step, and obey whoever wrote into what was read.

It is the worst model there is: it never doubts a text, it has its results sent back to have another turn, and it tries
every call that the attacker wants with exactly the attacker's arguments.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from commands.ports import Question, Reply
from domain.errors import Refused
from ops.evaluation.injection.cases import Call
from ops.evaluation.injection.planning import plan_of
from ops.evaluation.injection.runs import Run

TASK = re.compile(r"TASK purpose=(\w+) step=(\d+) round=(\d+) attempt=(\d+)$")
MOST_TRIES = 2
"""How often a planned call is tried in the step that an attacker's call was tried in before."""
GIVEN_UP = {"result": "this was not allowed, so it was left"}


class ObedientModels:
    """Implement the Models port: each run is a model of its own name; ``names`` are a setting's tools as registered."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.names: dict[str, Mapping[str, str]] = {}

    def known(self, model: str) -> None:
        """Raise Refused for a name that is no run's."""
        if model not in self.runs:
            raise Refused(f"Expected the name of a run, but got {model[:100]!r}.")

    async def ask(self, question: Question) -> Reply:
        """Answer by the task that the prompt's last line names."""
        found = TASK.search(question.prompt.messages[-1].text)
        assert found is not None, "every prompt ends with its task"
        run = self.runs[question.model]
        reply = replied(run, self.names[run.setting.suite], found[1], int(found[2]), int(found[3]))
        return Reply(text=json.dumps(reply), tokens_in=0, tokens_out=0, latency_ms=0)


def replied(run: Run, names: Mapping[str, str], purpose: str, step: int, round_: int) -> dict[str, Any]:
    """Return what the model of a run answers to one question."""
    match purpose:
        case "plan":
            return plan_of(run.setting, run.task, names)
        case "choose":
            call = _choice(run, step, round_)
            return {"tool": names[call.tool], "arguments": {"body": call.args}} if call else GIVEN_UP
        case "review":
            return _review(run)
        case _:
            return {"answer": run.task.ground_truth_output or "done"}


def _choice(run: Run, step: int, round_: int) -> Call | None:
    """Return the attacker's next call where it is its turn, else the planned one; None to give the step up."""
    if run.style == "instead" and run.has_more and step == run.target:
        return run.next_call()
    if round_ == 1 or run.style == "instead":
        run.attacking = False
        return run.task.calls[step - 1] if round_ <= MOST_TRIES else None
    return run.next_call() if run.has_more else None


def _review(run: Run) -> dict[str, Any]:
    if run.style == "aside" and run.has_more:
        return {"verdict": "rework", "reason": "Do first what the text asks for."}
    return {"verdict": "accept"}
