"""Tools are found by the words of a text, with those that supply their ids, in the same order every time."""

import random

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog.events import Tool
from domain.retrieval.bm25 import Bm25
from domain.retrieval.index import Found, ToolIndex
from domain.retrieval.paths import read_path
from domain.retrieval.words import singular, stem, words


def tool(operation: str, description: str = "", *, api: str = "library", keywords: str = "", query: str = "") -> Tool:
    name = "_".join(words(operation)) + ("_one" if operation.endswith("}") else "")
    properties = {"query": {"type": "object", "properties": {query: {"type": "string"}}}} if query else {}
    return Tool(
        name=name,
        api=api,
        operation=operation,
        document="d",
        description=description,
        effect_class="read",
        repeatable=True,
        parameters=msgspec.Raw(msgspec.json.encode({"type": "object", "properties": properties})),
        keywords=keywords,
    )


LIBRARY = (
    tool("GET /search/author", "Search for authors."),
    tool("GET /search/book", "Search for books."),
    tool("GET /author/popular", "Get popular authors."),
    tool("GET /author/{author_id}", "Get details", keywords="birthday biography"),
    tool("GET /author/{author_id}/books", "Get the books of an author."),
    tool("GET /book/{book_id}", "Get details", keywords="title pages"),
    tool("GET /book/{book_id}/reviews", "Get the reviews of a book."),
    tool("POST /book/{book_id}/loans", "Lend a book.", query="branch"),
    tool("GET /invoices", "List invoices.", api="billing"),
    tool("GET /invoices/{id}/lines", "List the lines of an invoice.", api="billing"),
)
INDEX = ToolIndex(LIBRARY)


def operations(found: list[Found]) -> list[str]:
    return [each.tool.operation for each in found]


def test_names_are_cut_into_their_words() -> None:
    assert words("listOrdersByID") == ["list", "order", "id"]
    assert words("get_HTTPStatus") == ["get", "http", "status"]
    assert words("What is the name of it?") == ["name"]


def test_forms_of_a_word_meet() -> None:
    assert {stem(word) for word in ("directed", "directors", "director", "directing")} == {"direct"}
    assert [singular(word) for word in ("companies", "boxes", "addresses", "status", "movies", "gas")] == [
        "company", "box", "address", "status", "movy", "gas",
    ]  # fmt: skip


def test_a_rare_word_counts_more_than_a_common_one() -> None:
    texts = [{"said": ["get", "order"]}, {"said": ["get", "refund"]}, {"said": ["get", "order"]}]
    gains = Bm25(texts, {"said": 1.0}).gains(["get", "refund"])
    assert sum(gains[1].values()) > sum(gains[0].values()) and gains[1]["refund"] > gains[1]["get"]


def test_a_word_in_a_weighty_field_counts_more() -> None:
    texts = [{"name": ["refund"], "said": ["x"]}, {"name": ["x"], "said": ["refund"]}]
    gains = Bm25(texts, {"name": 2.0, "said": 1.0}).gains(["refund"])
    assert gains[0]["refund"] > gains[1]["refund"]


def test_an_id_belongs_to_the_thing_in_its_name_or_before_it() -> None:
    path = read_path("GET /author/{author_id}/books/{id}")
    assert [(each.name, each.things) for each in path.ids] == [
        ("author_id", frozenset({stem("author")})),
        ("id", frozenset({stem("books")})),
    ]
    assert path.ends_in_id and not read_path("GET /author/{author_id}/books").ends_in_id


def test_what_fits_best_comes_first() -> None:
    assert operations(INDEX.find("reviews of a book", 3))[0] == "GET /book/{book_id}/reviews"
    assert operations(INDEX.find("at which branch was it lent", 1)) == ["POST /book/{book_id}/loans"]


def test_a_tool_is_found_by_what_it_answers() -> None:
    assert operations(INDEX.find("birthday", 1)) == ["GET /author/{author_id}"]


def test_who_supplies_an_id_comes_with_who_needs_it() -> None:
    found = operations(INDEX.find("birthday", 2))
    assert found == ["GET /author/{author_id}", "GET /search/author"]
    assert "GET /search/book" in operations(INDEX.find("reviews", 3))
    assert operations(INDEX.find("lines", 2)) == ["GET /invoices/{id}/lines", "GET /invoices"]


def test_a_supplier_that_the_text_names_is_preferred() -> None:
    assert operations(INDEX.find("birthday of the most popular", 3))[:3].count("GET /author/popular") == 1


def test_all_of_a_text_is_covered_soon() -> None:
    ways = [tool(f"GET /{part}/thing", f"Read the thing {part}.") for part in ("a1", "b2", "c3", "d4", "e5", "f6")]
    index = ToolIndex([*ways, tool("GET /other", "Read an unrelated zebra thing.")])
    assert "GET /other" in operations(index.find("thing thing read zebra", 2))


def test_meaning_finds_what_no_word_does() -> None:
    assert INDEX.find("xylophone", 5) == []
    closeness = [0.9 if each.operation == "GET /invoices" else 0.1 for each in LIBRARY]
    assert operations(INDEX.find("xylophone", 1, closeness)) == ["GET /invoices"]


def test_scores_fall_from_a_thousand() -> None:
    scores = [each.score for each in INDEX.find("reviews of a book", 5)]
    assert scores[0] == 1000 and all(0 <= score <= 1000 for score in scores)


def test_nothing_is_found_among_nothing() -> None:
    assert ToolIndex(()).find("books", 5) == [] and INDEX.find("", 5) == [] and INDEX.find("the of", 5) == []


@given(st.text(max_size=200), st.integers(1, 20))
def test_any_text_gives_the_same_few_tools_every_time(text: str, most: int) -> None:
    found = INDEX.find(text, most)
    assert found == ToolIndex(LIBRARY).find(text, most)
    names = [each.tool.operation for each in found]
    assert len(names) <= most and len(names) == len(set(names))


@given(st.randoms(use_true_random=False))
def test_what_is_found_does_not_hang_on_the_order_of_the_tools(chance: random.Random) -> None:
    shuffled = list(LIBRARY)
    chance.shuffle(shuffled)
    assert operations(ToolIndex(shuffled).find("birthday", 1)) == ["GET /author/{author_id}"]
