"""Serve the JSON Schema of every stored event, and of what goes in and out around a tool call."""

from difflib import get_close_matches
from typing import Any, Literal, cast

from litestar import Response, get
from litestar.params import FromPath

from api.answers import Output, answer
from api.schemas.files import schemas
from domain.errors import NotFound

MEDIA_TYPE = "application/schema+json"


class SchemaShown(Output, frozen=True, kw_only=True):
    """Name a schema: an event by its topic, a payload by its name; ``href`` is where it is."""

    type: str
    kind: Literal["event", "payload"]
    description: str
    href: str


class SchemaList(Output, frozen=True, kw_only=True):
    """List all schemas: events, then payloads, each by name."""

    schemas: tuple[SchemaShown, ...]


@get("/schemas", opt={"open": True}, tags=["schemas"], sync_to_thread=False)
def list_schemas() -> Response[SchemaList]:
    """List the schemas of all events, in every version that is still read, and of payloads."""
    shown = tuple(
        SchemaShown(
            type=name,
            kind="event" if head.event else "payload",
            description=head.description.partition("\n")[0],
            href=f"/schemas/{name}",
        )
        for name, head in schemas().items()
    )
    return answer(SchemaList(schemas=shown))


@get("/schemas/{type:str}", opt={"open": True}, tags=["schemas"], media_type=MEDIA_TYPE, sync_to_thread=False)
def show_schema(type: FromPath[str]) -> Response[dict[str, Any]]:
    """Give one schema, JSON Schema of 2020-12: a stored event with its envelope, or a payload."""
    head = schemas().get(type)
    if head is None:
        near = get_close_matches(type, schemas(), n=3, cutoff=0.5)
        hint = f"perhaps {' or '.join(near)}; " if near else ""
        raise NotFound(f"Expected a type that is published, but got {type[:100]!r}: {hint}/schemas lists them all.")
    shown: Any = Response(head.text, media_type=MEDIA_TYPE)  # as it is committed, byte for byte
    return cast(Response[dict[str, Any]], shown)
