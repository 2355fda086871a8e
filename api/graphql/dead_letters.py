"""Describe calls that were given up, and what people decide about them."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
from strawberry import field

from api.graphql.context import position
from api.graphql.scalars import Position
from domain.encoding import Json

Reason: TypeAlias = Annotated[str, strawberry.argument(description="Why; it is kept with the decision.")]
Key: TypeAlias = Annotated[
    str | None,
    strawberry.argument(description="Names this request: the same key with the same request is carried out once."),
]


@strawberry.type(description="A call that was given up, with exactly the request that a replay sends again.")
class DeadLetter:
    id: strawberry.ID = field(description="Its id, which is its action's.")
    session_id: strawberry.ID = field(description="The session that made the call.")
    task_id: strawberry.ID = field(description="The task that made it.")
    step: int = field(description="The step of the plan.")
    status: str = field(description="open, replaying, resolved or discarded.")
    reason: str = field(description="Why the call was given up last.")
    replays: int = field(description="How often people had it sent again.")
    attempts: int = field(description="How often it was sent, replays included.")
    dead_lettered_at: datetime = field(description="Since when it waits.")
    goal: str = field(description="The goal of its session.")
    session_status: str = field(description="How its session stands.")
    version: int = field(description="The number of its session's newest event.")
    tool: str = field(description="The tool.")
    operation: str = field(description="The operation behind it.")
    effect_class: str = field(description="What the call may do: read, idempotent write, write, destructive.")
    request_json: Json | None = field(description="The request that a replay sends again.")
    request_digest: str = field(description="The SHA-256 of the request.")
    idempotency_key: str = field(description="The key that every attempt carries, replays included.")
    http_status: int | None = field(description="The HTTP status of the last answer.")
    response_json: Json | None = field(description="What the tool answered, where it did.")
    decided_at: datetime | None = field(description="When somebody decided about it last.")
    decided_by: str = field(description="Who, empty for nobody.")
    decision_reason: str = field(description="Why.")
    closed_at: datetime | None = field(description="When it was resolved or discarded.")


@strawberry.type(description="A dead letter about which was decided.")
class DeadLetterDecided:
    letter: strawberry.ID = field(name="letterId", description="The dead letter.")
    session: strawberry.ID = field(name="sessionId", description="The session that it belongs to.")
    version: int = field(description="The number of the session's newest event now.")
    position: Position = field(resolver=position, description="Where that event stands in the log.")
