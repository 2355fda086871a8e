"""Choose which bound schemes satisfy what an operation needs; no secret is read for it."""

import shlex
from collections import Counter
from collections.abc import Collection, Sequence

import msgspec

from adapters.openapi.model import Need, Operation
from domain.catalog.bindings import in_clear, origin_of
from domain.catalog.events import Binding
from domain.catalog.state import Document


class Unmet(Exception):
    """Say what an operation needs and does not have."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """Use a binding for one call, with exactly these scopes."""

    binding: Binding
    scopes: tuple[str, ...] = ()


def choose(operation: Operation, document: Document, bindings: Sequence[Binding], server: str = "") -> tuple[Use, ...]:
    """Return the first alternative whose schemes are all bound, and its scopes granted; raises Unmet.

    An alternative without schemes comes last: what was bound was bound to be used. Where the document does not say
    what an operation needs, it gets what was bound for that. For an operation with a ``server`` of its own at another
    place only those count that were bound for that place.
    """
    base_url = server or document.base_url
    origin = origin_of(base_url)
    beside = origin != origin_of(document.base_url)
    here = [each for each in bindings if (each.beside and each.origin == origin if beside else not each.beside)]
    if operation.needs:
        place = f" --origin {shlex.quote(origin)}" if beside else ""
        uses = _alternative(operation, document, {each.scheme: each for each in here}, place)
    else:
        uses = tuple(Use(binding=each) for each in here if each.unasked)
    _check_places(uses)
    for use in uses:
        _check_origin(use.binding, document, base_url)
    return uses


def _alternative(operation: Operation, document: Document, bound: dict[str, Binding], place: str) -> tuple[Use, ...]:
    needs, tool = operation.needs, document.operation(operation.name)
    scopes = {*document.scopes, *(tool.scopes if tool else ())}
    ready = [each for each in needs if all(need.scheme in bound for need in each)]
    if not ready:
        raise Unmet(_unbound(needs, document, bound, place))
    granted = [each for each in ready if not _lacking(each, scopes)]
    if not granted:
        lacking = ", ".join(_lacking(ready[0], scopes))
        raise Unmet(
            f"it needs the scope {lacking}, which was not granted to {document.api}: register the API again with "
            f"--scopes that name it, or grant it to the tool by `reprise tools set --scopes`, if its agents may do that"
        )
    chosen = next((each for each in granted if each), ())
    return tuple(Use(binding=bound[need.scheme], scopes=tuple(sorted(set(need.scopes)))) for need in chosen)


def _lacking(alternative: tuple[Need, ...], granted: Collection[str]) -> list[str]:
    return sorted({scope for need in alternative for scope in need.scopes} - set(granted))


def _unbound(needs: Sequence[tuple[Need, ...]], document: Document, bound: dict[str, Binding], place: str) -> str:
    ways = " or ".join(" and ".join(need.scheme for need in each) for each in needs)
    missing = next(need.scheme for need in needs[0] if need.scheme not in bound)
    api, scheme = shlex.quote(document.api), shlex.quote(missing)
    return (
        f"it needs the credential {ways}, which is not bound: "
        f"`reprise tools bind {api} {scheme} env:REPRISE_SECRET_…{place}`"
    )


def _check_places(uses: tuple[Use, ...]) -> None:
    counts = Counter(place_of(use.binding) for use in uses)
    for (place, field), count in counts.items():
        if count > 1:
            raise Unmet(f"it would carry {count} credentials in the {place} {field}: unbind one of them")


def _check_origin(binding: Binding, document: Document, base_url: str) -> None:
    origin = origin_of(base_url)
    if binding.origin != origin:
        raise Unmet(
            f"the scheme {binding.scheme} was bound for {binding.origin}, but the API is at {origin}: bind it again, "
            "if that place may have the credential"
        )
    for url in filter(None, (base_url, binding.token_url)):
        if reason := in_clear(url, private=document.allow_private):
            raise Unmet(f"its credential cannot be sent to {origin_of(url)}: {reason}; bind it for an https address")


def place_of(binding: Binding) -> tuple[str, str]:
    """Return where in a request a credential travels, and under which name."""
    return (binding.place, binding.field.lower()) if binding.kind == "api-key" else ("header", "authorization")
