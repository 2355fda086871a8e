"""Read secrets from a HashiCorp Vault, or what speaks like it: the KV engine, version 2.

Source: Vault's HTTP API, `GET /v1/{mount}/data/{path}` with ``X-Vault-Token``. Nothing is kept: a secret that is
changed there is the one that is used next.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from adapters.secrets.places import MOST_BYTES, whole
from adapters.secrets.references import Reference
from commands.ports import Dialer, DialFault, HttpRequest, HttpResponse
from domain.errors import Invalid, Unavailable

_TIMEOUT_MS = 3_000


class _Version(msgspec.Struct):
    data: dict[str, Any] | None = None


class _Answer(msgspec.Struct):
    data: _Version


class Vault:
    """Read from one Vault; its address may be private, for whoever runs Reprise configured it."""

    def __init__(self, dialer: Dialer, url: str, token: Callable[[], Awaitable[str]]) -> None:
        self._dialer = dialer
        self._url = url.rstrip("/")
        self._token = token

    async def read(self, reference: Reference) -> str:
        """Return one field of a secret; raises Invalid, Unavailable."""
        if not self._url:
            raise Invalid("Expected the address of a Vault in REPRISE_VAULT__URL, but it is not set.")
        response = await self._ask(reference, await self._token())
        named = f"vault:{reference.where}"
        if response.status in (403, 404):
            reason = "is not there" if response.status == 404 else "may not be read with this token"
            raise Invalid(f"Expected a secret at {named}, but it {reason}.")
        if response.status != 200:
            raise Unavailable(f"Expected a secret from {named}, but the Vault answered {response.status}.")
        return _field(response, reference, named)

    async def _ask(self, reference: Reference, token: str) -> HttpResponse:
        mount, _, path = reference.where.partition("/")
        request = HttpRequest(
            method="GET",
            url=f"{self._url}/v1/{mount}/data/{path}",
            origin=self._url,
            headers=(("x-vault-token", token), ("x-vault-request", "true")),
            timeout_ms=_TIMEOUT_MS,
            max_bytes=MOST_BYTES * 16,
            allow_private=True,
        )
        try:
            return await self._dialer.send(request)
        except DialFault as fault:
            reason = "it may not be dialled" if fault.refused else "no whole answer came"
        except Exception as fault:
            reason = f"a fault of ours came in between, {type(fault).__name__}"
        # Said outside of the handlers: what a fault has to say may hold the token.
        raise Unavailable(f"Expected a secret from vault:{reference.where} at {self._url}, but {reason}.")


def _field(response: HttpResponse, reference: Reference, named: str) -> str:
    try:
        fields = msgspec.json.decode(response.body, type=_Answer).data.data or {}
    except msgspec.DecodeError:
        fields = None
    if fields is None:
        raise Unavailable(f"Expected a secret from {named}, but the answer is not that of a KV engine, version 2.")
    value = fields.get(reference.key)
    if not isinstance(value, str):
        raise Invalid(f"Expected a text under {reference.key} at {named}, but there is none.")
    return whole(value, f"{named}#{reference.key}")
