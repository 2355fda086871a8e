"""Put credentials into a request; what the request itself says in such a place gives way."""

import re
from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import quote, unquote_plus

from msgspec.structs import replace

from adapters.openapi.auth.choosing import Use, place_of
from adapters.openapi.auth.redacting import PLACEHOLDER
from commands.ports import HttpRequest
from domain.catalog.events import Binding
from domain.errors import Invalid

SHORTEST = 4
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_COOKIE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+")
_TEXT = re.compile(r"[^\x00-\x1f\x7f]+")


def check_secret(binding: Binding, secret: str) -> None:
    """Raise Invalid, without the secret, where it cannot travel as it is bound, or is too short to be found again."""
    named = f"the secret at {binding.reference}"
    if len(secret) < SHORTEST:
        raise Invalid(f"Expected {named} to have at least {SHORTEST} characters, but it has fewer.")
    if binding.kind == "basic" and not (":" in secret and _TEXT.fullmatch(secret)):
        raise Invalid(f"Expected {named} to be USER:PASSWORD in one line.")
    if binding.kind == "client-credentials" and not _TEXT.fullmatch(secret):
        raise Invalid(f"Expected {named} to be one line.")
    form = {"header": _VISIBLE, "cookie": _COOKIE, "query": _TEXT}.get(place_of(binding)[0], _TEXT)
    if binding.kind in ("api-key", "bearer") and not form.fullmatch(secret):
        raise Invalid(
            f"Expected {named} to be what may stand in a {place_of(binding)[0]}, without blanks and controls."
        )


def placed(request: HttpRequest, binding: Binding, value: str) -> HttpRequest:
    """Return the request with a credential in its place; ``value`` is the secret, or a token."""
    match binding.kind, binding.place:
        case "basic", _:
            return _with_header(request, "authorization", f"Basic {basic(value)}")
        case (("bearer" | "client-credentials"), _):
            return _with_header(request, "authorization", f"Bearer {value}")
        case _, "query":
            return _with_query(request, binding.field, value)
        case _, "cookie":
            return _with_cookie(request, binding.field, value)
        case _:
            return _with_header(request, binding.field, value)


def shown(
    url: str, headers: tuple[tuple[str, str], ...], uses: Sequence[Use]
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the URL and the headers that a call would have, with a placeholder for each credential."""
    request = HttpRequest(method="", url=url, origin="", headers=headers)
    for use in uses:
        request = placed(request, use.binding, PLACEHOLDER)
    return request.url, request.headers


def basic(pair: str) -> str:
    """Encode user and password as HTTP's basic scheme does (RFC 7617)."""
    return b64encode(pair.encode()).decode()


def _with_header(request: HttpRequest, name: str, value: str) -> HttpRequest:
    others = [each for each in request.headers if each[0].lower() != name.lower()]
    return replace(request, headers=(*others, (name, value)))


def _with_query(request: HttpRequest, name: str, value: str) -> HttpRequest:
    address, _, query = request.url.partition("?")
    others = [pair for pair in query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name]
    pair = f"{quote(name, safe='')}={quote(value, safe='')}"
    return replace(request, url=f"{address}?{'&'.join([*others, pair])}")


def _with_cookie(request: HttpRequest, name: str, value: str) -> HttpRequest:
    given = [pair for key, text in request.headers if key.lower() == "cookie" for pair in text.split("; ")]
    others = [pair for pair in given if pair.partition("=")[0].strip() != name]
    return _with_header(request, "cookie", "; ".join([*others, f"{name}={value}"]))
