"""Let an operator say something else of a tool than its document does."""

from typing import Annotated, Any, TypeAlias, get_args

import strawberry
from strawberry import UNSET, field

from api.graphql.agents import AtVersion
from api.graphql.calls import ToolId
from api.graphql.context import Info, position
from api.graphql.dead_letters import Key
from api.graphql.scalars import Position
from api.graphql.writing import context_of_write, one_of, said
from domain.catalog.events import Checks
from domain.session.events import EffectClass


@strawberry.input(description="What is said of a tool: null leaves the document's word, what is left out stays.")
class ToolChanges:
    effect_class: str | None = field(default=UNSET, description="read, idempotent-write, write or destructive.")
    repeatable: bool | None = field(default=UNSET, description="Whether a lost request may be sent again.")
    enabled: bool | None = field(default=UNSET, description="Whether it may be used, by open sessions too.")
    deprecated: bool | None = field(default=UNSET, description="Whether it should no longer be used.")
    answers: str | None = field(default=UNSET, description="warn, or enforce: an unlike answer fails its call.")
    scopes: list[str] | None = field(default=UNSET, description="Scopes of its own.")
    rate_limit: int | None = field(default=UNSET, description="Calls a minute, 0 for any number.")
    trusted: bool | None = field(default=UNSET, description="Whether nobody else can have written what it answers.")
    private: bool | None = field(default=UNSET, description="Whether what it answers is not for others' eyes.")


@strawberry.type(description="What an operator says of a tool now; null is the document's word.")
class ToolOverride:
    effect_class: str | None = field(description="read, idempotent-write, write or destructive.")
    repeatable: bool | None = field(description="Whether a lost request may be sent again.")
    enabled: bool | None = field(description="Whether it may be used.")
    deprecated: bool | None = field(description="Whether it should no longer be used.")
    answers: str | None = field(description="warn or enforce.")
    scopes: list[str] | None = field(description="Scopes of its own.")
    rate_limit: int | None = field(description="Calls a minute, 0 for any number.")
    trusted: bool | None = field(description="Whether nobody else can have written what it answers.")
    private: bool | None = field(description="Whether what it answers is not for others' eyes.")


@strawberry.type(description="A tool of which something was said.")
class ToolSet:
    name: strawberry.ID = field(name="id", description="Its name.")
    api: str = field(description="The API that it belongs to.")
    operation: str = field(description="METHOD path.")
    override: ToolOverride = field(description="What is said of it now.")
    version: int = field(description="The number of the newest event of its API.")
    position: Position = field(resolver=position, description="Where that stands in the log.")


Changes: TypeAlias = Annotated[ToolChanges, strawberry.argument(description="What is said otherwise.")]
Why: TypeAlias = Annotated[str, strawberry.argument(description="Why, for whoever reads it later.")]


async def set_tool(
    info: Info, id: ToolId, changes: Changes, reason: Why = "", version: AtVersion = None, idempotency_key: Key = None
) -> Any:
    """Override what a document says of a tool; raise Forbidden, NotFound, Stale, Invalid."""
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in said(changes).items()}
    one_of(get_args(EffectClass), _word(changes.effect_class), "an effect class")
    one_of(get_args(Checks), _word(changes.answers), "answers")
    context = context_of_write(info, "administer", [id, given, reason, version], idempotency_key)
    catalogue = info.context.services.catalogue
    return await catalogue.override_tool(id, given, context, reason=reason, expected=version)


def _word(given: str | None) -> str | None:
    return None if given is UNSET else given
