"""Serve the documentation: the REST operations, the GraphQL schema, every published type, every type of problem."""

import re
from collections.abc import Container
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from api.docs.calls import operations
from api.docs.html import Html, markup, prose, tag, words
from api.docs.operations import contents, section, type_section
from api.docs.page import page
from api.docs.types import Schema, row, table
from api.explorer.page import HEADERS
from api.problems import BY_NAME, Problem
from api.schemas.files import graphql_schema, schemas
from domain.errors import NotFound

OPEN = {"open": True, "html": True}


@get("/docs", opt=OPEN, include_in_schema=False, sync_to_thread=False)
def rest_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Explain every operation of the REST API."""
    document = request.app.state.openapi()
    found, types = operations(document), document["components"]["schemas"]
    url = str(request.base_url).rstrip("/")
    sections = [section(name, held, types, url) for name, held in found.items()]
    return page("/docs", "REST", [_preface(document), sections, type_section(types)], contents(found, types))


def _preface(document: Schema) -> Html:
    problems, openapi = tag("a", "problem", href="/docs/problems"), tag("a", "/openapi.json", href="/openapi.json")
    return markup(
        [
            prose(document["info"]["description"]),
            prose(
                "A write answers the `position` that it was recorded at; give it as `after`, and what you read is at "
                "least that new. Every write takes an `Idempotency-Key`: the same key with the same request is "
                "carried out once. On this machine no token is needed unless tokens are required; then send "
                "`Authorization: Bearer TOKEN`."
            ),
            prose(
                "To follow a session live, read `/sessions/{session_id}/events` with `Accept: text/event-stream`, open "
                "the WebSocket `/streams/{session_id}?after=POSITION`, or subscribe to `sessionEvents` by GraphQL: "
                "all three begin with what is recorded behind a position and go on with each new event."
            ),
            tag("p", "Every error is a ", problems, ". All of this for programs: ", openapi, "."),
        ]
    )


@get("/docs/graphql", opt=OPEN, include_in_schema=False, sync_to_thread=False)
def graphql_page() -> Response[str]:
    """Show the GraphQL schema, type by type."""
    shown = _definitions()
    listed = [tag("li", tag("a", name, href=f"#type-{name}")) for name in shown]
    blocks = [
        tag("article", tag("h3", name), tag("pre", _linked(text, shown)), id=f"type-{name}")
        for name, text in shown.items()
    ]
    about = prose("`POST /graphql` takes a query; subscriptions go over the WebSocket protocol `graphql-transport-ws`.")
    return page("/docs/graphql", "GraphQL", [about, blocks], [tag("h2", "Types"), tag("ul", listed)])


def _linked(text: str, names: Container[str]) -> Html:
    """Return GraphQL with its descriptions set apart and its types as links."""
    pieces: list[str] = []
    for said, name, other in re.findall(r'("""[\s\S]*?""")|(\w+)|([^\w"]+|")', text):
        linked = tag("a", name, href=f"#type-{name}") if name in names else name
        pieces.append(tag("span", said, class_="aside") if said else linked or other)
    return tag("code", pieces)


@cache
def _definitions() -> dict[str, str]:
    """Return the text of every definition by its name, what can be asked first."""
    from graphql import parse  # which a start of the API need not wait for

    text = graphql_schema()
    found = {each.name.value: text[each.loc.start : each.loc.end] for each in parse(text).definitions}  # type: ignore
    first = [name for name in ("Query", "Mutation", "Subscription") if name in found]
    return {name: found[name] for name in (*first, *sorted({*found} - {*first}))}


@get("/docs/schemas", opt=OPEN, include_in_schema=False, sync_to_thread=False)
def schemas_page() -> Response[str]:
    """List what is published as JSON Schema."""
    shown = {
        title: [
            row(tag("a", name, href=f"/schemas/{name}"), words(head.description.partition("\n")[0]))
            for name, head in schemas().items()
            if head.event == event
        ]
        for title, event in (("Events", True), ("Payloads", False))
    }
    about = prose(
        "JSON Schemas (2020-12) of every event as it is stored, and of what goes in and out around a tool call. "
        "What was once written stays valid: a change that would break it is refused before it is committed."
    )
    sections = [tag("section", tag("h2", title), table(rows)) for title, rows in shown.items()]
    return page("/docs/schemas", "Schemas", [about, sections])


@get("/docs/problems", opt=OPEN, include_in_schema=False, sync_to_thread=False)
def problems_page() -> Response[str]:
    """List the types of problems."""
    rows = [
        row(tag("a", kind.name, href=f"/docs/problems/{kind.name}"), str(kind.status), kind.title)
        for kind in BY_NAME.values()
    ]
    about = prose("Every error is a problem as RFC 9457 defines it, in `application/problem+json`.")
    return page("/docs/problems", "Problems", [about, table(rows)])


@get("/docs/problems/{name:str}", opt=OPEN, media_type="text/html", tags=["system"], sync_to_thread=False)
def problem_page(name: FromPath[str]) -> Response[str]:
    """Explain one type of problem."""
    kind = BY_NAME.get(name)
    if kind is None:
        raise NotFound(f"Expected a type of problem out of {', '.join(BY_NAME)}, but got {name[:100]!r}.")
    path = f"/docs/problems/{kind.name}"
    sample = Problem(type=path, title=kind.title, status=kind.status, detail="…", instance="/…")
    body = [
        prose(f"Problem type `{kind.name}`, HTTP status {kind.status}."),
        tag("h2", "What to do"),
        prose(kind.advice),
        tag("h2", "How it looks"),
        tag("pre", tag("code", msgspec.json.format(msgspec.json.encode(sample)).decode())),
        tag("p", tag("a", "All types of problems", href="/docs/problems")),
    ]
    return page("/docs/problems", kind.title, body)


@get("/docs/docs.css", opt=OPEN, include_in_schema=False, sync_to_thread=False)
def docs_css() -> Response[bytes]:
    """Give the style of these pages, which adds to the explorer's."""
    return Response(_css(), media_type="text/css", headers=HEADERS)


@cache
def _css() -> bytes:
    return files("api.docs").joinpath("docs.css").read_bytes()


DOCS = (rest_page, graphql_page, schemas_page, problems_page, problem_page, docs_css)
