"""Keep the members of one parameter apart from other parameters."""

from collections.abc import Iterable
from urllib.parse import unquote

from adapters.openapi.model import Operation, Parameter
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.styles import Pair


def joined_apart(operation: Operation, written: Iterable[tuple[Parameter, list[Pair]]], separator: str) -> str:
    """Join what parameters of one place add; raises Unbuildable where a member would pass for another parameter."""
    texts = []
    for parameter, found in written:
        at = f"/{parameter.place}/{parameter.name}"
        if parameter.required and not found:
            raise Unbuildable(f"{at}: expected at least one member, for its style cannot write an empty value")
        others = {each.name for each in operation.parameters if each.place == parameter.place} - {parameter.name}
        taken = next((name for name, _ in found if unquote(name) in others), None)
        if taken is not None:
            raise Unbuildable(f"{at}: expected no member {unquote(taken)!r}, for another parameter has that name")
        texts += [f"{name}={text}" for name, text in found]
    return separator.join(texts)
