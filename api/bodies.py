"""Read request bodies strictly: JSON, exactly the fields that are known, every digit kept."""

import asyncio
import json
from typing import Any, TypeVar

import msgspec
from litestar import Request

from api.problems import TooSlow, WrongMediaType
from domain.errors import Invalid

Body = TypeVar("Body", bound=msgspec.Struct)
BODY_SECONDS = 60.0


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Be the parent of everything that comes in as a body: camelCase outside, unknown fields refused."""


async def body_of(request: Request[Any, Any, Any], kind: type[Body]) -> Body:
    """Return the request's body; an empty one stands for no fields.

    Raises Invalid, WrongMediaType, TooLarge, TooSlow.
    """
    data = await received(request)
    if data:
        check_media_type(request)
    _refuse_doubled_keys(data or b"{}")
    try:
        return msgspec.json.decode(data or b"{}", type=kind)
    except msgspec.MsgspecError as fault:
        raise Invalid(f"Expected the body that /openapi.json describes, but: {fault}.") from fault


async def received(request: Request[Any, Any, Any]) -> bytes:
    """Return a request's body as it came; raises TooLarge, and TooSlow where it does not come in time."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.body()
    except TimeoutError as fault:
        raise TooSlow(f"Expected the whole body within {BODY_SECONDS:g} seconds: send it again, in one go.") from fault


def check_media_type(request: Request[Any, Any, Any]) -> None:
    """Raise WrongMediaType where a body is announced as anything but JSON, as a page elsewhere can without asking."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != "application/json":
        raise WrongMediaType(
            f"Expected a body of application/json, but {given[:100] or 'no content type'!r} was named."
        )


def _refuse_doubled_keys(data: bytes) -> None:
    """Refuse an object that says one thing twice: two readers would understand it differently."""
    try:
        json.loads(data, object_pairs_hook=_object, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as fault:
        raise Invalid(f"Expected a body of JSON, but {fault}.") from fault


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in found if names.count(name) > 1)
        raise Invalid(f"Expected each field once, but {doubled[:100]!r} stands twice in one object.")
    return found
