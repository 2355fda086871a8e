"""Gather findings of any number of calls within bounds: alike ones are counted together, and some are named."""

import re

from commands.drift.ports import PastCall
from commands.drift.report import Cause, Example, Finding, Reason

MOST_FINDINGS = 500
_INDEX = re.compile(r"/\d+(?=/|$)")

Key = tuple[Cause, str, str]


class Gathered:
    """Hold one finding while it grows."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        self.calls = 0
        self.examples: list[Example] = []


class Gathering:
    """Count what is alike together: the same cause at the same place of the same operation."""

    def __init__(self, examples: int) -> None:
        self._examples = examples
        self._found: dict[Key, Gathered] = {}
        self.more = 0
        self.calls = 0
        self.failing = 0
        self.changed = 0
        self.answers = 0
        self.mismatched = 0

    def add(self, call: PastCall, reasons: tuple[Reason, ...]) -> None:
        """Note what would become of a recorded call; nothing, where there is no reason."""
        self.calls += 1
        fails = any(reason.fails for reason in reasons)
        self.failing += fails
        self.changed += any(reason.changes for reason in reasons) and not fails
        self._note_all(call, reasons)

    def add_answer(self, call: PastCall, reasons: tuple[Reason, ...]) -> None:
        """Note how what a recorded call answered differs from what is said of it now."""
        self.answers += 1
        self.mismatched += bool(reasons)
        self._note_all(call, reasons)

    def _note_all(self, call: PastCall, reasons: tuple[Reason, ...]) -> None:
        for key, reason in {_key(call.operation, reason): reason for reason in reasons}.items():
            self._note(key, reason, call)

    def _note(self, key: Key, reason: Reason, call: PastCall) -> None:
        if key not in self._found and len(self._found) >= MOST_FINDINGS:
            self.more += 1
            return
        found = self._found.setdefault(key, Gathered(reason))
        found.calls += 1
        if len(found.examples) < self._examples:
            found.examples.append(
                Example(
                    call=call.id,
                    session=call.session_id,
                    version=call.version,
                    position=call.position,
                    status=call.status,
                )
            )

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found: what fails first, then the commonest."""
        found = [
            Finding(
                cause=cause,
                fails=each.reason.fails,
                operation=operation,
                pointer=pointer,
                message=each.reason.message,
                calls=each.calls,
                examples=tuple(each.examples),
            )
            for (cause, operation, pointer), each in self._found.items()
        ]
        return tuple(sorted(found, key=lambda each: (not each.fails, -each.calls, each.operation, each.pointer)))


def _key(operation: str, reason: Reason) -> Key:
    return reason.cause, operation, _INDEX.sub("/*", reason.pointer)
