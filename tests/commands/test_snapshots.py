"""What a session pinned is stored once, given back as it was, and shared wherever it is the same."""

from typing import Any

from adapters.postgres.store import PostgresEventStore
from commands.catalogs import Catalogs
from commands.catalogue import Catalogue
from commands.perform import drive
from commands.replaying import replay_session
from commands.snapshots import Snapshots, snapshot
from domain.catalog.state import Document, Snapshot
from domain.encoding import canonical, digest_bytes
from tests.commands.parts import TOOLS, Model, Shop, Time, context, shell_of, start
from tests.commands.test_catalogue import DOCUMENTS, api_of


class Counted:
    """Be the log, and note the sizes of the blobs that are stored."""

    def __init__(self, store: PostgresEventStore) -> None:
        self._store = store
        self.stored: list[int] = []

    async def put_blobs(self, tenant: str, blobs: list[bytes]) -> None:
        """Note the sizes, and store."""
        self.stored += map(len, blobs)
        await self._store.put_blobs(tenant, blobs)

    def __getattr__(self, name: str) -> Any:
        """Be the log in everything else."""
        return getattr(self._store, name)


async def pinned(store: Any, snapshots: Snapshots) -> Any:
    return await snapshots.pin("local", await Catalogs(store).current("local"))


async def test_what_is_loaded_is_what_was_pinned(store: PostgresEventStore) -> None:
    said = Catalogue(shell_of(store, Shop(), Model(), Time()))
    await said.override_tool("order", {"enabled": False, "rate_limit": 3}, context())
    await said.override_tool("look", {"effect_class": "write"}, context())
    here = await pinned(store, Snapshots(store))
    loaded = await Snapshots(store).load("local", here.digest)
    assert loaded == here.snapshot == snapshot(here.catalog)
    assert [(tool.name, tool.effect_class) for each in loaded.documents for tool in each.tools] == [("look", "write")]


async def test_sessions_on_the_same_catalogue_store_nothing_more(store: PostgresEventStore) -> None:
    counted: Any = Counted(store)
    shell = shell_of(counted, Shop(), Model(), Time())
    await start(shell)
    before = len(counted.stored)
    for _ in range(3):
        await start(shell)
    assert (before, len(counted.stored)) == (3, 3)  # the tools, the snapshot, and the rules


async def test_another_api_costs_its_own_tools_and_a_small_snapshot(store: PostgresEventStore) -> None:
    counted: Any = Counted(store)
    shell = shell_of(counted, Shop(), Model(), Time())
    said = Catalogue(shell)
    await said.register_document(DOCUMENTS, api_of(*(f"many_{number}" for number in range(300))), context(), api="many")
    await start(shell)
    counted.stored.clear()
    await said.override_tool("look", {"rate_limit": 3}, context())
    await start(shell)
    assert len(counted.stored) == 2 and max(counted.stored) < 3_000  # the snapshot, and the rules once more


async def test_documents_are_shared_between_snapshots_and_look_ups_are_counted(store: PostgresEventStore) -> None:
    said = Catalogue(shell_of(store, Shop(), Model(), Time()))
    await said.register_document(DOCUMENTS, api_of("me"), context(), api="hub")
    first = await pinned(store, Snapshots(store))
    await said.override_tool("me", {"rate_limit": 3}, context())
    second = await pinned(store, Snapshots(store))
    reader = Snapshots(store)
    one, two = [await reader.load("local", each.digest) for each in (first, second)]
    assert one.document("shop") is two.document("shop") and one.document("hub") is not two.document("hub")
    assert await reader.load("local", first.digest) is one
    caches = reader.caches
    assert (caches["snapshots"].hits, caches["snapshots"].misses) == (1, 2)
    assert (caches["documents"].hits, caches["documents"].misses) == (1, 3)


async def test_a_snapshot_that_holds_its_tools_itself_is_read_as_ever(store: PostgresEventStore) -> None:
    document = Document(api="shop", document="d" * 64, base_url="http://127.0.0.1", tools=TOOLS)
    old = canonical(Snapshot(agents=(), documents=(document,)))
    await store.put_blobs("local", [old])
    loaded = await Snapshots(store).load("local", digest_bytes(old))
    assert loaded.tool("order") == TOOLS[1]


async def test_a_session_goes_on_behind_a_restart_with_the_revision_that_it_pinned(store: PostgresEventStore) -> None:
    session, _ = await start(shell_of(store, Shop(), Model(steps=2), Time()))
    said = Catalogue(shell_of(store, Shop(), Model(), Time()))
    await said.register_document(DOCUMENTS, api_of("something_else"), context(), api="shop")
    shop = Shop()
    again = shell_of(store, shop, Model(steps=2), Time(), worker="two")
    state = (await drive(again, session)).state
    assert state is not None and state.ended and len(shop.received) == 2
    assert (await again.snapshot("local", state.catalog)).tool("look") == TOOLS[0]
    replayed = await replay_session(store, session, execute=True)
    assert replayed.divergences == () and replayed.state_digest == replayed.replay_digest
