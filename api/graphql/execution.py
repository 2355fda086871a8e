"""Carry out operations, and say how they ended."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Literal, TypeAlias

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from api.auth import check_fresh
from api.graphql.asked import Asked
from api.graphql.batches import BATCHES
from api.graphql.context import Context, context_of
from api.graphql.errors import shown, wrapped
from api.graphql.schema import schema
from api.services import Services
from commands.authorize import Principal
from domain.errors import Invalid

__all__ = ["execute", "faults", "results", "schema"]

Step: TypeAlias = tuple[Literal["next", "error"], Any]


async def execute(
    services: Services, principal: Principal, asked: Asked, *, traceparent: str, writes: bool
) -> dict[str, Any]:
    """Answer as GraphQL does, errors included; raise Forbidden, Unavailable where it cannot even begin."""
    allowed = {OperationType.QUERY, OperationType.MUTATION} if writes else {OperationType.QUERY}
    context = await _begin(services, principal, traceparent)
    try:
        result = await schema(introspection=services.introspection).execute(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
            allowed_operation_types=allowed,
        )
    except (CannotGetOperationTypeError, InvalidOperationTypeError) as fault:
        result = PreExecutionError(data=None, errors=[_refused(fault, asked)])
    return _payload(result)


async def results(
    services: Services, principal: Principal, asked: Asked, *, traceparent: str
) -> AsyncGenerator[Step, None]:
    """Yield an operation's results, one of a query or mutation; ``error`` is the last, where it could not begin."""
    try:
        context = await _begin(services, principal, traceparent)
        stream = await schema(introspection=services.introspection).stream(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
        )
        async with aclosing(stream):
            async for result in stream:
                if isinstance(result, PreExecutionError):
                    yield "error", shown(result.errors or ())
                    return
                yield "next", _payload(result)
    except Exception as fault:
        yield "error", faults(fault)


def faults(fault: Exception) -> list[dict[str, Any]]:
    """Return an error that happened outside of any field as it goes out."""
    return shown([wrapped(fault)])


async def _begin(services: Services, principal: Principal, traceparent: str) -> Context:
    """Begin an operation; raise Unauthenticated, Forbidden, Unavailable."""
    check_fresh(principal, services.shell.clock.now())
    return await context_of(services, principal, traceparent, BATCHES)


def _refused(fault: CannotGetOperationTypeError | InvalidOperationTypeError, asked: Asked) -> GraphQLError:
    """Return why an operation is not carried out here."""
    match fault:
        case InvalidOperationTypeError(operation_type=OperationType.SUBSCRIPTION):
            return wrapped(Invalid("Expected no subscription over HTTP: open a WebSocket with graphql-transport-ws."))
        case InvalidOperationTypeError():
            return wrapped(Invalid("Expected a query, for GET only reads, but this is a mutation: send it by POST."))
        case _:
            name = asked.operation_name
            return wrapped(Invalid(f"Expected one operation, and its name or none, but got the name {name!r}."))


def _payload(result: Any) -> dict[str, Any]:
    """Return a result as it goes out; what was refused before it began has no data."""
    found: dict[str, Any] = {} if isinstance(result, PreExecutionError) else {"data": result.data}
    if result.errors:
        found["errors"] = shown(result.errors)
    return found
