"""Name tools so that a model can call them: ``[a-z0-9_]{1,64}``, unique, the same in any order of the document.

An operation keeps its name whatever is added beside it or removed, unless that has the same operationId.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from adapters.openapi.model import Operation

LONGEST = 64
RESERVED = "reprise_"
"""Begins the names of what is no operation of a document; no document's tool begins so."""
_HASH = 8
_LONG_HASH = 32


def tool_names(operations: Sequence[Operation]) -> list[str]:
    """Return a name for each operation: its operationId in snake case, or where that does not do, its path's."""
    wanted = [snake(operation.operation_id) for operation in operations]
    several = _several(wanted)
    by_path = _path_names([each for each, name in zip(operations, wanted, strict=True) if not _does(name, several)])
    return [name if _does(name, several) else by_path[each.name] for each, name in zip(operations, wanted, strict=True)]


def _does(name: str, several: frozenset[str]) -> bool:
    # Only names made from a path hold two underscores, so the two kinds never meet.
    return 0 < len(name) <= LONGEST and "__" not in name and not name.startswith(RESERVED) and name not in several


def _path_names(operations: Iterable[Operation]) -> dict[str, str]:
    short = {each.name: path_name(each.name, _HASH) for each in operations}
    several = _several(short.values())
    return {name: path_name(name, _LONG_HASH) if made in several else made for name, made in short.items()}


def path_name(operation: str, digits: int = _HASH) -> str:
    """Return a name from ``METHOD path`` that ends in so many digits of a hash of both."""
    mark = hashlib.sha256(operation.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    return f"{snake(operation)[: LONGEST - digits - 2].rstrip('_')}__{mark}"


def snake(text: str) -> str:
    """Return a text in snake case: ``listOrdersByID`` becomes ``list_orders_by_id``."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")


def _several(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name, times in Counter(names).items() if times > 1)
