"""What is registered at the same time, or twice, is neither lost nor done again."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.openapi.documents import OpenApiDocuments
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue, Registered
from domain.catalog.events import Agent
from domain.errors import Invalid, NotPossible, Unavailable
from ops.sample.shop import document
from tests.commands.parts import Model, Shop, Time, context, shell_of

BUYER = Agent(id="buyer", name="Buyer", role="executor", prompt_template="You buy.")
DOCUMENTS = OpenApiDocuments()


def catalogue(store: PostgresEventStore) -> Catalogue:
    """Know the catalogue as a process of its own does."""
    return Catalogue(shell_of(store, Shop(), Model(), Time()))


def shop(title: str) -> bytes:
    """Write the sample shop's document under a title, with an operation that cannot be used."""
    tree = document("http://127.0.0.1:1", keys=True)
    tree["info"]["title"] = title
    tree["paths"]["/elsewhere"] = {"post": {"servers": [{"url": "http://127.0.0.2:1"}], "responses": {}}}
    return json.dumps(tree).encode()


class Overtaken:
    """Be the log, but let somebody else write right before the first append."""

    def __init__(self, store: PostgresEventStore, first: Callable[[], Awaitable[object]]) -> None:
        self._store, self._waiting = store, [first]

    async def append(self, events: Any) -> int:
        """Append, behind whoever overtakes."""
        while self._waiting:
            await self._waiting.pop()()
        return await self._store.append(events)

    def __getattr__(self, name: str) -> Any:
        """Be the log in everything else."""
        return getattr(self._store, name)


class Dying:
    """Be the log, but die behind the first append, before it is answered."""

    def __init__(self, store: PostgresEventStore) -> None:
        self._store = store

    async def append(self, events: Any) -> int:
        """Append, and never say so."""
        await self._store.append(events)
        raise Unavailable("killed")

    def __getattr__(self, name: str) -> Any:
        """Be the log in everything else."""
        return getattr(self._store, name)


async def test_a_patch_that_is_overtaken_by_another_keeps_what_that_one_changed(store: PostgresEventStore) -> None:
    await catalogue(store).register_agent(BUYER, context())
    other: Any = Overtaken(store, lambda: catalogue(store).patch_agent("buyer", {"name": "Ann"}, context()))
    await catalogue(other).patch_agent("buyer", {"role": "reviewer"}, context())
    found = (await catalogue(store).current("local")).agents["buyer"]
    assert (found.name, found.role) == ("Ann", "reviewer")


async def test_patches_at_the_same_time_all_take_effect(store: PostgresEventStore) -> None:
    await catalogue(store).register_agent(BUYER, context())
    changes: list[dict[str, object]] = [{"name": "Ann"}, {"role": "reviewer"}, {"tools": ("*",)}]
    await asyncio.gather(*(catalogue(store).patch_agent("buyer", each, context()) for each in changes))
    found = (await catalogue(store).current("local")).agents["buyer"]
    assert (found.name, found.role, found.tools, found.prompt_template) == ("Ann", "reviewer", ("*",), "You buy.")


async def test_of_two_registrations_of_an_agent_at_the_same_time_one_is_refused(store: PostgresEventStore) -> None:
    twins = [catalogue(store).register_agent(BUYER, context()) for _ in range(2)]
    done = await asyncio.gather(*twins, return_exceptions=True)
    assert {type(each) for each in done} == {NotPossible, Registered}


async def test_a_request_and_its_twin_at_the_same_time_are_answered_alike(store: PostgresEventStore) -> None:
    for round_ in range(5):
        agent, same = Agent(id=f"a{round_}", name="A", role="executor", prompt_template="x"), context(f"once{round_}")
        twins = [catalogue(store).register_agent(agent, same) for _ in range(3)]
        first, *others = await asyncio.gather(*twins)
        assert all(each == first for each in others)


async def test_a_repeated_patch_answers_as_it_did_before_later_ones(store: PostgresEventStore) -> None:
    agents, named = catalogue(store), context("named")
    await agents.register_agent(BUYER, context())
    first = await agents.patch_agent("buyer", {"name": "Ann"}, named, expected=1)
    await agents.patch_agent("buyer", {"name": "Bob"}, context())
    assert await agents.patch_agent("buyer", {"name": "Ann"}, named, expected=1) == first
    assert (await agents.current("local")).agents["buyer"].name == "Bob"


async def test_a_repeated_document_answers_as_it_did_before_later_ones(store: PostgresEventStore) -> None:
    known, once = catalogue(store), context("once")

    async def register(data: bytes, given: Any) -> Registered:
        return await known.register_document(DOCUMENTS, data, given, api="market")

    assert await known.registered_before(DOCUMENTS, once) is None
    first = await register(shop("one"), once)
    later = await register(shop("two"), context())
    assert first.skipped and later.digest != first.digest and later.version > first.version
    # The bytes that a URL gives now do not count: the request was carried out with those that it gave then.
    assert await register(shop("three"), once) == await known.registered_before(DOCUMENTS, once) == first


async def test_twins_that_found_different_documents_report_the_one_on_record(store: PostgresEventStore) -> None:
    for round_ in range(5):
        once, api = context(f"once{round_}"), f"market{round_}"
        tree = json.loads(shop("one").replace(b'"operationId": "', f'"operationId": "m{round_}_'.encode()))
        twins = []
        for title in ("one", "two", "three"):
            tree["info"]["title"] = title
            twins.append(catalogue(store).register_document(DOCUMENTS, json.dumps(tree).encode(), once, api=api))
        first, *others = await asyncio.gather(*twins)
        recorded = (await catalogue(store).current("local")).documents[api].document
        assert first.digest == recorded and all(each == first for each in others)


def api_of(*names: str) -> bytes:
    """Write a document whose operations have these ids."""
    paths = {f"/{name}": {"get": {"operationId": name, "responses": {}}} for name in names}
    return json.dumps({"openapi": "3.1.0", "servers": [{"url": "http://127.0.0.1:1"}], "paths": paths}).encode()


async def names_of(store: PostgresEventStore) -> dict[str, list[str]]:
    """Return the names of each API's tools."""
    documents = (await catalogue(store).current("local")).documents
    return {api: [tool.name for tool in document.tools] for api, document in documents.items()}


async def test_apis_that_name_a_tool_alike_at_the_same_moment_end_with_names_of_their_own(
    store: PostgresEventStore,
) -> None:
    apis = ("hub", "lab", "pit")
    done = await asyncio.gather(
        *(catalogue(store).register_document(DOCUMENTS, api_of("get_user"), context(), api=api) for api in apis)
    )
    assert [each.tools for each in done] == [1, 1, 1]
    names = await names_of(store)
    taken = [name for api in apis for name in names[api]]
    assert len(set(taken)) == 3 and "get_user" in taken
    assert all(name in ("get_user", f"{api}_get_user") for api, name in zip(apis, taken, strict=True))


async def test_a_registration_that_is_overtaken_by_one_of_the_same_names_gives_way(store: PostgresEventStore) -> None:
    async def register(where: Any, api: str) -> Registered:
        return await catalogue(where).register_document(DOCUMENTS, api_of("get_user", "me"), context(), api=api)

    await register(Overtaken(store, lambda: register(store, "first")), "second")
    names = await names_of(store)
    assert (names["first"], names["second"]) == (["get_user", "me"], ["second_get_user", "second_me"])


async def test_a_registration_whose_answer_was_lost_is_answered_and_not_done_again(store: PostgresEventStore) -> None:
    dying: Any = Dying(store)
    once = context("once")
    with pytest.raises(Unavailable):
        await catalogue(dying).register_document(DOCUMENTS, api_of("me"), once, api="hub")
    done = await catalogue(store).register_document(DOCUMENTS, api_of("me"), once, api="hub")
    assert (done.tools, done.version, done.position) == (1, 2, await store.head())


WRONG: list[dict[str, Any]] = [
    {"tools": ("x" * 131,)},
    {"tools": ("*",) * 201},
    {"tools": ("shop/orders",)},
    {"tools": ("",)},
    {"name": "n" * 201},
    {"role": "r" * 101},
    {"prompt_template": "p" * (32 * 1024 + 1)},
]


@pytest.mark.parametrize("changes", WRONG)
async def test_an_agent_that_is_too_large_is_refused(store: PostgresEventStore, changes: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="Expected"):
        await catalogue(store).patch_agent("executor", changes, context())
    with pytest.raises(Invalid, match="Expected"):
        await catalogue(store).register_agent(replace(BUYER, **changes), context())


async def test_every_form_of_pattern_is_accepted(store: PostgresEventStore) -> None:
    api = "a" * 63
    await catalogue(store).register_document(DOCUMENTS, api_of("me"), context(), api=api)
    tools = ("*", f"{api}/*", "me", *["*"] * 197)
    assert (await catalogue(store).patch_agent("executor", {"tools": tools}, context())).version == 1
