"""Name tools so that a model can call them: ``[a-z0-9_]{1,64}``, unique, the same in any order of the document."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from adapters.openapi.model import Operation

LONGEST = 64
_HASH = 8


def tool_names(operations: Sequence[Operation]) -> list[str]:
    """Return a name for each operation: its operationId in snake case, or where that does not do, its path's."""
    wanted = [snake(operation.operation_id) for operation in operations]
    counts = Counter(wanted)
    return [
        name if 0 < len(name) <= LONGEST and counts[name] == 1 and not _reserved(name) else path_name(operation)
        for name, operation in zip(wanted, operations, strict=True)
    ]


def path_name(operation: Operation) -> str:
    """Return a name from method and path that ends in a hash of both."""
    mark = hashlib.sha256(operation.name.encode()).hexdigest()[:_HASH]
    return f"{snake(operation.name)[: LONGEST - _HASH - 2].rstrip('_')}__{mark}"


def snake(text: str) -> str:
    """Return a text in snake case: ``listOrdersByID`` becomes ``list_orders_by_id``."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_")


def _reserved(name: str) -> bool:
    # Only names made from a path hold two underscores, so the two kinds never meet.
    return "__" in name
