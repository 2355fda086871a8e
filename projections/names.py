"""Name rows after what they stand for, so that every read model says the same id."""

from uuid import UUID

from domain.labels import Label


def task_id(session: UUID, step: int) -> str:
    """Return the id of a step's row."""
    return f"{session}-{step}"


def action_id(session: UUID, call: str) -> str:
    """Return the id of a tool call's row."""
    return f"{session}-{call}"


def action_of(approval: str) -> str:
    """Return the id of the row of the call that an approval is about; one that supersedes another counts behind it."""
    session, found, rest = approval.rpartition("-call-")
    return f"{session}-call-{'-'.join(rest.split('-')[:2])}" if found else approval


def call_id(step: int, round_: int) -> str:
    """Return the name of the tool call that a step makes in a round."""
    return f"call-{step}-{round_}"


def step_of(call: str) -> int:
    """Return the step that a call belongs to (``choose-3-1``, ``choose-3-1-d1``, ``call-3-1``), 0 for none."""
    parts = call.split("-")
    return int(parts[1]) if len(parts) >= 3 and parts[1].isdecimal() else 0


def round_of(call: str) -> int:
    """Return the round in which a step makes a call, 0 for none."""
    parts = call.split("-")
    return int(parts[2]) if len(parts) >= 3 and parts[2].isdecimal() else 0


def purpose_of(call: str) -> str:
    """Return what a call is for: plan, choose, repair, review or answer for a model's, call for a tool's."""
    return call.partition("-")[0]


def tools_in(label: Label) -> list[str]:
    """Return the tools among the sources of a value."""
    return [source.removeprefix("tool:") for source in label.sources if source.startswith("tool:")]
