"""Read the committed schemas, which are what is served."""

from functools import cache
from importlib.resources import files

import msgspec

FOLDER = files("api.schemas")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a schema says about itself; ``text`` is the whole of it."""

    title: str
    description: str
    event: bool
    text: bytes


@cache
def schemas() -> dict[str, Head]:
    """Return every schema by the name of its type: events, then payloads."""
    return {head.title: head for kind in ("events", "payloads") for head in _folder(kind)}


@cache
def graphql_schema() -> str:
    """Return the GraphQL schema in its own language."""
    return FOLDER.joinpath("schema.graphql").read_text("utf-8")


def _folder(kind: str) -> list[Head]:
    files = [each for each in FOLDER.joinpath(kind).iterdir() if each.name.endswith(".json")]
    return [_head(each.read_bytes(), event=kind == "events") for each in sorted(files, key=lambda each: each.name)]


def _head(text: bytes, *, event: bool) -> Head:
    schema = msgspec.json.decode(text)
    return Head(title=schema["title"], description=schema["description"], event=event, text=text)
