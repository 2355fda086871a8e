"""Take GraphQL over HTTP: POST for everything but subscriptions, GET for what only reads.

What is wrong with the request is a problem as everywhere; what is wrong with the document stands under ``errors``.
"""

import asyncio
from functools import cache
from types import ModuleType
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from api.answers import Output, answer
from api.bodies import body_of
from api.graphql.asked import Asked
from api.reads import Read, Reading
from api.writes import traceparent_of
from domain.errors import Invalid

MOST_BYTES = 64 << 10
EXAMPLE = {"query": "{ sessions(first: 5) { nodes { id goal status } } }"}

Document: TypeAlias = Annotated[str, QueryParameter(name="query", description="The document; it holds one query.")]
Name: TypeAlias = Annotated[str | None, QueryParameter(name="operationName", description="The operation's name.")]
Variables: TypeAlias = Annotated[
    str | None, QueryParameter(name="variables", description="The values of its variables, a JSON object.")
]


class Place(Output, frozen=True, kw_only=True):
    """Name a place in a document."""

    line: int
    column: int


class Fault(Output, frozen=True, kw_only=True):
    """Say what went wrong; ``extensions`` has a ``code``, the name of the problem in capitals."""

    message: str
    extensions: dict[str, Any]
    locations: tuple[Place, ...] | msgspec.UnsetType = msgspec.UNSET
    path: tuple[str | int, ...] | msgspec.UnsetType = msgspec.UNSET


class Answered(Output, frozen=True, kw_only=True):
    """Answer a document; ``data`` is left out where it was refused before anything was looked up."""

    data: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET
    errors: tuple[Fault, ...] | msgspec.UnsetType = msgspec.UNSET


@get("/graphql", tags=["graphql"], summary="Query by GraphQL")
async def query(
    read: Reading,
    document: Document,
    operation_name: Name = None,
    variables: Variables = None,
) -> Response[Answered]:
    """Answer a query, as a link can hold it."""
    asked = {"query": document, "operationName": operation_name, "variables": _object(variables)}
    try:
        return await _answer(read, msgspec.convert(asked, Asked), writes=False)
    except msgspec.ValidationError as fault:
        raise Invalid(f"Expected the parameters that /openapi.json describes, but: {fault}.") from fault


@post(
    "/graphql",
    status_code=200,
    opt={"body": Asked, "example": EXAMPLE},
    tags=["graphql"],
    request_max_body_size=MOST_BYTES,
)
async def execute(request: Request[Any, Any, Any], read: Reading) -> Response[Answered]:
    """Answer a query or mutation; subscriptions go over graphql-transport-ws, at this path too."""
    asked, traceparent = await body_of(request, Asked), traceparent_of(request.headers)
    return await _answer(read, asked, traceparent=traceparent, writes=True)


async def _answer(read: Read, asked: Asked, *, writes: bool, traceparent: str = "") -> Response[Answered]:
    engine = await loaded()
    await read.wait()
    answered = await engine.execute(read.services, read.principal, asked, traceparent=traceparent, writes=writes)
    return answer(answered)


async def loaded() -> ModuleType:
    """Return what carries operations out; loading it takes 0.2 s, which a start of the API need not wait for."""
    return _engine() if _engine.cache_info().currsize else await asyncio.to_thread(_engine)


@cache
def _engine() -> ModuleType:
    from api.graphql import execution

    execution.schema()
    return execution


def _object(text: str | None) -> Any:
    try:
        return msgspec.json.decode(text) if text else None
    except (msgspec.DecodeError, RecursionError) as fault:
        raise Invalid(f"Expected `variables` as a JSON object, but {fault}.") from fault
