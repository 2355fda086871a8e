"""The catalogue shows each agent's newest revision and each API's current document only."""

from uuid import UUID

from adapters.postgres.read_models.keeper import PostgresReadModels
from adapters.postgres.read_models.reader import PostgresReadStore
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.catalog.events import (
    Agent,
    AgentPatched,
    AgentRegistered,
    CatalogEvent,
    DocumentRegistered,
    Tool,
    ToolsAdded,
)
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
    patched = Agent(id="clerk", name="Clerk", role="reviewer", prompt_template="Be strict.", tools=("*",))
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
