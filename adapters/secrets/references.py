"""Read references of secrets: ``env:NAME``, ``file:/PATH`` or ``vault:PATH#KEY``."""

import re
from typing import Literal, cast

import msgspec

from domain.errors import Invalid

EXPECTED = "a reference, env:NAME, file:/PATH or vault:PATH#KEY, and not the secret itself"
_FORMS = {
    "env": re.compile(r"(?P<where>[A-Za-z_][A-Za-z0-9_]{0,127})"),
    "file": re.compile(r"(?P<where>(?:/[^/\x00-\x1f\x7f]+)+)"),
    "vault": re.compile(r"(?P<where>[A-Za-z0-9_-]+(?:/[A-Za-z0-9_.@+=-]+)+)#(?P<key>[A-Za-z0-9_.-]{1,128})"),
}
_MOST_CHARACTERS = 1_000


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Say where a secret is; ``key`` names a field of a secret in a Vault."""

    kind: Literal["env", "file", "vault"]
    where: str
    key: str = ""


def read_reference(text: str) -> Reference:
    """Read a reference; raises Invalid, without the text, for who mistook it may have written the secret."""
    kind, _, rest = text.partition(":")
    found = _FORMS[kind].fullmatch(rest) if kind in _FORMS and len(text) <= _MOST_CHARACTERS else None
    if found is None:
        raise Invalid(f"Expected {EXPECTED}.")
    if any(part in (".", "..") for part in found["where"].split("/")):
        raise Invalid(f"Expected a reference without dot segments in its {kind} path.")
    parts = found.groupdict()
    known = cast(Literal["env", "file", "vault"], kind)
    return Reference(kind=known, where=parts["where"], key=parts.get("key") or "")
