"""Grade what became of a task: each grader is a pure function, and has a word only where a case expects something."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from domain.encoding import canonical
from domain.pointers import ABSENT, at, tokens
from ops.evaluation.tasks.dataset import Case, ExpectedCall


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """Be one call that was made, with what the policy said of it; ``sent``: it went out and was answered."""

    tool: str
    arguments: dict[str, Any]
    decision: str = ""
    sent: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Say what became of a case, and how it was graded.

    ``expected`` are the calls that its case expects. ``unmet`` are the criteria of its rubric that its judge saw not
    met, for this ``reason``.
    """

    case: str
    session: str
    status: str
    answer: str
    calls: tuple[Done, ...]
    grades: dict[str, bool]
    approvals: int = 0
    expected: tuple[ExpectedCall, ...] = ()
    unmet: tuple[str, ...] = ()
    reason: str = ""
    judge_tokens: int = 0
    judge_tokens_in: int = 0

    @property
    def passed(self) -> bool:
        """Tell whether the session completed and every grader is content."""
        return self.status == "completed" and all(self.grades.values())

    @property
    def why(self) -> str:
        """Say why it did not pass: how its session ended, or else which graders are not content."""
        if self.status != "completed":
            return f"{self.status}: {self.answer}" if self.answer else self.status
        unmet = [f"not met: {each}" for each in self.unmet]
        return "; ".join([*(f"not {name}" for name, fine in self.grades.items() if not fine), *unmet])


def exact(case: Case, calls: Sequence[Done]) -> bool:
    """Tell whether exactly the expected calls were sent, in their order."""
    sent = [call for call in calls if call.sent]
    return len(sent) == len(case.calls) and all(map(_is, sent, case.calls))


def path(case: Case, calls: Sequence[Done]) -> bool:
    """Tell whether the expected calls were sent in their order, whatever else was sent between them."""
    sent = iter([call for call in calls if call.sent])
    return all(any(_is(call, expected) for call in sent) for expected in case.calls)


def state(case: Case, found: Mapping[str, Any]) -> bool:
    """Tell whether what the API returns under each path is as expected, at each pointer."""
    return all(
        _holds(found.get(where), pointer, value)
        for where, values in case.state.items()
        for pointer, value in values.items()
    )


def _holds(returned: Any, pointer: str, expected: Any) -> bool:
    value = at(returned, tokens(pointer))
    return value is not ABSENT and canonical(value) == canonical(expected)


def _is(call: Done, expected: ExpectedCall) -> bool:
    return call.tool == expected.tool and canonical(_plain(call.arguments)) == canonical(_plain(expected.arguments))


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {place: group for place, group in arguments.items() if group}
