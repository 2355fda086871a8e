"""Whatever is registered, revised, overridden and disabled in whatever order: names are unique and stay, words hold."""

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import asdict

from domain.catalog.events import (
    CatalogEvent,
    DocumentRegistered,
    NamesSettled,
    Override,
    Tool,
    ToolOverridden,
    ToolsAdded,
)
from domain.catalog.evolve import evolve
from domain.catalog.naming import settled
from domain.catalog.overriding import as_said, offered, overridden
from domain.catalog.state import Catalog, Document

APIS = ("a", "b-c", "b_c", "x" * 63)
OPERATIONS = tuple(f"{method} /{path}" for method in ("GET", "POST") for path in ("users", "users/{id}", "orders"))
NAMES = ("get_user", "users", "a_get_user", "b_c_get_user", "x" * 64, "y" * 63)
LEGAL = re.compile(r"[a-z0-9_]{1,64}")

overrides = some.builds(
    Override,
    effect_class=some.sampled_from([None, "read", "idempotent-write", "write", "destructive"]),
    repeatable=some.sampled_from([None, True, False]),
    enabled=some.sampled_from([None, True, False]),
    deprecated=some.sampled_from([None, True, False]),
    rate_limit=some.sampled_from([None, 0, 9]),
)
revisions = some.tuples(
    some.sampled_from(APIS),
    # A document names its own tools apart from one another.
    some.dictionaries(some.sampled_from(NAMES), some.sampled_from(OPERATIONS), min_size=1).filter(
        lambda names: len(set(names.values())) == len(names)
    ),
)
words = some.tuples(some.sampled_from(APIS), some.sampled_from(OPERATIONS), overrides)
stories = some.lists(some.one_of(revisions, words), max_size=20)


def tool(api: str, name: str, operation: str, document: str = "d") -> Tool:
    reads = operation.startswith("GET")
    return Tool(
        name=name,
        api=api,
        operation=operation,
        document=document,
        description="",
        effect_class="read" if reads else "write",
        repeatable=reads,
    )


def registered(catalog: Catalog, api: str, document: str, names: dict[str, str]) -> Catalog:
    tools = settled(catalog, api, [tool(api, name, operation, document) for name, operation in names.items()])
    events: list[CatalogEvent] = [DocumentRegistered(api=api, document=document, base_url="http://a")]
    events += [ToolsAdded(api=api, document=document, tools=(each,)) for each in tools]
    for event in events:
        catalog = evolve(catalog, event)
    return catalog


def told(story: list[tuple[object, ...]]) -> list[Catalog]:
    """Return the catalogue after each chapter."""
    catalogs = [Catalog()]
    for number, chapter in enumerate(story):
        match chapter:
            case (str(api), dict(names)):
                catalogs.append(registered(catalogs[-1], api, f"d{number}", names))
            case (str(api), str(operation), Override() as override):
                said = ToolOverridden(api=api, operation=operation, override=override)
                catalogs.append(evolve(catalogs[-1], said))
            case _:
                raise AssertionError(f"no such chapter: {chapter}")
    return catalogs


@given(stories)
def test_no_two_tools_have_the_same_name_and_no_name_ever_changes(story: list[tuple[object, ...]]) -> None:
    given_before: dict[tuple[str, str], str] = {}
    for catalog in told(story):
        tools = [each for document in catalog.documents.values() for each in document.tools]
        assert all(count == 1 for count in Counter(each.name for each in tools).values())
        for each in tools:
            assert LEGAL.fullmatch(each.name)
            assert given_before.setdefault((each.api, each.operation), each.name) == each.name


@given(stories)
def test_a_name_that_was_given_once_means_the_same_operation_for_ever(story: list[tuple[object, ...]]) -> None:
    owners: dict[str, tuple[str, str]] = {}
    for catalog in told(story):
        for document in catalog.documents.values():
            for each in document.tools:
                assert owners.setdefault(each.name, (each.api, each.operation)) == (each.api, each.operation)


@given(stories)
def test_the_last_word_of_an_operator_holds_in_every_revision_that_has_the_operation(
    story: list[tuple[object, ...]],
) -> None:
    last: dict[tuple[str, str], Override] = {}
    for chapter, before, catalog in zip(story, told(story), told(story)[1:], strict=False):
        match chapter:
            case (str(api), str(operation), Override() as override) if api in before.documents:
                last[api, operation] = override
            case _:
                pass
        for document in catalog.documents.values():
            for each in as_said(document):
                said = asdict(last.get((each.api, each.operation), Override()))
                assert all(getattr(each, name) == value for name, value in said.items() if value is not None)


@given(stories)
def test_agents_are_offered_what_is_enabled_and_nothing_else(story: list[tuple[object, ...]]) -> None:
    for document in told(story)[-1].documents.values():
        assert offered(document).tools == tuple(each for each in as_said(document) if each.enabled)
        assert offered(offered(document)) == offered(document)


def test_the_later_api_puts_its_name_in_front_where_tools_are_called_the_same() -> None:
    catalog = registered(Catalog(), "hub", "d1", {"get_user": "GET /user"})
    catalog = registered(catalog, "lab-two", "d2", {"get_user": "GET /users/me"})
    assert catalog.names == {"hub": {"GET /user": "get_user"}, "lab-two": {"GET /users/me": "lab_two_get_user"}}


def test_a_new_revision_keeps_a_name_though_its_document_says_another() -> None:
    catalog = registered(Catalog(), "hub", "d1", {"get_user": "GET /user"})
    catalog = registered(catalog, "hub", "d2", {"fetch_user": "GET /user", "get_user": "GET /users/{id}"})
    assert catalog.names == {"hub": {"GET /user": "get_user", "GET /users/{id}": "hub_get_user"}}


def test_what_an_operator_says_to_write_is_no_longer_repeated_because_its_method_reads() -> None:
    read, written = tool("a", "look", "GET /look"), tool("a", "order", "POST /order")
    assert not overridden(read, Override(effect_class="write")).repeatable
    assert overridden(read, Override(effect_class="write", repeatable=True)).repeatable
    assert overridden(written, Override(effect_class="read")).repeatable
    assert not overridden(written, Override(effect_class="destructive")).repeatable


def test_what_is_not_said_of_a_known_api_changes_nothing() -> None:
    said = ToolOverridden(api="none", operation="GET /", override=Override(enabled=False))
    assert evolve(Catalog(), said) == Catalog()
    document = Document(api="a", document="d", base_url="http://a")
    assert offered(document) is document


loose = some.one_of(
    some.builds(
        DocumentRegistered, api=some.sampled_from(APIS), document=some.sampled_from("de"), base_url=some.just("")
    ),
    some.builds(
        ToolsAdded,
        api=some.sampled_from(APIS),
        document=some.sampled_from("de"),
        tools=some.tuples(
            some.builds(tool, some.sampled_from(APIS), some.sampled_from(NAMES), some.sampled_from(OPERATIONS))
        ),
    ),
    some.builds(
        ToolOverridden, api=some.sampled_from(APIS), operation=some.sampled_from(OPERATIONS), override=overrides
    ),
    some.builds(NamesSettled, api=some.sampled_from(APIS), document=some.sampled_from("de")),
)


@given(some.lists(loose, max_size=20))
def test_whatever_was_recorded_in_whatever_order_can_be_folded_and_offered(events: list[CatalogEvent]) -> None:
    catalog = Catalog()
    for event in events:
        catalog = evolve(catalog, event)
    assert all(each.enabled for document in catalog.documents.values() for each in offered(document).tools)
