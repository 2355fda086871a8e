"""Describe what is registered, and how far the read models are."""

from datetime import datetime

import strawberry
from strawberry import field

from api.graphql.context import position
from api.graphql.scalars import Long, Position


@strawberry.type(description="A registered agent.")
class Agent:
    id: strawberry.ID = field(description="Its id.")
    name: str = field(description="Its name.")
    role: str = field(description="What it is.")
    prompt_template: str = field(description="What its prompts begin with.")
    capabilities: list[str] = field(description="Patterns of the tools that it may use.")
    created_at: datetime = field(description="When it was registered.")
    updated_at: datetime = field(description="When it was last changed.")
    version: int = field(description="The number of its newest revision, from 1.")


@strawberry.type(description="How far a read model is.")
class Projection:
    name: str = field(description="Its name.")
    version: int = field(description="The version of its form.")
    position: Position = field(resolver=position, description="The position that it has reached.")
    lag: Long = field(description="Events that are in the log but not in it yet.")
    updated_at: datetime = field(description="When it last went on.")
