"""What was checked is what is sent, and every answer has one meaning."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from adapters.http.dialer import HttpDialer
from adapters.openapi.answers import MAX_ANSWER, failure_of
from adapters.openapi.ingest import read_document
from adapters.openapi.tools import OpenApiTools
from commands.ports import ToolAnswer, ToolCall, ToolFault
from domain.catalog.state import Document
from domain.encoding import digest_bytes, foreign
from domain.errors import NotFound
from ops.sample.http_server import Request, Response, json_response, serving
from ops.sample.shop import RunningShop, document, shop
from ops.sample.shop_control import Count

MUCH_LATER = datetime.max.replace(tzinfo=UTC)
ORDER = {"body": {"customerId": 7, "items": [{"productId": "blue-mug", "quantity": 2}]}}


class Stored:
    """Keep blobs by digest, for these tests need no database."""

    def __init__(self, *blobs: bytes) -> None:
        self.blobs = {digest_bytes(blob): blob for blob in blobs}
        self.reads = 0

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        """Return a blob; raises NotFound."""
        self.reads += 1
        if digest not in self.blobs:
            raise NotFound(f"There is no blob {digest}.")
        return self.blobs[digest]


class Setting:
    """Hold a registered document and the tools over it."""

    def __init__(self, dialer: HttpDialer, data: bytes, url: str) -> None:
        found = read_document(data, api="shop", base_url=url)
        self.blobs = Stored(data)
        self.tools = OpenApiTools(dialer, self.blobs)
        self.by_name = {tool.name: tool for tool in found.tools}
        self.document = Document(
            api="shop", document=found.document, base_url=url, allow_private=True, tools=found.tools
        )

    def call(self, name: str, arguments: object) -> ToolCall:
        """Name a call of a tool."""
        return ToolCall(tenant="local", tool=self.by_name[name], document=self.document, arguments=foreign(arguments))

    async def send(self, name: str, arguments: object, key: str = "k1", timeout_ms: int = 60_000) -> ToolAnswer:
        """Check a call and send what was checked."""
        call = self.call(name, arguments)
        digest = (await self.tools.check(call)).request_digest
        return await self.tools.send(
            call, request_digest=digest, idempotency_key=key, timeout_ms=timeout_ms, not_after=MUCH_LATER
        )


@asynccontextmanager
async def at_the_shop(keys: bool = True) -> AsyncIterator[tuple[RunningShop, Setting]]:
    async with shop(keys=keys) as running, HttpDialer() as dialer:
        yield running, Setting(dialer, json.dumps(running.document()).encode(), running.url)


@asynccontextmanager
async def at(answer: Response | None) -> AsyncIterator[tuple[list[Request], Setting]]:
    """Serve one answer to everything, under the shop's document."""
    seen: list[Request] = []

    async def handle(request: Request) -> Response | None:
        seen.append(request)
        return answer

    async with serving(handle) as url, HttpDialer() as dialer:
        yield seen, Setting(dialer, json.dumps(document(url, keys=True)).encode(), url)


async def test_a_checked_call_is_sent_under_its_key_and_answered() -> None:
    async with at_the_shop() as (running, setting):
        checked = await setting.tools.check(setting.call("create_order", ORDER))
        assert (checked.operation, checked.effect_class, checked.repeatable, checked.problems) == (
            "POST /orders",
            "write",
            True,
            (),
        )
        assert running.counts().operations == {}
        first, second = await setting.send("create_order", ORDER), await setting.send("create_order", ORDER)
        assert first.status == 201 and json.loads(first.body)["totalCents"] == 2500
        assert first.body == second.body
        assert running.counts().keys == {"k1": Count(requests=2, writes=1)}


async def test_reads_carry_no_key_and_deletes_answer_without_content() -> None:
    async with at_the_shop() as (running, setting):
        await setting.send("create_order", ORDER)
        found = await setting.send("search_products", {"query": {"search": "blue mug"}}, key="read")
        gone = await setting.send("cancel_order", {"path": {"orderId": "ord-1001"}}, key="delete")
        assert json.loads(found.body)[0]["id"] == "blue-mug"
        assert (gone.status, gone.body) == (204, b"")
        assert set(running.counts().keys) == {"k1", "delete"}


async def test_the_digest_ignores_how_arguments_were_written_but_not_what_they_say() -> None:
    async with at_the_shop() as (_, setting):
        digests = []
        for text in (
            b'{"body":{"customerId":7,"items":[{"productId":"a","quantity":2}]}}',
            b'{ "body": {"items": [{"quantity": 2, "productId": "a"}], "customerId": 7} }',
            b'{"body":{"customerId":8,"items":[{"productId":"a","quantity":2}]}}',
        ):
            call = msgspec.structs.replace(setting.call("create_order", {}), arguments=msgspec.Raw(text))
            digests.append((await setting.tools.check(call)).request_digest)
        assert digests[0] == digests[1] != digests[2] and all(digests)


async def test_nothing_is_sent_unless_it_is_what_was_judged() -> None:
    async with at_the_shop() as (running, setting):
        call = setting.call("create_order", ORDER)
        with pytest.raises(ToolFault, match="Nothing was sent") as fault:
            await setting.tools.send(
                call, request_digest="0" * 64, idempotency_key="k", timeout_ms=60_000, not_after=MUCH_LATER
            )
        assert fault.value.failure == "rejected" and running.counts().operations == {}


@pytest.mark.parametrize(
    ("tool", "arguments", "problem"),
    [
        ("create_order", {"body": {}}, "/body: 'customerId' is a required property"),
        ("create_order", {"body": {}, "extra": 1}, "'extra' was unexpected"),
        ("get_order", {"path": {"orderId": "../customers"}}, "/path/orderId: expected no control"),
        ("get_order", None, "None is not of type 'object'"),
    ],
)
async def test_arguments_that_make_no_request_are_problems(tool: str, arguments: Any, problem: str) -> None:
    async with at_the_shop() as (running, setting):
        checked = await setting.tools.check(setting.call(tool, arguments))
        assert any(problem in each for each in checked.problems) and not checked.request_digest
        assert running.counts().operations == {}


@pytest.mark.parametrize(
    "text",
    [
        b'{"body":{"customerId":1e999,"items":[]}}',
        b'{"body":{"customerId":7,"items":[],"items":[]}}',
        b'{"path":{"orderId":"a"},"path":{"orderId":"b"},"body":{}}',
        b'{"body":{"customerId":1e308,"items":[]}}',
        b'{"path":{"orderId":"\\ud800"},"body":{}}',
        b'{"path":{"orderId":1e999}}',
        b"\xff",
        b"[" * 100_000,
    ],
)
async def test_arguments_that_cannot_be_read_are_problems_too(text: bytes) -> None:
    async with at_the_shop() as (running, setting):
        for name in ("create_order", "get_order", "ship_order"):
            call = msgspec.structs.replace(setting.call(name, {}), arguments=msgspec.Raw(text))
            checked = await setting.tools.check(call)
            assert checked.problems and not checked.request_digest
            with pytest.raises(ToolFault, match="Nothing was sent"):
                await setting.tools.send(
                    call, request_digest="", idempotency_key="k", timeout_ms=60_000, not_after=MUCH_LATER
                )
        assert running.counts().operations == {}


async def test_a_document_is_read_once_and_a_missing_one_is_a_problem() -> None:
    async with at_the_shop() as (_, setting):
        for name in ("get_order", "ship_order"):
            await setting.tools.check(setting.call(name, {"path": {"orderId": "a"}, "body": {}}))
        assert setting.blobs.reads == 1
        lost = msgspec.structs.replace(setting.document, document="f" * 64)
        call = msgspec.structs.replace(setting.call("get_order", {}), document=lost)
        assert "There is no blob" in (await setting.tools.check(call)).problems[0]


@pytest.mark.parametrize(
    ("answer", "failure", "retry_after_ms"),
    [
        (Response(status=429, headers=(("retry-after", "3"),)), "rate-limited", 3000),
        (Response(status=503, headers=(("retry-after", "2"),)), "server-error", 2000),
        (json_response(500, {"error": "boom"}), "server-error", 0),
        (json_response(404, {"error": "no order"}), "rejected", 0),
        (json_response(422, {"error": "no such customer"}), "rejected", 0),
        (Response(status=302, headers=(("location", "/login"),)), "bad-answer", 0),
        (Response(status=303, headers=(("location", "/orders/1"),)), "bad-answer", 0),
        (Response(status=408), "unanswered", 0),
        (Response(status=409), "rejected", 0),
        (Response(status=425), "unanswered", 0),
        (Response(status=503, headers=(("retry-after", "9" * 5000),)), "server-error", 86_400_000),
        (Response(status=201, body=b"<html>"), "bad-answer", 0),
        (Response(status=201), "bad-answer", 0),
        (Response(status=201, body=b'"' + b"x" * MAX_ANSWER + b'"'), "bad-answer", 0),
        (None, "unanswered", 0),
    ],
)
async def test_every_failure_has_one_name(answer: Response | None, failure: str, retry_after_ms: int) -> None:
    async with at(answer) as (seen, setting):
        with pytest.raises(ToolFault) as fault:
            await setting.send("create_order", ORDER)
        assert (fault.value.failure, fault.value.retry_after_ms) == (failure, retry_after_ms)
        assert fault.value.status == (answer.status if answer else 0)
        assert len(seen) == 1


@pytest.mark.parametrize(
    ("status", "failure"), [(302, "rejected"), (409, "rejected"), (408, "unanswered"), (425, "unanswered")]
)
async def test_a_read_that_is_refused_did_nothing_and_one_that_was_too_slow_is_repeated(
    status: int, failure: str
) -> None:
    async with at(Response(status=status)) as (_, setting):
        with pytest.raises(ToolFault) as fault:
            await setting.send("get_order", {"path": {"orderId": "ord-9"}})
        assert fault.value.failure == failure and "unclear" not in str(fault.value)


def test_a_request_that_a_proxy_gave_up_may_have_happened() -> None:
    assert failure_of(499, reads=False) == failure_of(499, reads=True) == "unanswered"


async def test_an_answer_that_is_not_as_described_is_noted_or_where_that_is_enforced_a_failure() -> None:
    async with at(json_response(201, {"id": 7})) as (_, setting):
        found = await setting.send("create_order", ORDER)
        assert "/id: 7 is not of type 'string'" in found.mismatches and found.body == b'{"id":7}'
        strict = msgspec.structs.replace(setting.by_name["create_order"], answers="enforce")
        setting.by_name["create_order"] = strict
        with pytest.raises(
            ToolFault, match=r"did what was asked, but its answer is not as described: .*/id: 7"
        ) as fault:
            await setting.send("create_order", ORDER)
        assert (fault.value.failure, fault.value.status) == ("bad-answer", 201)


async def test_an_answer_as_described_is_no_mismatch_however_strict() -> None:
    async with at_the_shop() as (_, setting):
        setting.by_name = {n: msgspec.structs.replace(t, answers="enforce") for n, t in setting.by_name.items()}
        assert (await setting.send("create_order", ORDER)).mismatches == ()
        assert (await setting.send("cancel_order", {"path": {"orderId": "ord-1001"}}, key="d")).mismatches == ()


async def test_a_schema_is_compiled_for_the_first_call_only() -> None:
    async with at_the_shop() as (_, setting):
        for _turn in range(3):
            await setting.tools.check(setting.call("create_order", ORDER))
        counts = setting.tools.compiled.counts
        assert (counts.misses, counts.hits, counts.kept) == (1, 2, 1)


async def test_a_write_that_was_answered_elsewhere_is_said_to_be_unclear() -> None:
    async with at(Response(status=303, headers=(("location", "/orders/1"),))) as (_, setting):
        with pytest.raises(ToolFault, match="answered with status 303; what it did is unclear"):
            await setting.send("create_order", ORDER)


async def test_a_rejection_quotes_the_answer() -> None:
    async with at_the_shop() as (_, setting):
        with pytest.raises(ToolFault, match=r"status 404: .*There is no order ord-9") as fault:
            await setting.send("get_order", {"path": {"orderId": "ord-9"}})
        assert fault.value.failure == "rejected"


async def test_a_call_that_is_not_answered_in_time_is_unanswered() -> None:
    async with at_the_shop() as (running, setting):
        running.faults("POST /orders", "slow", ms=1_500)
        with pytest.raises(ToolFault) as fault:
            await setting.send("create_order", ORDER, timeout_ms=1_000)
        assert fault.value.failure == "unanswered"
        async with asyncio.timeout(60):
            while not running.counts().operations["POST /orders"].writes:  # noqa: ASYNC110 - only its count tells
                await asyncio.sleep(0.05)
        assert running.counts().operations["POST /orders"].writes == 1


async def test_an_api_that_is_not_there_was_not_sent_anything() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        async with HttpDialer() as dialer:
            setting = Setting(dialer, json.dumps(document(url, keys=True)).encode(), url)
            with pytest.raises(ToolFault) as fault:
                await setting.send("create_order", ORDER)
    assert fault.value.failure == "not-sent"


async def test_a_private_api_is_refused_unless_it_was_registered_as_one() -> None:
    async with at_the_shop() as (running, setting):
        setting.document = msgspec.structs.replace(setting.document, allow_private=False)
        with pytest.raises(ToolFault, match="--allow-private") as fault:
            await setting.send("create_order", ORDER)
        assert fault.value.failure == "rejected" and running.counts().operations == {}
