"""Exchange a client's own credentials for short-lived tokens: OAuth2's flow for services (RFC 6749, section 4.4).

A token is asked for with the scopes of one operation and no others, and one that is given with others is not used.
"""

import asyncio
import math
import re
import time
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import quote_plus, urlencode

import msgspec

from adapters.openapi.auth.redacting import Redactor
from commands.ports import Dialer, DialFault, HttpRequest, HttpResponse
from domain.catalog.bindings import origin_of
from domain.catalog.events import Binding
from domain.errors import Unavailable

TIMEOUT_MS = 4_000
_MOST_BYTES = 64 * 1024
_MOST_TOKENS = 1_000
_UNSAID_SECONDS = 300.0
_TOKEN = re.compile(r"[\x21-\x7e]{4,16384}")
_ERROR = re.compile(r"[a-z_]{1,40}")


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Ask for a token; equal questions share one token."""

    tenant: str
    api: str
    binding: Binding
    scopes: tuple[str, ...]
    allow_private: bool


class _Answer(msgspec.Struct):
    access_token: str
    token_type: str
    expires_in: float | str | None = None
    scope: str | None = None


class _Token(msgspec.Struct, frozen=True):
    text: str
    until: float


class Exchange:
    """Keep tokens until shortly before they end; one request at a time asks for each, and all wait for it."""

    def __init__(self, dialer: Dialer, now: Callable[[], float] = time.monotonic) -> None:
        self._dialer = dialer
        self._now = now
        self._tokens: OrderedDict[Ask, _Token] = OrderedDict()
        self._asked: dict[Ask, asyncio.Task[_Token]] = {}

    async def token(self, ask: Ask, secret: str) -> str:
        """Return a token; raises Unavailable with a reason that names no secret."""
        held = self._tokens.get(ask)
        if held and self._now() < held.until:
            self._tokens.move_to_end(ask)
            return held.text
        asking = self._asked.get(ask)
        if asking is None:
            asking = self._asked[ask] = asyncio.create_task(self._fetch(ask, secret))
            asking.add_done_callback(lambda task: self._answered(ask, task))
        return (await asyncio.shield(asking)).text

    def drop(self, ask: Ask, token: str) -> None:
        """Forget a token that was not taken, unless another is held by now."""
        if ask in self._tokens and self._tokens[ask].text == token:
            del self._tokens[ask]

    def _answered(self, ask: Ask, task: asyncio.Task[_Token]) -> None:
        self._asked.pop(ask, None)
        if task.cancelled() or task.exception():
            return
        self._tokens[ask] = task.result()
        while len(self._tokens) > _MOST_TOKENS:
            self._tokens.popitem(last=False)

    async def _fetch(self, ask: Ask, secret: str) -> _Token:
        began = self._now()
        response = await self._send(_request(ask, secret), ask)
        if response.status != 200:
            raise Unavailable(_refusal(ask, response, Redactor([secret])))
        try:
            answer = msgspec.json.decode(response.body, type=_Answer)
        except msgspec.DecodeError:
            answer = None
        if answer is None or answer.token_type.lower() != "bearer" or not _TOKEN.fullmatch(answer.access_token):
            raise Unavailable(f"{_asked_at(ask)}, but the answer holds none that can be used.")
        _check_scopes(ask, answer)
        return _Token(answer.access_token, began + _usable_seconds(answer.expires_in))

    async def _send(self, request: HttpRequest, ask: Ask) -> HttpResponse:
        try:
            return await self._dialer.send(request)
        except DialFault as fault:
            reason = "it may not be dialled" if fault.refused else "no whole answer came"
        except Exception as fault:
            reason = f"a fault of ours came in between, {type(fault).__name__}"
        # Said outside of the handlers: what a fault has to say may hold the secret.
        raise Unavailable(f"{_asked_at(ask)}, but {reason}.")


def _asked_at(ask: Ask) -> str:
    return f"Expected a token of {ask.binding.scheme} from {origin_of(ask.binding.token_url)}"


def _request(ask: Ask, secret: str) -> HttpRequest:
    binding = ask.binding
    form = {"grant_type": "client_credentials", **({"scope": " ".join(ask.scopes)} if ask.scopes else {})}
    headers = [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")]
    if binding.client_auth == "post":
        form |= {"client_id": binding.client_id, "client_secret": secret}
    else:
        pair = f"{quote_plus(binding.client_id)}:{quote_plus(secret)}"
        headers.append(("authorization", f"Basic {b64encode(pair.encode()).decode()}"))
    return HttpRequest(
        method="POST",
        url=binding.token_url,
        origin=origin_of(binding.token_url),
        headers=tuple(headers),
        body=urlencode(form).encode(),
        timeout_ms=TIMEOUT_MS,
        max_bytes=_MOST_BYTES,
        allow_private=ask.allow_private,
    )


def _refusal(ask: Ask, response: HttpResponse, redactor: Redactor) -> str:
    """Say what a token server answered; of its words only an error code of the usual form (RFC 6749, section 5.2)."""
    try:
        said = msgspec.json.decode(response.body, type=dict[str, object]).get("error")
    except msgspec.DecodeError:
        said = None
    code = f" ({redactor.text(said)})" if isinstance(said, str) and _ERROR.fullmatch(said) else ""
    return f"{_asked_at(ask)}, but it answered {response.status}{code}."


def _check_scopes(ask: Ask, answer: _Answer) -> None:
    """Raise Unavailable for a token that may do other things than were asked for."""
    if answer.scope is not None and set(answer.scope.split()) != set(ask.scopes):
        asked = " ".join(ask.scopes) or "no scope"
        raise Unavailable(f"{_asked_at(ask)} with exactly {asked}, but it was given with others, so it is not used.")


def _usable_seconds(expires_in: float | str | None) -> float:
    """Return how long a token is used: until a tenth of its time, at most a minute, is left."""
    try:
        seconds = float(expires_in) if expires_in is not None else _UNSAID_SECONDS
    except ValueError:
        seconds = _UNSAID_SECONDS
    seconds = min(max(seconds, 0.0), 86_400.0) if math.isfinite(seconds) else _UNSAID_SECONDS
    return seconds - min(60.0, seconds / 10)
