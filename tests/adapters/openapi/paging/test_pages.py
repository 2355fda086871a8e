"""Pages are followed where an answer leads within what was approved, as far as was asked for and no further."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from adapters.openapi.answers import MAX_ANSWER
from commands.ports import ToolAnswer, ToolFault
from domain.catalog.events import Binding
from ops.sample.http_server import Request, Response, json_response
from tests.adapters.openapi.paging.paged import Answering, paged

THREE = {"pages": 3}


def linking(target: str, rel: str = 'rel="next"') -> Response:
    response = json_response(200, [1])
    return Response(status=200, body=response.body, headers=(*response.headers, ("link", f"<{target}>; {rel}")))


def pages_of(answer: ToolAnswer) -> list[Any]:
    assert answer.paging
    pages: list[Any] = json.loads(answer.body)["pages"]
    assert len(pages) == answer.paging.pages and json.loads(answer.body)["ended"] == answer.paging.ended
    return pages


WAYS: dict[str, tuple[str, Answering]] = {
    "a link": ("linked", lambda r, n: linking(f"/v1/things?page={n + 1}") if n < 3 else json_response(200, [1])),
    "one of several links": (
        "linked",
        lambda r, n: (
            linking("/v1/things?page=1", f'rel="prev", </v1/things?page={n + 1}>; title="a, b"; rel=next')
            if n < 3
            else linking("/v1/things?page=1", 'rel="first"')
        ),
    ),
    "a url": ("urls", lambda r, n: json_response(200, {"next": f"/v1/urls?after={n}" if n < 3 else None})),
    "a relative url": ("urls", lambda r, n: json_response(200, {"next": f"?after={n}" if n < 3 else ""})),
    "a url in a part": (
        "urls",
        lambda r, n: json_response(200, {"_links": {"next": {"href": f"?{n}"}} if n < 3 else {}}),
    ),
    "a listed url": (
        "urls",
        lambda r, n: json_response(200, {"links": [{"rel": "next", "href": f"?{n}"}] if n < 3 else []}),
    ),
    "a cursor": ("cursors", lambda r, n: json_response(200, {"next_cursor": f"c=&{n}" if n < 3 else ""})),
    "a cursor in a part": (
        "cursors",
        lambda r, n: json_response(200, {"response_metadata": {"nextCursor": n if n < 3 else None}}),
    ),
    "a count of pages": ("counted", lambda r, n: json_response(200, {"page": n, "total_pages": 3})),
    "a count of items": ("offsets", lambda r, n: json_response(200, {"offset": 10 * n - 10, "limit": 10, "total": 30})),
    "the last id": (
        "behind",
        lambda r, n: json_response(200, {"has_more": n < 3, "data": [{"id": "a"}, {"id": f"b{n}"}]}),
    ),
}


@pytest.mark.parametrize("way", WAYS)
async def test_pages_are_followed_to_the_last_one(way: str) -> None:
    name, answering = WAYS[way]
    async with paged(answering) as api:
        found = await api.send(name, {"pages": 10})
        assert found.paging and (found.paging.pages, found.paging.ended) == (3, "last-page"), found
        assert len(set(api.targets())) == len(api.heard) == 3
        assert len(pages_of(found)) == 3


@pytest.mark.parametrize("way", WAYS)
async def test_no_more_pages_are_read_than_were_asked_for_and_none_without_asking(way: str) -> None:
    name, answering = WAYS[way]
    async with paged(answering) as api:
        found = await api.send(name, {"pages": 2})
        assert found.paging and (found.paging.pages, found.paging.ended) == (2, "enough")
        assert len(api.heard) == 2
        alone = await api.send(name, {})
        assert alone.paging is None and len(api.heard) == 3


async def test_a_cursor_goes_beside_what_was_asked_before_and_is_encoded() -> None:
    async with paged(lambda r, n: json_response(200, {"next_cursor": "a b&q=2" if n < 2 else None})) as api:
        await api.send("cursors", {"query": {"q": "1"}, "pages": 3})
        assert [each.query for each in api.heard] == [{"q": "1"}, {"q": "1", "cursor": "a b&q=2"}]


@pytest.mark.parametrize("pages", [1, 0, -1, 11, 2.5, "3", None, True])
async def test_a_number_of_pages_that_is_none_is_refused(pages: object) -> None:
    async with paged(lambda r, n: None) as api:
        (problem,) = await api.problems("cursors", {"pages": pages})
        assert problem.startswith("/pages: ")


async def test_only_reads_that_answer_in_pages_take_a_number_of_them() -> None:
    async with paged(lambda r, n: None) as api:
        for name in ("plain", "written", "admin"):
            arguments = {"path": {"id": "7"}} if name == "admin" else {}
            (problem,) = await api.problems(name, {**arguments, "pages": 2})
            assert "'pages' was unexpected" in problem
            assert "pages" not in json.loads(bytes(api.tool(name).parameters))["properties"]
        shown = json.loads(bytes(api.tool("cursors").parameters))["properties"]["pages"]
        assert (shown["minimum"], shown["maximum"]) == (2, 10)


async def test_whoever_asks_more_of_a_tool_is_told_what_the_number_of_pages_does() -> None:
    async with paged(lambda r, n: None) as api:
        told = await api.tools.describe("local", api.tool("cursors"), at="/pages", depth=2)
        assert "`pages` beside the other arguments" in told.text and json.loads(bytes(told.parameters))["maximum"] == 10
        assert "pages" not in (await api.tools.describe("local", api.tool("plain"), at="", depth=2)).text


async def test_what_an_operator_calls_a_write_is_sent_once() -> None:
    async with paged(lambda r, n: None) as api:
        writes = tuple(replace(each, effect_class="write") for each in api.document.tools)
        api.document = replace(api.document, tools=writes)
        (problem,) = await api.problems("cursors", THREE)
        assert problem == "/pages: expected no number of pages, for what is not a read is sent once"


async def test_the_digest_signs_the_number_of_pages() -> None:
    async with paged(lambda r, n: None) as api:
        digests = {
            (await api.tools.check(api.call("cursors", each))).request_digest for each in ({}, THREE, {"pages": 2})
        }
        assert len(digests) == 3


HOSTILE = (
    "https://elsewhere.example/v1/things?page=2",
    "//elsewhere.example/v1/things?page=2",
    "http://127.0.0.1:1/v1/things?page=2",
    "/other/things?page=2",
    "/v1things?page=2",
    "/v1/../admin/7",
    "/v1/%2e%2e/other",
    "/v1/..;/other",
    "../other",
    "/v1/things/..%2f..%2fother",
    "/v1/%252e%252e/other",
    "\\\\elsewhere.example\\v1\\things",
    "/v1/things\\..\\..\\other",
    "http://user:secret@{host}/v1/things?page=2",
    "http://{host}@elsewhere.example/v1/things",
    "http://{host}.elsewhere.example/v1/things",
    "https://{host}/v1/things?page=2",
    "/v1/admin/7",
    "/v1/admin/7?page=2",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "http://[::1/v1/things",
    "/v1/th\u00efngs",
    "?page=" + "9" * 9_000,
)


@pytest.mark.parametrize("target", HOSTILE)
@pytest.mark.parametrize("name", ["linked", "urls"])
async def test_a_hostile_next_page_is_not_asked_for_and_the_log_says_why(name: str, target: str) -> None:
    def answering(request: Request, number: int) -> Response:
        told = target.replace("{host}", request.headers["host"])
        ascii_ = told.encode("ascii", "ignore").decode() == told
        return linking(told) if name == "linked" and ascii_ else json_response(200, {"next": told})

    async with paged(answering) as api:
        found = await api.send(name, THREE)
        assert len(api.heard) == 1 and found.paging
        known = target.startswith(("/", "?", "http")) or "://" in target
        assert found.paging.ended == ("astray" if name == "linked" or known else "last-page"), found.paging
        assert len(found.paging.reason) < 700


async def test_an_endless_answer_ends_at_the_bound_and_a_loop_where_it_closes() -> None:
    async with paged(lambda r, n: json_response(200, {"next": f"?n={n}"})) as api:
        endless = await api.send("urls", {"pages": 10})
        assert endless.paging and (endless.paging.pages, endless.paging.ended) == (10, "enough")
    async with paged(lambda r, n: json_response(200, {"next": f"?n={n % 2}"})) as api:
        loop = await api.send("urls", {"pages": 10})
        assert loop.paging and (loop.paging.pages, loop.paging.ended, len(api.heard)) == (3, "loop", 3)
    async with paged(lambda r, n: json_response(200, {"next_cursor": "same"})) as api:
        same = await api.send("cursors", {"pages": 10})
        assert same.paging and (same.paging.pages, same.paging.ended) == (2, "loop")


@pytest.mark.parametrize(
    ("further", "failure"),
    [
        (json_response(500, {}), "server-error"),
        (json_response(404, {}), "rejected"),
        (Response(status=302, headers=(("location", "https://elsewhere.example/"),)), "rejected"),
        (Response(status=200, body=b"<html>", headers=(("content-type", "text/html"),)), "bad-answer"),
        (Response(status=200, body=b'{"half":', headers=(("content-type", "application/json"),)), "bad-answer"),
        (None, "unanswered"),
    ],
)
async def test_a_later_page_that_fails_fails_the_attempt(further: Response | None, failure: str) -> None:
    async with paged(lambda r, n: json_response(200, {"next_cursor": "2"}) if n == 1 else further) as api:
        with pytest.raises(ToolFault) as fault:
            await api.send("cursors", THREE)
        assert fault.value.failure == failure and len(api.heard) == 2


async def test_pages_share_one_size_and_what_goes_beyond_it_is_left_out() -> None:
    half = "x" * (MAX_ANSWER // 2 - 200)
    async with paged(lambda r, n: json_response(200, {"next_cursor": str(n), "held": half})) as api:
        found = await api.send("cursors", {"pages": 10})
        assert found.paging and (found.paging.pages, found.paging.ended, len(api.heard)) == (2, "size", 3)
        assert len(found.body) <= MAX_ANSWER


async def test_pages_share_one_time() -> None:
    async with paged(lambda r, n: json_response(200, {"next_cursor": str(n)}), slowness=0.5) as api:
        found = await api.send("cursors", {"pages": 10}, timeout_ms=2_000)
        assert found.paging and found.paging.ended == "time" and 1 <= found.paging.pages <= 4


async def test_each_further_page_waits_for_its_turn_or_ends_the_reading() -> None:
    asked: list[int] = []

    async def turn(read: int) -> bool:
        asked.append(read)
        return read < 2

    async with paged(lambda r, n: json_response(200, {"next_cursor": str(n)})) as api:
        found = await api.send("cursors", {"pages": 10}, turn=turn)
        assert found.paging and (found.paging.pages, found.paging.ended, asked) == (2, "rate", [1, 2])


async def test_every_page_carries_the_credential_and_none_that_an_answer_put_there() -> None:
    scheme = {"key": {"type": "apiKey", "in": "query", "name": "api_key"}}
    told = [
        "?after=1&api_key=canary-secret",
        "?after=2&api_key=attacker",
    ]

    def answering(request: Request, number: int) -> Response:
        return json_response(200, {"next": told[number - 1]} if number <= len(told) else {})

    async with paged(answering, components={"securitySchemes": scheme}, security=[{"key": []}]) as api:
        api.kept.bindings = (
            Binding(scheme="key", kind="api-key", reference="env:KEY", origin=api.url, place="query", field="api_key"),
        )
        found = await api.send("urls", THREE)
        assert [each.query["api_key"] for each in api.heard] == ["canary-secret"] * 3
        assert [each.query.get("after") for each in api.heard] == [None, "1", "2"]
        assert b"canary-secret" not in found.body


async def test_each_page_is_held_against_its_description_also_when_it_was_recorded() -> None:
    answers: list[dict[str, Any]] = [{"next": "?2", "items": [1]}, {"next": "?3", "items": ["a"]}, {"items": 7}]
    async with paged(lambda r, n: json_response(200, answers[n - 1])) as api:
        found = await api.send("urls", THREE)
        expected = (
            "/pages/1/items/0: 'a' is not of type 'integer'",
            "/pages/2/items: 7 is not of type 'array'",
        )
        assert found.mismatches == expected
        recorded = await api.tools.answer_mismatches("local", api.tool("urls"), 200, found.body, paged=True)
        assert recorded == expected


async def test_where_that_is_enforced_a_page_unlike_its_description_fails_the_call() -> None:
    answers: list[dict[str, Any]] = [{"next": "?2"}, {"items": 7}]
    async with paged(lambda r, n: json_response(200, answers[n - 1])) as api:
        api.enforce()
        with pytest.raises(ToolFault, match="/pages/1/items: 7") as fault:
            await api.send("urls", THREE)
        assert fault.value.failure == "bad-answer"


async def test_an_answer_that_is_no_json_is_given_as_it_is() -> None:
    page = Response(status=200, body=b"a,b", headers=(("content-type", "text/csv"),))
    async with paged(lambda r, n: page) as api:
        found = await api.send("either", THREE)
        assert (found.body, found.paging) == (b"a,b", None)


async def test_a_prepared_call_says_how_many_pages_it_would_read() -> None:
    async with paged(lambda r, n: None) as api:
        assert (await api.tools.prepare(api.call("cursors", THREE))).pages == 3
        assert (await api.tools.prepare(api.call("cursors", {}))).pages == 1
        assert api.heard == []


async def test_a_page_that_says_no_is_the_end_whatever_else_it_names() -> None:
    answer = {"has_more": False, "next_cursor": "2"}
    async with paged(lambda r, n: json_response(200, answer)) as api:
        found = await api.send("cursors", THREE)
        assert found.paging and (found.paging.pages, found.paging.ended) == (1, "last-page")


@pytest.mark.parametrize("cursor", [True, [1], {"a": 1}, "x" * 20_000, "\u0000", -1, 10**40])
async def test_an_odd_cursor_ends_the_reading_at_worst(cursor: object) -> None:
    async with paged(lambda r, n: json_response(200, {"next_cursor": cursor})) as api:
        found = await api.send("cursors", THREE)
        assert found.paging and found.paging.ended in ("last-page", "astray", "loop")
