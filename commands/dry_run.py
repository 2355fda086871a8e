"""Rehearse a call: everything up to the socket. Nothing is dialled, and nothing is recorded.

The request is checked, built and judged by the very parts that real calls go through, so that its digest is the one
that a verdict names and an approval signs.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from commands.catalogue import Catalogue
from commands.judging import policy_set_in_force, stricter
from commands.policies import find_policy_set
from commands.ports import Case, Prepared, Ruling, ToolCall
from commands.shell import Shell
from commands.snapshots import snapshot
from domain.catalog.events import Agent, Tool
from domain.catalog.sinks import sinks_of
from domain.catalog.state import Catalog, Snapshot
from domain.encoding import Json, digest_bytes, parse
from domain.errors import NotFound
from domain.labels import GOAL, Provenance
from domain.session.events import EffectClass

PREVIEW_BYTES = 2_000
REDACTED = "(redacted)"
_SECRET = re.compile(r"authorization|cookie|token|secret|password|api[-_]?key", re.IGNORECASE)


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Show a header that would be sent; what may be a credential is redacted."""

    name: str
    value: str


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """Show a request up to the socket; ``body_preview`` is the beginning of the body as text."""

    method: str
    url: str
    headers: tuple[Header, ...]
    body_digest: str
    body_bytes: int
    body_preview: str
    request_digest: str
    request_bytes: int
    pages: int


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """Show what a call would be.

    With ``problems`` there is neither a request nor a verdict, and their fields are empty. ``body_preview`` is the
    beginning of the body as text. ``tool_calls``, ``request_bytes`` and ``money``, in millionths of the ``currency`` of
    the price list in force, are what each attempt would draw; each page behind the first would be one request more.
    """

    tool: str
    api: str
    document: str
    operation: str
    agent: str
    effect_class: EffectClass
    repeatable: bool
    problems: tuple[str, ...] = ()
    method: str = ""
    url: str = ""
    headers: tuple[Header, ...] = ()
    body_digest: str = ""
    body_bytes: int = 0
    body_preview: str = ""
    request_digest: str = ""
    pages: int = 0
    decision: str = ""
    rules: tuple[str, ...] = ()
    policy_set: str = ""
    reason: str = ""
    idempotency: str = ""
    tool_calls: int = 0
    request_bytes: int = 0
    money: int = 0
    currency: str = ""


async def dry_run(
    shell: Shell,
    catalogue: Catalogue,
    tenant: str,
    tool: str,
    arguments: Json,
    *,
    agent: str = "",
    user: str = "",
    roles: Sequence[str] = (),
) -> DryRun:
    """Show what a call would be if an agent chose it now for a user, the first executor if none is named.

    It is judged by the set in force, as in a session that has spent and read nothing yet, and whose plan binds nothing.
    Raises NotFound.
    """
    catalog = await catalogue.current(tenant)
    known = snapshot(catalog)
    chosen, by = _tool(known, tool), _agent(known, agent)
    document = known.document(chosen.api)
    assert document is not None, "a tool belongs to a document"
    call = ToolCall(tenant=tenant, tool=chosen, document=document, arguments=arguments)
    prepared = await shell.tools.prepare(call)
    if prepared.checked.problems:
        return _shown(chosen, by, problems=prepared.checked.problems)
    case = Case(
        agent=by,
        tool=chosen,
        listed=known.may_use(by, chosen),
        request_digest=prepared.checked.request_digest,
        effect_class=prepared.checked.effect_class,
        at=shell.clock.now(),
        arguments=arguments,
        scopes=document.scopes,
        user=user,
        roles=tuple(roles),
        environment=shell.environment,
        provenance=Provenance(plan="open", label=GOAL, seen=GOAL, sends=_sends(chosen, arguments)),
    )
    ruling = shell.judge.judge(await policy_set_in_force(shell, tenant), case)
    if by.policy:
        own = await find_policy_set(catalogue, shell, tenant, by.policy)
        ruling = stricter(ruling, shell.judge.judge(own, case))
    sent = msgspec.structs.asdict(outgoing(prepared))
    drawn = {"tool_calls": 1, **await _price(shell, tenant, catalog, chosen)}
    return _shown(chosen, by, **sent, **_verdict(ruling), **drawn, idempotency=_idempotency(chosen))


async def _price(shell: Shell, tenant: str, catalog: Catalog, tool: Tool) -> dict[str, Any]:
    """Return what an attempt costs by the price list in force, if there is one."""
    if not catalog.prices.digest:
        return {}
    prices = await shell.price_list(tenant, catalog.prices.digest)
    return {"money": prices.of_tool(tool.name, tool.api), "currency": prices.currency}


def _sends(tool: Tool, arguments: Json) -> bool:
    return sinks_of(tool, parse(bytes(arguments)), reads=tool.effect_class == "read").sends


def _tool(known: Snapshot, name: str) -> Tool:
    found = known.tool(name)
    if found is None:
        raise NotFound(
            f"Expected a tool that exists, but there is none with the id {name[:100]!r}: "
            "`reprise tools list` shows them."
        )
    return found


def _agent(known: Snapshot, agent_id: str) -> Agent:
    found = (
        known.agent(agent_id) if agent_id else next((each for each in known.agents if each.role == "executor"), None)
    )
    if found is None:
        named = f"with the id {agent_id[:100]!r}" if agent_id else "in the role executor"
        raise NotFound(f"Expected an agent that exists, but there is none {named}.")
    return found


def _shown(tool: Tool, agent: Agent, **found: Any) -> DryRun:
    return DryRun(
        tool=tool.name,
        api=tool.api,
        document=tool.document,
        operation=tool.operation,
        agent=agent.id,
        effect_class=tool.effect_class,
        repeatable=tool.repeatable,
        **found,
    )


def outgoing(prepared: Prepared) -> Outgoing:
    """Show a request that was prepared."""
    body = prepared.body
    return Outgoing(
        method=prepared.method,
        url=prepared.url,
        headers=tuple(Header(name=name, value=_redacted(name, value)) for name, value in prepared.headers),
        body_digest=digest_bytes(body) if body else "",
        body_bytes=len(body),
        body_preview=body[:PREVIEW_BYTES].decode("utf-8", "replace"),
        request_digest=prepared.checked.request_digest,
        pages=prepared.pages,
        request_bytes=_size(prepared),
    )


def _redacted(name: str, value: str) -> str:
    return REDACTED if _SECRET.search(name) else value


def _size(prepared: Prepared) -> int:
    lines = [f"{prepared.method} {prepared.url}", *(f"{name}: {value}" for name, value in prepared.headers)]
    return sum(len(line.encode()) + 2 for line in lines) + 2 + len(prepared.body)


def _verdict(ruling: Ruling) -> dict[str, Any]:
    return {
        "decision": ruling.decision,
        "rules": ruling.rules,
        "policy_set": ruling.policy_set,
        "reason": ruling.reason,
    }


def _idempotency(tool: Tool) -> str:
    if tool.effect_class == "read":
        return "A read carries no idempotency key, and is repeated where its answer is lost."
    if tool.repeatable:
        return "Every attempt carries the same Idempotency-Key, and is repeated where its answer is lost."
    return (
        "Every attempt carries the same Idempotency-Key, but where an answer is lost a person is asked what happened."
    )
