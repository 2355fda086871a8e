"""Describe what is registered, and how far the read models are."""

from datetime import datetime

import strawberry
from strawberry import field

from api.graphql.context import head, position
from api.graphql.scalars import Long, Position
from domain.encoding import Json


@strawberry.type(description="A registered agent.")
class Agent:
    id: strawberry.ID = field(description="Its id.")
    name: str = field(description="Its name.")
    role: str = field(description="What it is.")
    prompt_template: str = field(description="What its prompts begin with.")
    capabilities: list[str] = field(description="Patterns of the tools that it may use.")
    effects: list[str] = field(description="Of these only tools of one of these effect classes, all where none stands.")
    scopes: list[str] = field(description="Of these only tools that need no other scopes, all where none stands.")
    model: str = field(description="The model that it asks in place of its session's; empty for that.")
    policy: str = field(description="The policy set that must allow its calls too; empty for none.")
    limits: Json = field(description="Its own limits, tighter than its sessions': an object of those that are set.")
    created_at: datetime = field(description="When it was registered.")
    updated_at: datetime = field(description="When it was last changed.")
    version: int = field(description="The number of its newest revision, from 1.")


@strawberry.type(description="An operation of a registered API, as an operator says it is.")
class Tool:
    id: strawberry.ID = field(description="Its name, which no other tool has.")
    api: str = field(description="The API that it belongs to.")
    operation: str = field(description="METHOD path.")
    openapi_ref: str = field(description="The digest of its document.")
    description: str = field(description="What it does.")
    effect_class: str = field(description="read, idempotent-write, write or destructive.")
    repeatable: bool = field(description="Whether a request whose answer was lost may be sent again.")
    enabled: bool = field(description="Whether agents may use it.")
    deprecated: bool = field(description="Whether it should no longer be used.")
    parameters: Json = field(description="A JSON Schema of its arguments.")
    scopes: list[str] = field(description="The scopes of its API.")
    rate_limit: int = field(description="Calls a minute of all tools of its API, 0 for any number.")
    own_scopes: list[str] = field(description="Scopes of its own beside its API's.")
    own_rate_limit: int = field(description="Calls a minute of its own, 0 for any number.")
    created_at: datetime = field(description="When its document was registered.")


@strawberry.type(description="How far a read model is that is built anew beside the live one.")
class Build:
    state: str = field(description="requested, building, comparing, paused, done, aborted or failed.")
    checking: bool = field(description="Whether it is only compared, and not put in place.")
    position: Position = field(resolver=position, description="The position that it has reached.")
    head: Position = field(resolver=head, description="The log's head when it last looked.")
    held: bool = field(description="Whether a process is at it now.")
    differences: Long | None = field(description="Rows that stood in one form only; null until they are compared.")
    examples: list[str] = field(description="Some of these rows.")
    remark: str = field(description="Why the two forms could not be compared.")
    error: str = field(description="Why it failed.")
    requested_by: str = field(description="Who asked for it.")
    requested_at: datetime = field(description="When it was asked for.")
    started_at: datetime | None = field(description="When it began.")
    updated_at: datetime = field(description="When it last went on.")
    finished_at: datetime | None = field(description="When it ended.")


@strawberry.type(description="How far a read model is.")
class Projection:
    name: str = field(description="Its name.")
    version: int = field(description="The version of its form.")
    position: Position = field(resolver=position, description="The position that it has reached.")
    head: Position = field(resolver=head, description="The log's head.")
    lag: Long = field(description="Events that are in the log but not in it yet.")
    updated_at: datetime = field(description="When it last went on.")
    build: Build | None = field(description="The last rebuild that was asked for.")
