"""Describe what the policy said, and what it denied."""

from datetime import datetime

import strawberry
from strawberry import field

from api.graphql.context import position
from api.graphql.scalars import Position
from domain.encoding import Json


@strawberry.type(description="What the policy said about exactly the request with this digest.")
class Verdict:
    call: str = field(description="The call that was judged.")
    step: int = field(description="The step that makes it.")
    tool_id: str = field(description="The tool that would be called, empty where none is known.")
    decision: str = field(description="allow, deny or ask.")
    rules: list[str] = field(description="Every rule that determined it.")
    policy_set: str = field(description="The set of policies that was asked.")
    reason: str = field(description="Why.")
    request_digest: str = field(description="The SHA-256 of the request.")
    provenance: Json | None = field(
        description="Where the call and each of its arguments came from, as it was judged; null where nobody looked."
    )
    observed: list[str] = field(description="Rules that would have asked or denied, but that their set only observes.")
    refused: str = field(
        description="Who ordered that the call is sent again and was refused by this; empty for all other verdicts."
    )
    at: datetime = field(description="When it was judged.")
    version: int = field(description="The number of its event in the session.")
    position: Position = field(resolver=position, description="Where its event stands in the log.")


@strawberry.type(description="A rule of the policy that had a call denied.")
class Violation:
    id: strawberry.ID = field(description="Its id.")
    severity: str = field(description="How bad it is: high for all that was denied.")
    rule: str = field(description="The rule.")
    details: Json = field(description="Which call of which step, under which policy set, and why.")
    created_at: datetime = field(description="When it was denied.")
