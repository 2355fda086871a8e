"""Know where a model is that somebody serves over HTTP: ``KIND:NAME@BASE_URL``.

The base URL includes the version (``https://api.example.com/v1``). Its address may be private: whoever runs Reprise
configured it.
"""

import re
from urllib.parse import urlsplit

import msgspec

from commands.ports import HttpRequest
from domain.errors import Invalid

_NAME = re.compile(r"(?P<kind>\w+):(?P<name>.+)@(?P<base>https?://[^\s@?#]+)")
_MAX_ANSWER = 8 * 1024 * 1024
_JSON = ("content-type", "application/json")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Name a model as its server knows it, and the server's base URL without a slash at its end."""

    name: str
    base: str

    def post(
        self,
        path: str,
        headers: tuple[tuple[str, str], ...],
        body: object,
        *,
        accept: str,
        timeout_ms: int,
        idle_ms: int = 60_000,
    ) -> HttpRequest:
        """Return the request that asks something of the model's server."""
        base = urlsplit(self.base)
        return HttpRequest(
            method="POST",
            url=f"{self.base}{path}",
            origin=f"{base.scheme}://{base.netloc}",
            headers=(_JSON, ("accept", accept), *headers),
            body=msgspec.json.encode(body),
            timeout_ms=timeout_ms,
            idle_ms=idle_ms,
            max_bytes=_MAX_ANSWER,
            allow_private=True,
        )


def endpoint_of(model: str) -> Endpoint:
    """Read a model's whole name; raises Invalid."""
    found = _NAME.fullmatch(model)
    if found is None or not _hostname(found["base"]):
        kind = model.partition(":")[0]
        raise Invalid(f"Expected {kind}:NAME@BASE_URL, such as {kind}:small@http://127.0.0.1:80/v1; got {model!r}.")
    return Endpoint(name=found["name"], base=found["base"].rstrip("/"))


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
