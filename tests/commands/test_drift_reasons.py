"""Say why arguments that made a request make none any more, from what the two tools take."""

from typing import Any

import pytest

from commands.drift.arguments import refused
from domain.catalog.events import Tool
from domain.encoding import foreign


def tool(required: tuple[str, ...] = (), **places: tuple[str, ...]) -> Tool:
    """Return a tool that takes these arguments in these places, some of which it needs."""
    groups = {
        place: {"type": "object", "properties": {name: {} for name in names}, "required": [*required]}
        for place, names in places.items()
    }
    view = {"type": "object", "properties": groups, "required": [place for place in places if required]}
    return Tool(
        name="look",
        api="shop",
        operation="GET /things",
        document="d",
        description="",
        effect_class="read",
        repeatable=True,
        parameters=foreign(view),
    )


UNEXPECTED = "/query: Additional properties are not allowed ('search' was unexpected)"


@pytest.mark.parametrize(
    ("now", "problems", "expected"),
    [
        (tool(query=("limit",)), [UNEXPECTED], [("argument-gone", "/query/search", "no longer taken")]),
        (tool(query=(), header=("search",)), [UNEXPECTED], [("argument-moved", "/query/search", "but in the header")]),
        (
            tool(("q",), query=("q",)),
            [UNEXPECTED, "/query: 'q' is a required property"],
            [("argument-gone", "/query/search", "renamed"), ("argument-required", "/query/q", "new and required")],
        ),
        (
            tool(("limit",), query=("search", "limit")),
            ["/query: 'limit' is a required property"],
            [("argument-required", "/query/limit", "is required now")],
        ),
        (
            tool(query=("search",)),
            ["/query/search: 7 is not a string"],
            [("argument-refused", "/query/search", "7 is")],
        ),
        (
            tool(("key",), query=("search",), header=("key",)),
            ["/: 'header' is a required property"],
            [("argument-required", "/header/key", "new and required")],
        ),
        # A view that was cut short says nothing about what it leaves out.
        (tool(), ["/query/search: 7 is not a string"], [("argument-refused", "/query/search", "7 is")]),
    ],
)
def test_each_reason_has_its_cause_and_its_place(now: Tool, problems: list[str], expected: list[Any]) -> None:
    before = tool(query=("search", "limit"))
    found = refused(foreign({"query": {"search": "mug"}}), problems, before, now)
    assert [(each.cause, each.pointer) for each in found] == [(cause, place) for cause, place, _ in expected]
    assert all(words in each.message for each, (_, _, words) in zip(found, expected, strict=True))
