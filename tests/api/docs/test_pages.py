"""The pages explain everything that is served, and can be read without a token, a script or the network."""

import shlex
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from adapters.identity import TokenVerifier, create_keys
from api.docs.calls import body_of, example, operations
from api.docs.html import EMPTY
from api.problems import BY_NAME
from api.schemas.files import graphql_schema, schemas
from tests.api.conftest import problem, without_parts

PAGES = ("/docs", "/docs/graphql", "/docs/schemas", "/docs/problems", *(f"/docs/problems/{name}" for name in BY_NAME))


class Page(HTMLParser):
    """Read a page, strictly: every element that is opened is closed in its place."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element is called and what it leads to."""
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.targets += [str(given[name]) for name in ("href", "src") if name in given]
        assert not [name for name in given if name.startswith("on") or name == "style"]
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Hold it against the element that is open."""
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text.append(data)


async def read(client: httpx.AsyncClient, path: str) -> Page:
    response = await client.get(path)
    assert response.status_code == 200 and response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.text.startswith("<!doctype html>")
    return Page(response.text)


async def test_every_link_leads_somewhere_here(reader: httpx.AsyncClient) -> None:
    pages = {path: await read(reader, path) for path in PAGES}
    elsewhere: set[str] = set()
    for path, page in pages.items():
        assert len(page.ids) == len(set(page.ids)), path
        for target in page.targets:
            place, _, anchor = target.partition("#")
            assert not anchor or anchor in pages[place or path].ids, f"{path} links to {target}"
            elsewhere |= {place} - {*pages, ""}
    for place in sorted(elsewhere):
        assert place.startswith("/") and (await reader.get(place)).status_code == 200, place


async def test_whoever_may_not_read_sessions_may_read_the_pages(tmp_path: Path) -> None:
    create_keys(tmp_path)
    verifier = TokenVerifier(tmp_path, issuer="reprise", audience="reprise")
    async with without_parts(verifier=verifier, loopback_without_token=False) as stranger:
        problem(await stranger.get("/sessions"), 401, "unauthenticated")
        for path in ("/docs", "/docs/docs.css", "/schemas", "/schemas/problem"):
            assert (await stranger.get(path)).status_code == 200


async def test_every_operation_stands_there_with_a_command_line(reader: httpx.AsyncClient) -> None:
    document, page = (await reader.get("/openapi.json")).json(), await read(reader, "/docs")
    lines = [shlex.split(text) for text in page.text if text.startswith("curl ")]
    documented = sum(len(methods) for methods in document["paths"].values())
    assert len(lines) == documented and all(str(reader.base_url) in " ".join(line) for line in lines)


async def test_every_example_is_as_documented(reader: httpx.AsyncClient) -> None:
    document = (await reader.get("/openapi.json")).json()
    bodies = [body for held in operations(document).values() for each in held if (body := body_of(each))]
    assert bodies
    for body in bodies:
        shown = example(body, document["components"]["schemas"])
        Draft202012Validator({**document, **body}).validate(shown)


@pytest.mark.usefixtures("tools")
async def test_an_example_can_be_pasted(client: httpx.AsyncClient) -> None:
    page = await read(client, "/docs")
    (line,) = (shlex.split(text) for text in page.text if text.startswith("curl") and text.count("/orchestrate"))
    url, body = line[3], line[line.index("-d") + 1]
    response = await client.post(url, content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 201


async def test_the_graphql_schema_stands_there_whole(reader: httpx.AsyncClient) -> None:
    page = await read(reader, "/docs/graphql")
    shown = "".join("".join(page.text).split())
    assert all("".join(block.split()) in shown for block in graphql_schema().split("\n\n"))


async def test_every_published_type_and_every_problem_is_listed(reader: httpx.AsyncClient) -> None:
    assert {*schemas()} <= {*(await read(reader, "/docs/schemas")).text}
    assert {*BY_NAME} <= {*(await read(reader, "/docs/problems")).text}


async def test_an_unknown_problem_is_one(reader: httpx.AsyncClient) -> None:
    assert "conflict" in problem(await reader.get("/docs/problems/nonsense"), 404, "not-found")
