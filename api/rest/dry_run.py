"""Rehearse a call of a tool."""

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from api.answers import Output, answer, view
from api.bodies import Input, body_of
from api.reads import Reading
from api.services import Given
from commands.dry_run import dry_run

EXAMPLE = {"arguments": {"body": {"customerId": 7, "items": [{"productId": "blue-mug", "quantity": 2}]}}}


class DryRunInput(Input, frozen=True, kw_only=True):
    """Say what to call the tool with, grouped as path, query, header, cookie and body, and as which agent."""

    arguments: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))
    agent: str = ""


class HeaderShown(Output, frozen=True, kw_only=True):
    """Show a header that would be sent; what may be a credential is redacted."""

    name: str
    value: str


class DryRunShown(Output, frozen=True, kw_only=True):
    """Show what would be sent and how it was judged; with ``problems`` there is neither a request nor a verdict.

    ``requestDigest`` is what an approval of this call would sign. ``toolCalls``, ``requestBytes`` and ``money``, in
    millionths of the ``currency`` of the price list in force, are what each attempt would draw; each of the ``pages``
    behind the first would be one request more.
    """

    tool: str
    api: str
    document: str
    operation: str
    agent: str
    effect_class: str
    repeatable: bool
    problems: tuple[str, ...]
    method: str
    url: str
    headers: tuple[HeaderShown, ...]
    body_digest: str
    body_bytes: int
    body_preview: str
    request_digest: str
    pages: int
    decision: str
    rules: tuple[str, ...]
    policy_set: str
    reason: str
    idempotency: str
    tool_calls: int
    request_bytes: int
    money: int
    currency: str


@post("/tools/{tool_id:str}/dry-run", status_code=200, opt={"body": DryRunInput, "example": EXAMPLE}, tags=["tools"])
async def rehearse(
    request: Request[Any, Any, Any], services: Given, read: Reading, tool_id: FromPath[str]
) -> Response[DryRunShown]:
    """Show everything that a call would do up to the socket; nothing is dialled or recorded."""
    body = await body_of(request, DryRunInput)
    found = await dry_run(
        services.shell,
        services.catalogue,
        read.tenant,
        tool_id,
        body.arguments,
        agent=body.agent,
        user=read.principal.actor,
        roles=read.principal.roles,
    )
    headers = tuple(view(HeaderShown, each) for each in found.headers)
    return answer(view(DryRunShown, found, headers=headers))
