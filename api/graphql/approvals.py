"""Describe what sessions ask of humans."""

from datetime import datetime

import strawberry
from strawberry import field

from api.graphql.context import Info
from domain.encoding import Json
from domain.standing_approvals import Standing


@strawberry.type(description="What is not as it was when a human was asked.")
class Difference:
    field: str = strawberry.field(description="A term of the approval, or a JSON pointer into the arguments.")
    before: str = strawberry.field(description="What it was.")
    now: str = strawberry.field(description="What it is.")


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
    requester: str = field(description="Whose session asks.")
    document: str = field(description="The SHA-256 of the document that describes the operation.")
    policy_set: str = field(description="The SHA-256 of the rules that asked.")
    rules: list[str] = field(description="The rules that asked.")
    demands: list[str] = field(description="What they demand of who allows it: `four-eyes`, `reason`.")
    proof: str = field(description="The SHA-256 of all that an answer is bound to; empty in sessions of old.")
    supersedes: str = field(description="The question whose place it takes, empty for none.")
    differences: list[Difference] = field(description="What is not as it was when that was asked.")
    edited_json: Json | None = field(description="The arguments that were allowed instead.")
    standing: str = field(description="The approval given beforehand by which it was allowed, empty for none.")


@strawberry.type(description="What a person allowed beforehand, within bounds.")
class StandingApproval:
    id: strawberry.ID = field(description="Its id.")
    api: str = field(description="The API whose operation it allows.")
    operation: str = field(description="The operation, as METHOD path.")
    uses: int = field(description="How often it may be used.")
    used: int = field(description="How often it was.")
    until: datetime = field(description="When it ends.")
    by: str = field(description="Who gave it.")
    reason: str = field(description="Why.")
    amount_at: str = field(description="Where in the arguments the amount stands that is summed up, empty for nowhere.")
    amount_most: str = field(description="What all uses may amount to together.")
    spent: str = field(description="What they amount to by now.")
    over: str = field(description="Why it counts no longer, empty where it does.")


async def standing_approvals(info: Info) -> list[StandingApproval]:
    """List standing approvals; raise Unavailable."""
    shell = info.context.services.shell
    found = (await shell.catalogs.standings(info.context.tenant)).values()
    return [_standing(each, shell.clock.now()) for each in found]


def _standing(each: Standing, now: datetime) -> StandingApproval:
    return StandingApproval(
        id=strawberry.ID(each.given.id),
        api=each.given.api,
        operation=each.given.operation,
        uses=each.given.uses,
        used=each.used,
        until=each.given.until,
        by=each.given.by,
        reason=each.given.reason,
        amount_at=each.given.amount_at,
        amount_most=each.given.amount_most,
        spent=str(each.spent),
        over=each.over(now),
    )
