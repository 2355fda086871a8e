"""The catalogue shows each agent's newest revision and each API's current document only."""

from uuid import UUID

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.agents import AgentLimits
from domain.catalog.events import (
    Agent,
    AgentPatched,
    AgentRegistered,
    CatalogEvent,
    DocumentRegistered,
    Override,
    Tool,
    ToolOverridden,
    ToolsAdded,
)
from domain.catalog.evolve import evolve
from domain.catalog.overriding import as_said
from domain.catalog.state import Catalog
from domain.encoding import foreign
from domain.ids import named_stream
from queries.catalogue import list_agents, list_tools
from tests.adapters.postgres.read_models.logs import project_all
from tests.projections.histories import event_of

AGENT = Agent(id="clerk", name="Clerk", role="executor", prompt_template="Be exact.", tools=("shop/*",))


def document(digest: str, *names: str) -> tuple[CatalogEvent, CatalogEvent]:
    """Register a document with tools of these names."""
    tools = tuple(
        Tool(
            name=name,
            api="shop",
            operation=f"GET /{name}",
            document=digest,
            description="",
            effect_class="read",
            repeatable=True,
            parameters=foreign({"type": "object"}),
        )
        for name in names
    )
    registered = DocumentRegistered(
        api="shop", document=digest, base_url="http://127.0.0.1", scopes=("orders",), rate_limit=5, tools=len(tools)
    )
    return registered, ToolsAdded(api="shop", document=digest, tools=tools)


async def record(store: PostgresEventStore, stream: UUID, after: int, *events: CatalogEvent) -> None:
    """Append catalogue events."""
    await store.append(to_log(stream, after, [event_of(event) for event in events]))


async def test_an_agent_is_shown_in_its_newest_revision(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    stream = named_stream("local", "agent", "clerk")
    patched = Agent(
        id="clerk",
        name="Clerk",
        role="reviewer",
        prompt_template="Be strict.",
        tools=("*",),
        effects=("read",),
        scopes=("orders",),
        model="rules",
        policy="strict",
        limits=AgentLimits(reply_tokens=100),
    )
    await record(store, stream, 0, AgentRegistered(agent=AGENT))
    await project_all(store, keeper)
    assert [agent.id for agent in await list_agents(reads, "local", capability="shop/*")] == ["clerk"]
    await record(store, stream, 1, AgentPatched(agent=patched))
    await project_all(store, keeper)
    (shown,) = await list_agents(reads, "local")
    assert (shown.role, shown.prompt_template, shown.capabilities, shown.version) == (
        "reviewer",
        "Be strict.",
        ["*"],
        2,
    )
    assert (shown.effects, shown.scopes, shown.model, shown.policy) == (["read"], ["orders"], "rules", "strict")
    assert bytes(shown.limits) == b'{"reply_tokens":100}'
    assert await list_agents(reads, "local", capability="shop/*") == []
    assert await list_agents(reads, "another") == []


async def test_a_new_document_replaces_the_tools_of_the_old_one(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    stream = named_stream("local", "document", "shop")
    await record(store, stream, 0, *document("d1", "shop_a", "shop_b"))
    await project_all(store, keeper)
    assert [tool.id for tool in await list_tools(reads, "local")] == ["shop_a", "shop_b"]
    await record(store, stream, 2, *document("d2", "shop_b", "shop_c"))
    await project_all(store, keeper)
    tools = await list_tools(reads, "local", api="shop")
    assert [(tool.id, tool.openapi_ref, tool.scopes, tool.rate_limit) for tool in tools] == [
        ("shop_b", "d2", ["orders"], 5),
        ("shop_c", "d2", ["orders"], 5),
    ]
    assert [tool.id for tool in await list_tools(reads, "local", after="shop_b")] == ["shop_c"]


async def test_the_order_of_documents_within_one_batch_does_not_matter(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    stream = named_stream("local", "document", "shop")
    await record(store, stream, 0, *document("d1", "shop_a"), *document("d2", "shop_b"), *document("d1", "shop_a"))
    await project_all(store, keeper)
    assert [tool.id for tool in await list_tools(reads, "local")] == ["shop_a"]


SAID = [
    Override(effect_class="write"),
    Override(effect_class="idempotent-write", rate_limit=3),
    Override(enabled=False, scopes=("x", "y")),
    Override(repeatable=False, deprecated=True, enabled=True),
    Override(),
]


async def test_tools_are_shown_as_an_operator_says_in_whatever_revision(
    store: PostgresEventStore, keeper: PostgresReadModels, reads: PostgresReadStore
) -> None:
    stream = named_stream("local", "document", "shop")
    names = [f"shop_{number}" for number in range(len(SAID))]
    first = ToolOverridden(api="shop", operation="GET /shop_4", override=Override(enabled=False, deprecated=True))
    said = [
        ToolOverridden(api="shop", operation=f"GET /{name}", override=override)
        for name, override in zip(names, SAID, strict=True)
    ]
    events: list[CatalogEvent] = [*document("d1", *names), first, *said, *document("d2", *names[1:])]
    await record(store, stream, 0, *events[:5])
    await project_all(store, keeper)
    await record(store, stream, 5, *events[5:])
    await project_all(store, keeper)
    catalog = Catalog()
    for event in events:
        catalog = evolve(catalog, event)
    shown = await list_tools(reads, "local")
    assert [
        (
            each.id,
            each.effect_class,
            each.repeatable,
            each.enabled,
            each.deprecated,
            each.own_scopes,
            each.own_rate_limit,
        )
        for each in shown
    ] == [
        (each.name, each.effect_class, each.repeatable, each.enabled, each.deprecated, [*each.scopes], each.rate_limit)
        for each in as_said(catalog.documents["shop"])
    ]
    assert [each.id for each in await list_tools(reads, "local", enabled=False)] == ["shop_2"]
    assert [each.id for each in await list_tools(reads, "local", effect="idempotent-write", api="shop")] == ["shop_1"]
