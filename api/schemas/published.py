"""List what is published: every event as it is stored, and what goes in and out around a tool call."""

from typing import Any

from api.answers import Output
from api.problems import Problem
from api.rest.approvals import ApprovalView, Decided, DecisionInput
from api.rest.dead_letters import DeadLetterView, LetterDecidedView, LetterReason
from api.rest.history import EventShown, StateShown
from api.rest.orchestrate import GoalInput, Started
from api.rest.sessions import ActionView, SessionDetailView, TaskView
from api.rest.tools import ToolDescribed
from api.schemas.describe import Schema, described, words
from domain.catalog.events import CATALOG_EVENTS
from domain.content import Content
from domain.envelope import Event
from domain.session.events import SESSION_EVENTS, Sourced
from domain.upcasting import AnyEvent, topic_of

PAYLOADS: dict[str, Any] = {
    "action": ActionView,
    "approval": ApprovalView,
    "approval-decided": Decided,
    "approval-decision": DecisionInput,
    "call-arguments": Sourced,
    "call-result": Content,
    "dead-letter": DeadLetterView,
    "dead-letter-decided": LetterDecidedView,
    "dead-letter-decision": LetterReason,
    "event": EventShown,
    "orchestrate": GoalInput,
    "orchestrated": Started,
    "problem": Problem,
    "session": SessionDetailView,
    "state": StateShown,
    "task": TaskView,
    "tool": ToolDescribed,
}
ANSWERS = frozenset(f"payloads/{name}.json" for name, kind in PAYLOADS.items() if issubclass(kind, (Output, Problem)))
"""Go out only: they are read by clients, and never by us. All else is stored, or comes in."""


def published() -> dict[str, Schema]:
    """Return all schemas by the path of their file in this folder."""
    events = {f"events/{topic_of(data)}.json": _event(data) for data in (*SESSION_EVENTS, *CATALOG_EVENTS)}
    payloads = {f"payloads/{name}.json": described(kind, name, words(kind.__doc__)) for name, kind in PAYLOADS.items()}
    return {**events, **payloads}


def _event(data: type[AnyEvent]) -> Schema:
    # Subscripted at run time: each event is published with its own data.
    return described(Event[data], topic_of(data), f"{words(data.__doc__)}\n\n{words(Event.__doc__)}")  # type: ignore[valid-type]
