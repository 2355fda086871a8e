"""Cut answers into pages: connections with cursors that are bound to the log."""

from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeAlias, TypeVar

import strawberry
from strawberry import field

from api.positions import cursor
from domain.errors import Invalid

MOST_NODES = 500

Node = TypeVar("Node")
Found = TypeVar("Found")

First: TypeAlias = Annotated[int, strawberry.argument(description=f"At most so many, from 1 to {MOST_NODES}.")]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The cursor behind which to go on; from the beginning without it.")
]


@strawberry.type(description="Says where a page ends.")
class PageInfo:
    has_next_page: bool = field(description="Whether more may follow: after large nodes, a page may be empty.")
    end_cursor: str | None = field(description="The cursor of the last node, for `after`; null on an empty page.")


@strawberry.type(description="A node with its cursor.")
class Edge(Generic[Node]):
    cursor: str = field(description="Where this node stands, for `after`.")
    node: Node = field(description="What stands there.")


@strawberry.type(description="A page of nodes.")
class Connection(Generic[Node]):
    nodes: list[Node] = field(description="What stands on this page, without cursors.")
    edges: list[Edge[Node]] = field(description="What stands on this page, each with its cursor.")
    page_info: PageInfo = field(description="Whether there is more, and from where.")


def bounded(first: int) -> int:
    """Return how many are wanted; raise Invalid."""
    if not 1 <= first <= MOST_NODES:
        raise Invalid(f"Expected `first` from 1 to {MOST_NODES}, but got {first}: ask for less, and follow the cursor.")
    return first


def page(
    found: Sequence[Found], first: int, cursor_of: Callable[[Found], str], *, cut: bool = False
) -> Connection[Found]:
    """Return the first of what was found as a page; one more was read than is wanted, to see whether it goes on.

    Where reading was ``cut`` short it may go on all the same.
    """
    edges = [Edge(cursor=cursor_of(each), node=each) for each in found[:first]]
    info = PageInfo(has_next_page=cut or len(found) > first, end_cursor=edges[-1].cursor if edges else None)
    return Connection(nodes=list(found[:first]), edges=edges, page_info=info)


def keyed(log_id: str, *keys: Callable[[Found], str | int]) -> Callable[[Found], str]:
    """Return what writes the cursor of a row by its keys."""
    return lambda row: cursor(log_id, *(key(row) for key in keys))
