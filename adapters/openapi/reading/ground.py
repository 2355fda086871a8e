"""Say where in a document a reader stands, and collect what it finds odd there."""

from typing import Any

import msgspec

from adapters.openapi.model import Finding
from domain.pointers import pointer


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """Stand at a place (a JSON pointer) of a document; ``operation`` is the one that is read, ``METHOD path``."""

    tree: dict[str, Any]
    found: list[Finding]
    place: str = ""
    operation: str = ""

    @property
    def swagger(self) -> bool:
        """Tell whether the document speaks Swagger 2.0."""
        return "swagger" in self.tree

    def at(self, *tokens: object) -> "Ground":
        """Stand deeper in the document."""
        return Ground(tree=self.tree, found=self.found, place=self.place + pointer(*tokens), operation=self.operation)

    def warn(self, message: str, place: str = "") -> None:
        """Note what does not keep an operation from being called."""
        self.found.append(
            Finding(severity="warning", place=place or self.place, message=message, operation=self.operation)
        )
