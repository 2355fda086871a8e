"""Give tools names that no other API's tools have, for good.

A document names its own tools apart from one another. Where another API has a name already, the later one's tool gets
its API's name in front; names that were given once never change, whatever else is registered.
"""

from collections.abc import Collection, Sequence
from itertools import count

from msgspec.structs import replace

from domain.catalog.events import Tool
from domain.catalog.state import Catalog
from domain.ids import derive

LONGEST = 64
_MARK = 8


def settled(catalog: Catalog, api: str, tools: Sequence[Tool]) -> tuple[Tool, ...]:
    """Return the tools of an API's new revision under the names that they keep."""
    own = catalog.names.get(api, {})
    given = {name for names in catalog.names.values() for name in names.values()}
    wanted = {tool.name for tool in tools}
    named = []
    for tool in tools:
        name = own.get(tool.operation) or (tool.name if tool.name not in given else "")
        named.append(replace(tool, name=name or _qualified(api, tool, given | wanted)))
    return tuple(named)


def _qualified(api: str, tool: Tool, taken: Collection[str]) -> str:
    """Return a tool's name behind its API's; where that is too long or taken, both cut, and a mark behind them."""
    prefix = api.replace("-", "_")
    whole = f"{prefix}_{tool.name}"
    if len(whole) <= LONGEST and whole not in taken:
        return whole
    short = whole[: LONGEST - _MARK - 2].rstrip("_")
    marked = (f"{short}__{derive(api, tool.operation, number)[:_MARK]}" for number in count())
    return next(name for name in marked if name not in taken)
