"""Put the schema together, with what watches over every operation."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from functools import cache

import strawberry
from graphql import GraphQLError
from graphql.validation import MaxIntrospectionDepthRule, NoSchemaIntrospectionCustomRule
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from api.graphql.context import field_of
from api.graphql.errors import wrapped
from api.graphql.limits import MOST_TOKENS, check
from api.graphql.mutation import Mutation
from api.graphql.query import Query
from api.graphql.scalars import SCALARS
from api.graphql.subscription import Subscription
from domain.errors import Invalid, Unavailable

PATIENCE_SECONDS = 10.0


class Watched(SchemaExtension):
    """Bound what an operation may take: words, fields, time."""

    introspection = True

    def on_operation(self) -> Iterator[None]:
        """Bound how much is parsed, and say what is validated beside GraphQL's own rules."""
        self.execution_context.parse_options["max_tokens"] = MOST_TOKENS
        rules = (MaxIntrospectionDepthRule,) if self.introspection else (NoSchemaIntrospectionCustomRule,)
        self.execution_context.validation_rules = (*rules, *self.execution_context.validation_rules)
        yield

    def on_validate(self) -> Iterator[None]:
        """Refuse what asks for too much before GraphQL's own rules look at it."""
        context = self.execution_context
        assert context.graphql_document is not None
        try:
            check(context.schema._schema, context.graphql_document, context.variables or {})
        except (Invalid, RecursionError) as fault:
            context.pre_execution_errors = [wrapped(fault)]
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        """Bound how long a query or mutation takes, and how long a subscription takes to begin."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                yield
        except TimeoutError as fault:
            raise Unavailable(
                f"Expected an answer within {PATIENCE_SECONDS:.0f} s, but there was none: ask for less, or try again."
            ) from fault


class Closed(Watched):
    """Bound operations likewise, and do not show what can be asked."""

    introspection = False


class Schema(strawberry.Schema):
    """Leave it to `api.graphql.errors` what is logged."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here; what can be asked is not told by hints at names either, where it is not shown."""
        if Closed in self.extensions:
            for fault in errors:
                fault.message = fault.message.partition(" Did you mean ")[0]


@cache
def schema(*, introspection: bool = True) -> Schema:
    """Return the schema; without ``introspection`` it is not told to callers."""
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[Watched if introspection else Closed],
        config=StrawberryConfig(default_resolver=field_of, scalar_map=SCALARS),
    )


def printed() -> str:
    """Return the schema as it is committed and shown: in GraphQL's own language."""
    return f"{schema().as_str()}\n"
