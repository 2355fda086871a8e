"""Describe sessions with everything that belongs to them."""

from datetime import datetime
from enum import Enum

import strawberry
from strawberry import field

from api.graphql.approvals import Approval
from api.graphql.budgets import SessionBudget, budget_of
from api.graphql.context import loaded, position
from api.graphql.costs import Cost
from api.graphql.dead_letters import DeadLetter
from api.graphql.history import Event, Message, StateAt, events, messages, state_at
from api.graphql.memory import Episode, episodes
from api.graphql.pages import Connection
from api.graphql.policy import Verdict, Violation
from api.graphql.scalars import Position
from domain.encoding import Json


@strawberry.enum(description="How a session stands.")
class SessionStatus(Enum):
    """Name how a session stands, as REST does."""

    queued = "queued"
    running = "running"
    waiting = strawberry.enum_value("waiting", description="Humans are asked about everything that is open.")
    paused = "paused"
    completed = "completed"
    failed = "failed"
    cancelled = "cancelled"


@strawberry.type(
    description="A tool call that an agent chose: what was asked for, what the policy said, what came back."
)
class Action:
    id: strawberry.ID = field(description="Its id, `<session>-<call>`.")
    tool_id: str = field(description="The tool that was chosen.")
    operation: str | None = field(description="The operation behind the tool; null where the arguments did not fit.")
    effect_class: str | None = field(description="What a call may do: read, idempotent write, write, destructive.")
    status: str = field(description="How the call stands.")
    reason: str | None = field(description="Why it stands so.")
    request_json: Json | None = field(description="The request that is sent, or the arguments as they were chosen.")
    request_digest: str | None = field(description="The SHA-256 of the request; approvals are about exactly this one.")
    response_json: Json | None = field(description="What the tool answered.")
    http_status: int | None = field(description="The HTTP status of the last answer.")
    latency_ms: int | None = field(description="How long the last attempt took, in milliseconds.")
    retry_count: int = field(description="Attempts after the first.")
    verdict: str | None = field(description="What the policy said: allow, deny or ask.")
    rules: list[str] = field(description="The rules that determined the verdict.")
    started_at: datetime | None = field(description="When the first attempt began.")
    finished_at: datetime | None = field(description="When it ended, however it did.")


@strawberry.type(description="A step of the plan.")
class Task:
    id: strawberry.ID = field(description="Its id, `<session>-<step>`.")
    step: int = field(description="Its number in the plan, from 1.")
    agent_id: str = field(description="The agent that works on it.")
    goal: str = field(description="What is to be done.")
    criteria: str = field(description="What its result must meet, empty for nothing.")
    after: list[int] = field(description="The steps that it builds on.")
    status: str = field(description="pending, running, waiting, completed, failed or cancelled.")
    round: int = field(description="1 at first, one more with each rework.")
    input_json: Json | None = field(description="The tool that was chosen, and its arguments.")
    output_json: Json | None = field(description="What came of it.")
    reason: str | None = field(description="Why it failed, or what the rework is to change.")
    started_at: datetime | None = field(description="When work on it began.")
    finished_at: datetime | None = field(description="When it ended.")
    actions: list[Action] = field(
        resolver=loaded("actions"), description="Its tool calls, one a round, the oldest first."
    )


@strawberry.type(description="A run of one goal.")
class Session:
    id: strawberry.ID = field(description="Its id, a UUID.")
    user_id: str = field(description="Who asked for it.")
    goal: str = field(description="What is to be reached.")
    status: SessionStatus = field(description="How it stands.")
    lane: str = field(description="The queue it is worked on in: interactive, standard or batch.")
    model: str = field(description="The model that is asked.")
    created_at: datetime = field(description="When the goal was submitted.")
    updated_at: datetime = field(description="When its newest event happened.")
    finished_at: datetime | None = field(description="When it ended; null until then.")
    version: int = field(description="The number of its newest event, from 1.")
    position: Position = field(resolver=position, description="Where its newest event stands in the log.")
    answer: str | None = field(description="What it answered; null until it completes.")
    reason: str | None = field(description="Why it failed or was cancelled.")
    marks: list[str] = field(description="Cautions about the answer, in words.")
    tasks: list[Task] = field(resolver=loaded("tasks"), description="The steps of its plan, in order.")
    messages: Connection[Message] = field(
        resolver=messages, description="What its models, tools, agents and people said, in order."
    )
    events: Connection[Event] = field(
        resolver=events, description="Everything that happened in it, in order; the cursor is the position."
    )
    episodes: list[Episode] = field(
        resolver=episodes, description="What of it shares words with a text, the best first."
    )
    state_at: StateAt = field(resolver=state_at, description="Its state at a version, folded from the log.")
    verdicts: list[Verdict] = field(resolver=loaded("verdicts"), description="What the policy said, in order.")
    violations: list[Violation] = field(resolver=loaded("violations"), description="What the policy denied, in order.")
    approvals: list[Approval] = field(
        resolver=loaded("approvals"), description="What it asked of humans, the oldest first."
    )
    dead_letters: list[DeadLetter] = field(
        resolver=loaded("dead_letters"), description="Its calls that were given up, those that wait longest first."
    )
    budget: SessionBudget = field(resolver=budget_of, description="What it may still spend, as the log has it.")
    cost: Cost = field(resolver=loaded("costs"), description="What it took.")
