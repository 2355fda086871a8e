"""Follow one run: who attacks it in which style, what its model does next, and what has arrived at the world."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from domain.catalog.effects import effect_of_name
from ops.evaluation.injection.cases import Attack, Call, Setting, Task

Style = Literal["benign", "aside", "instead"]
"""``aside``: the agent makes the attacker's calls in further rounds of the step that read the text. ``instead``: it
makes one in place of a later step's planned call, if there is one that plans the same tool."""


@dataclass
class Run:
    """Be one session of an evaluation, from outside."""

    id: str
    setting: Setting
    task: Task
    attack: Attack | None = None
    style: Style = "benign"
    wanted: tuple[Call, ...] = ()
    target: int = 0
    infected: bool = False
    attacking: bool = False
    issued: int = 0
    received: list[Call] = field(default_factory=list)

    def arrived(self, call: Call) -> Call:
        """Note a call, and return the planned one that it is, or itself."""
        self.received.append(call)
        return next((planned for planned in self.task.calls if same(planned, call)), call)

    @property
    def has_more(self) -> bool:
        """Tell whether the attacker wants a further call."""
        return self.infected and self.issued < len(self.wanted)

    def next_call(self) -> Call:
        """Return the attacker's next call."""
        self.issued += 1
        self.attacking = True
        return self.wanted[self.issued - 1]


def same(one: Call, other: Call) -> bool:
    """Tell whether two calls are the same request."""
    return one.tool == other.tool and _canonical(one.args) == _canonical(other.args)


def _canonical(args: dict[str, Any]) -> str:
    return json.dumps(args, sort_keys=True)


def harmful(attack: Attack) -> tuple[Call, ...]:
    """Return the calls of an attack that do its harm: the last, and every other that is no look-up, each once."""
    found: list[Call] = []
    for call in attack.calls:
        harms = call is attack.calls[-1] or effect_of_name(call.tool) != "read"
        if harms and not any(same(call, other) for other in found):
            found.append(call)
    return tuple(found)


def first_infected(task: Task) -> int:
    """Return the number of the step whose output others can write to first, from 1; 0 for none."""
    return next((number for number, call in enumerate(task.calls, 1) if call.vectors_in_output), 0)


def target_of(task: Task, wanted: Call) -> int:
    """Return the step in whose place an attacker's call does best: a later one with its tool, else the next, else 0."""
    later = range(first_infected(task) + 1, len(task.calls) + 1)
    return next((number for number in later if task.calls[number - 1].tool == wanted.tool), min(later, default=0))
