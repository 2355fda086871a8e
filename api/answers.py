"""Encode answers: camelCase, every digit kept, with the ETag of what was read or written."""

from typing import TypeVar, cast

import msgspec
from litestar import Response

from domain.encoding import encode

T = TypeVar("T")
V = TypeVar("V", bound=msgspec.Struct)


class Output(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Be the parent of everything that goes out: camelCase outside."""


def answer(value: T, *, status: int = 200, etag: str | int = "", location: str = "") -> Response[T]:
    """Answer with a value as JSON."""
    headers = {}
    if etag != "":
        headers["ETag"] = f'"{etag}"'
    if location:
        headers["Location"] = location
    # Encoded here and not by the framework, which would write foreign numbers as strings.
    return Response(cast(T, encode(value)), status_code=status, media_type="application/json", headers=headers)


def view(kind: type[V], source: msgspec.Struct, **changed: object) -> V:
    """Show what was found in the form of the outside: fields of the same name, and those that are given."""
    given = {name: getattr(source, name) for name in kind.__struct_fields__ if name not in changed}
    return kind(**given, **changed)
