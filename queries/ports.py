"""Name what questions are asked of: the read models' tables, through named statements."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class ReadStore(Protocol):
    """Answer named statements over the read models; raises Unavailable."""

    async def fetch(self, statement: str, **values: Any) -> Sequence[Mapping[str, Any]]:
        """Return a statement's rows, each as its columns by name."""
        ...
