"""Carry out one query or mutation, and say how it ended."""

from typing import Any

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from api.graphql.asked import Asked
from api.graphql.batches import BATCHES
from api.graphql.context import Context, context_of
from api.graphql.errors import shown, wrapped
from api.graphql.schema import schema
from api.services import Services
from commands.authorize import Principal
from domain.errors import Invalid

__all__ = ["begin", "execute", "payload", "schema"]


async def begin(services: Services, principal: Principal) -> Context:
    """Begin an operation; raise Forbidden, Unavailable."""
    return await context_of(services, principal, BATCHES)


async def execute(services: Services, principal: Principal, asked: Asked, *, writes: bool) -> dict[str, Any]:
    """Answer as GraphQL does, errors included; raise Forbidden, Unavailable where it cannot even begin."""
    allowed = {OperationType.QUERY, OperationType.MUTATION} if writes else {OperationType.QUERY}
    context = await begin(services, principal)
    try:
        result = await schema(introspection=services.introspection).execute(
            asked.query,
            variable_values=asked.variables,
            context_value=context,
            operation_name=asked.operation_name,
            allowed_operation_types=allowed,
        )
    except (CannotGetOperationTypeError, InvalidOperationTypeError) as fault:
        result = PreExecutionError(data=None, errors=[refused(fault, asked.operation_name)])
    return payload(result)


def refused(fault: CannotGetOperationTypeError | InvalidOperationTypeError, name: str | None) -> GraphQLError:
    """Return why an operation is not carried out here."""
    match fault:
        case InvalidOperationTypeError(operation_type=OperationType.SUBSCRIPTION):
            return wrapped(Invalid("Expected no subscription over HTTP: open a WebSocket with graphql-transport-ws."))
        case InvalidOperationTypeError():
            return wrapped(Invalid("Expected only queries by GET, but this is a mutation: send it by POST."))
        case _:
            return wrapped(Invalid(f"Expected the name of the document's one operation, or none, but got {name!r}."))


def payload(result: ExecutionResult | PreExecutionError) -> dict[str, Any]:
    """Return a result as it goes out; what was refused before it began has no data."""
    found: dict[str, Any] = {} if isinstance(result, PreExecutionError) else {"data": result.data}
    if result.errors:
        found["errors"] = shown(result.errors)
    return found
