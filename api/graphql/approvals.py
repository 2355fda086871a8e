"""Describe what sessions ask of humans."""

from datetime import datetime

import strawberry
from strawberry import field

from domain.encoding import Json


@strawberry.type(description="A question to a human, with exactly the request that it is about.")
class Approval:
    id: strawberry.ID = field(description="Its id, which begins with its session's.")
    session_id: strawberry.ID = field(description="The session that asks.")
    step: int = field(description="The step of its plan.")
    question: str = field(description="`call`: may this be sent? `outcome`: did this happen?")
    status: str = field(description="open until it is answered, expires or is overtaken; then what became of it.")
    reason: str = field(description="Why a human is asked.")
    request_digest: str = field(description="The SHA-256 of the request; name it in If-Match when you decide.")
    requested_at: datetime = field(description="Since when it waits.")
    expires_at: datetime | None = field(description="When nobody needs to answer any more.")
    goal: str = field(description="The goal of its session.")
    tool_id: str = field(description="The tool that would be called.")
    operation: str = field(description="The operation behind it.")
    effect_class: str = field(description="What it may do: read, idempotent write, write, destructive.")
    request_json: Json | None = field(description="The request as it would be sent.")
    decided_at: datetime | None = field(description="When it was decided.")
    decided_by: str = field(description="Who decided, empty for nobody.")
    decision_reason: str = field(description="Why.")
