"""Give a mutation what every write has beside its input: who, the idempotency key, the caller's span."""

from collections.abc import Sequence
from typing import Any

from strawberry import UNSET

from api.graphql.context import Info
from api.writes import check_key, write_context
from commands.authorize import Action
from domain.encoding import digest
from domain.envelope import Context
from domain.errors import Invalid


def context_of_write(info: Info, action: Action, given: Any, key: str | None) -> Context:
    """Return the context of a command; ``given`` is all that it was told. Raises Forbidden, Invalid."""
    check_key(key)
    services, principal = info.context.services, info.context.principal
    request, traceparent = digest([info.field_name, given]), info.context.traceparent
    return write_context(services, principal, action, key=key, request_digest=request, traceparent=traceparent)


def said(source: object) -> dict[str, Any]:
    """Return the fields of an input that were given."""
    return {name: value for name, value in vars(source).items() if value is not UNSET}


def one_of(words: Sequence[str], word: str | None, what: str) -> None:
    """Raise Invalid for a word that is said and is none of those that are known."""
    if word is not None and word not in words:
        raise Invalid(f"Expected {what} out of {', '.join(words)}, but got {word[:100]!r}.")
