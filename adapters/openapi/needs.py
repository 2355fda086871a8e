"""Say in words which credentials an operation needs."""

from adapters.openapi.model import Need, Operation


def needed(operation: Operation) -> str:
    """Return the alternatives in words, the same for the same ones in any order."""
    if not operation.needs:
        return "what its document does not say"
    return " or ".join(sorted(map(_alternative, operation.needs)))


def _alternative(needs: tuple[Need, ...]) -> str:
    return " and ".join(sorted(map(_need, needs))) or "no credentials"


def _need(need: Need) -> str:
    return f"{need.scheme} ({', '.join(sorted(need.scopes))})" if need.scopes else need.scheme
