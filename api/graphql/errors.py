"""Say in GraphQL's form what went wrong: our own messages with a code, and nothing of what nobody foresaw."""

import logging
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError

from api.problems import kind_of
from domain.errors import RepriseError

LOGGER = logging.getLogger("reprise.graphql")
DOCUMENT = "INVALID"
"""Is the code of everything that is wrong with a document itself, as GraphQL's own messages say."""


class Resynced(RepriseError):
    """Tell a reader that was too slow from where to come back."""

    def __init__(self, after: str):
        super().__init__("Expected a reader that keeps up, but this one did not: come back with the position `after`.")
        self.after = after


def shown(faults: Sequence[GraphQLError]) -> list[dict[str, Any]]:
    """Return errors as they go out; what nobody foresaw is logged, and masked."""
    return [_shown(fault) for fault in faults]


def _shown(fault: GraphQLError) -> dict[str, Any]:
    message, extensions = _explained(fault)
    found: dict[str, Any] = {"message": message, "extensions": extensions}
    if fault.locations:
        found["locations"] = [{"line": each.line, "column": each.column} for each in fault.locations]
    if fault.path:
        found["path"] = fault.path
    return found


def _explained(fault: GraphQLError) -> tuple[str, dict[str, Any]]:
    match cause_of(fault):
        case None:
            return fault.message, {"code": DOCUMENT}
        case Resynced(after=after) as slow:
            return str(slow), {"code": "RESYNC", "after": after}
        case RecursionError():
            return "Expected a document that is not nested so deeply: ask for less in it.", {"code": DOCUMENT}
        case RepriseError() as ours:
            return str(ours), {"code": code_of(ours)}
        case unforeseen:
            LOGGER.error("An operation failed at %s", fault.path, exc_info=unforeseen)
            return "Expected an answer, but the service failed: its log has the details.", {"code": "INTERNAL"}


def cause_of(fault: GraphQLError) -> BaseException | None:
    """Return what an error was before GraphQL wrapped it; None where the document itself is wrong."""
    cause: BaseException | None = fault
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def code_of(fault: RepriseError) -> str:
    """Return the code of an error of ours: the name of its problem, as GraphQL writes codes."""
    return kind_of(fault).name.upper().replace("-", "_")


def wrapped(fault: Exception) -> GraphQLError:
    """Return an error that happened outside GraphQL as one of its own."""
    return GraphQLError(str(fault), original_error=fault)
