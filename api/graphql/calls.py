"""Describe one tool in depth, and show what a call of it would be."""

from typing import Annotated, Any, TypeAlias

import msgspec
import strawberry
from strawberry import field

from api.graphql.context import Info
from api.graphql.scalars import Long
from api.rest.tools import DESCRIBE_DEPTH, described
from commands.dry_run import dry_run
from domain.encoding import Json
from domain.errors import Invalid

MOST_DEEP = 8
MOST_POINTED = 500

ToolId: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
At: TypeAlias = Annotated[
    str, strawberry.argument(description="A JSON pointer into its arguments, as /body/items/0; all of them without it.")
]
Depth: TypeAlias = Annotated[
    int, strawberry.argument(description=f"So many levels of properties, 1 to {MOST_DEEP}, as far as they fit.")
]
Arguments: TypeAlias = Annotated[
    str,
    strawberry.argument(
        description="Its arguments as the text of a JSON object, so that every number keeps its digits; grouped as "
        "path, query, header, cookie and body."
    ),
]
Agent: TypeAlias = Annotated[
    str, strawberry.argument(description="The agent that would call it; the first executor if not said.")
]


@strawberry.type(description="An operation with all that its document says of it, as an operator says it is.")
class ToolDescription:
    id: strawberry.ID = field(description="Its name, which no other tool has.")
    api_id: str = field(name="api", description="The API that it belongs to.")
    operation: str = field(description="METHOD path.")
    document: str = field(name="openapiRef", description="The digest of its document.")
    description: str = field(description="What it does, in full.")
    effect_class: str = field(description="read, idempotent-write, write or destructive.")
    repeatable: bool = field(description="Whether a request whose answer was lost may be sent again.")
    enabled: bool = field(description="Whether agents may use it.")
    deprecated: bool = field(description="Whether it should no longer be used.")
    answers: str = field(description="What an answer unlike its description leads to: warn, or enforce for a failure.")
    scopes: list[str] = field(name="ownScopes", description="Scopes of its own beside its API's.")
    rate_limit: int = field(name="ownRateLimit", description="Calls a minute of its own, 0 for any number.")
    trusted: bool = field(description="Whether its answers are taken for written by nobody else.")
    private: bool = field(description="Whether its answers are taken for not everybody's.")
    at: str = field(description="The place in its arguments that is described.")
    parameters: Json = field(description="A JSON Schema of what stands there; `cut` counts what is left out.")


@strawberry.type(description="A header that would be sent; what may be a credential is redacted.")
class RehearsedHeader:
    name: str = field(description="Its name.")
    value: str = field(description="Its value.")


@strawberry.type(
    description="What a call would be, up to the socket. With problems there is neither a request nor a verdict."
)
class Rehearsal:
    tool: str = field(description="The tool.")
    api: str = field(description="The API that it belongs to.")
    document: str = field(name="openapiRef", description="The digest of its document.")
    operation: str = field(description="METHOD path.")
    agent: str = field(description="The agent that would call it.")
    effect_class: str = field(description="read, idempotent-write, write or destructive.")
    repeatable: bool = field(description="Whether a request whose answer was lost may be sent again.")
    problems: list[str] = field(description="Why the arguments make no request.")
    method: str = field(description="The method of the request.")
    url: str = field(description="Where it would go.")
    headers: list[RehearsedHeader] = field(description="Its headers.")
    body_digest: str = field(description="The SHA-256 of its body.")
    body_bytes: int = field(description="How long its body is.")
    body_preview: str = field(description="The beginning of its body as text.")
    request_digest: str = field(description="The SHA-256 of the request, which an approval of this call would sign.")
    pages: int = field(description="How many pages of the answer would be read at most; each is a request.")
    decision: str = field(description="allow, deny or ask.")
    rules: list[str] = field(description="Every rule that determined it.")
    policy_set: str = field(description="The set of policies that was asked.")
    reason: str = field(description="Why.")
    idempotency: str = field(description="How its idempotency key would come about.")
    tool_calls: int = field(description="Tool calls that each attempt would draw.")
    request_bytes: int = field(description="Bytes that each attempt would draw.")
    money: Long = field(description="Money that each attempt would draw, in millionths of the currency.")
    currency: str = field(description="The currency of the price list in force, empty where there is none.")


async def tool(info: Info, id: ToolId, at: At = "", depth: Depth = DESCRIBE_DEPTH) -> Any:
    """Return one tool, described at a place as deep as asked; raise Invalid, NotFound."""
    if not 1 <= depth <= MOST_DEEP or len(at) > MOST_POINTED:
        raise Invalid(
            f"Expected a depth from 1 to {MOST_DEEP} and a pointer of at most {MOST_POINTED} characters, "
            f"but got {depth} and {len(at)} characters."
        )
    return await described(info.context.services, info.context.tenant, id, at=at, depth=depth)


async def dry_run_of(info: Info, tool: ToolId, arguments: Arguments = "{}", agent: Agent = "") -> Any:
    """Rehearse a call as the caller, nothing is dialled or recorded; raise NotFound."""
    context = info.context
    return await dry_run(
        context.services.shell,
        context.services.catalogue,
        context.tenant,
        tool,
        msgspec.Raw(arguments.encode()),
        agent=agent,
        user=context.principal.actor,
        roles=context.principal.roles,
    )
