"""What was approved is what is sent, byte for byte, or nothing is: whatever changes between the asking and the sending.

The rules, the checks and the building of requests are the real ones; only the socket notes what reaches it.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from adapters.openapi.ingest import read_document
from adapters.openapi.tools import OpenApiTools
from commands.ports import Checked, HttpRequest, HttpResponse, ToolCall, ToolFault
from domain.catalog.state import Document
from domain.encoding import digest_bytes, foreign
from domain.session.commands import GrantApproval
from domain.session.effects import SendCall
from domain.session.events import ArgumentsChecked, Decision, VerdictReached
from domain.session.outstanding import outstanding
from domain.session.state import Asking
from tests.adapters.openapi.test_tools import MUCH_LATER, Stored
from tests.domain.story import CHOSEN, NOW, Story, attempted, given, replied

URL = "http://127.0.0.1:9"
CASES = 2_000
ORIGINAL = json.dumps(
    {
        "openapi": "3.1.0",
        "info": {"title": "Bank", "version": "1"},
        "servers": [{"url": URL}],
        "paths": {
            "/accounts/{account}/transfers": {
                "post": {
                    "operationId": "pay",
                    "parameters": [
                        {"name": "account", "in": "path", "required": True, "schema": {"type": "string"}},
                        {"name": "tags", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                        {"name": "X-Note", "in": "header", "schema": {"type": "string", "pattern": "^[ -~]*$"}},
                    ],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["to", "amount"],
                                    "properties": {
                                        "to": {"type": "string"},
                                        "amount": {"type": "number"},
                                        "text": {"type": ["string", "null"]},
                                    },
                                }
                            }
                        },
                    },
                    "responses": {"201": {"description": "Paid."}},
                }
            }
        },
    }
)
REVISED = (
    ORIGINAL.replace('"in": "query",', '"in": "query", "explode": false,'),
    ORIGINAL.replace("application/json", "application/x-www-form-urlencoded"),
    ORIGINAL.replace('"required": ["to", "amount"]', '"required": ["to", "amount", "text"]'),
    ORIGINAL.replace('"pay"', '"payOut"'),
    ORIGINAL.replace('"version": "1"', '"version": "2"'),
)
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
arguments = st.fixed_dictionaries(
    {
        "path": st.fixed_dictionaries({"account": st.text("abcXYZ019-_~ %+é", min_size=1, max_size=8)}),
        "body": st.fixed_dictionaries(
            {"to": words, "amount": st.integers(-(10**9), 10**9) | st.decimals(0, 10**6, places=2)},
            optional={"text": words | st.none()},
        ),
    },
    optional={
        "query": st.fixed_dictionaries({"tags": st.lists(words, max_size=3)}),
        "header": st.fixed_dictionaries({"X-Note": st.text("abc XYZ.,", max_size=8).map(str.strip)}),
    },
)
POLICIES: tuple[tuple[Decision, str, tuple[str, ...]], ...] = (
    ("ask", "p" * 64, ("rule",)),
    ("ask", "q" * 64, ("rule",)),
    ("ask", "p" * 64, ("rule", "another")),
    ("allow", "q" * 64, ("permit",)),
    ("deny", "q" * 64, ("forbid",)),
)


@dataclass
class Socket:
    """Note every request that would be written to a socket."""

    written: list[HttpRequest] = field(default_factory=list)

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Answer that it is paid."""
        self.written.append(request)
        return HttpResponse(status=201, headers=(), body=b"", latency_ms=1)


@dataclass(frozen=True)
class Change:
    """Say what is otherwise when the call is sent: its arguments, document or server, the policy's word, the time."""

    arguments: Any = None
    document: str = ""
    base_url: str = ""
    policy: tuple[Decision, str, tuple[str, ...]] = POLICIES[0]
    later: timedelta = timedelta(0)


changes = st.builds(
    Change,
    arguments=st.none() | st.none() | arguments,
    document=st.just("") | st.sampled_from(REVISED),
    base_url=st.just("") | st.just("") | st.just(f"{URL}/v2"),
    policy=st.just(POLICIES[0]) | st.sampled_from(POLICIES),
    later=st.just(timedelta(0)) | st.timedeltas(timedelta(hours=1), timedelta(days=3)),
)


class Bank:
    """Be the API, in whatever revision and at whatever place it is now."""

    def __init__(self) -> None:
        self.socket = Socket()
        self.tools = OpenApiTools(self.socket, Stored(*(text.encode() for text in (ORIGINAL, *REVISED))))

    def call(self, given: Any, document: str = ORIGINAL, base_url: str = URL) -> ToolCall:
        held = registered(document, base_url)
        return ToolCall(tenant="local", tool=held.tools[0], document=held, arguments=foreign(given))


@cache
def registered(document: str, base_url: str) -> Document:
    """Return a revision of the API as it is registered at a place."""
    found = read_document(document.encode(), api="bank", base_url=base_url)
    digest = digest_bytes(document.encode())
    return Document(api="bank", document=digest, base_url=base_url, allow_private=True, tools=found.tools)


def asked(given_arguments: Any, checked: Checked) -> Story:
    """Tell a session until a human is asked to allow a payment."""
    choice = bytes(foreign({"tool": "pay", "arguments": given_arguments})).decode()
    fits = ArgumentsChecked(
        call="call-1-1",
        operation=checked.operation,
        document=checked.document,
        request_digest=checked.request_digest,
    )
    return given(*CHOSEN[:2], replied("choose-1-1", choice), fits, judged(checked.request_digest, POLICIES[0]))


def judged(request_digest: str, policy: tuple[Decision, str, tuple[str, ...]]) -> VerdictReached:
    decision, policy_set, rules = policy
    return VerdictReached(
        call="call-1-1",
        request_digest=request_digest,
        decision=decision,
        rules=rules,
        policy_set=policy_set,
        reason="the rules",
    )


async def fire(bank: Bank, story: Story, change: Change, effect: SendCall) -> Story:
    """Do what a worker does right before a call is sent: build it again, judge it again, and send it if it still is."""
    at = NOW + change.later
    call = bank.call(
        change.arguments if change.arguments is not None else effect.choice.arguments.value,
        change.document or ORIGINAL,
        change.base_url or URL,
    )
    found = await bank.tools.check(call)
    policy = ("deny", "p" * 64, ("no-request",)) if found.problems else change.policy
    story = story.when(judged(found.request_digest, policy), at)
    if effect.id not in [each.id for each in outstanding(story.state)]:
        return story
    story = story.when(attempted(), at)
    try:
        await bank.tools.send(
            call,
            request_digest=effect.request.digest,
            idempotency_key=effect.idempotency_key,
            timeout_ms=60_000,
            not_after=MUCH_LATER,
        )
    except ToolFault as fault:
        assert "Nothing was sent" in str(fault)
    return story


@pytest.fixture
def seen(capsys: pytest.CaptureFixture[str]) -> Iterator[Counter[str]]:
    """Count the cases of a test and print what became of them."""
    counts: Counter[str] = Counter()
    yield counts
    with capsys.disabled():
        print(f"\n  {', '.join(f'{number:,} {name}' for name, number in counts.most_common())}")
    assert counts["cases"] >= CASES and counts["sent"] and counts["asked again"] and counts["denied"]


@settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@examples(arguments, changes)
def test_whatever_changes_what_is_sent_is_what_was_approved(seen: Counter[str], chosen: Any, change: Change) -> None:
    asyncio.run(_case(seen, chosen, change))


async def _case(seen: Counter[str], chosen: Any, change: Change) -> None:
    bank = Bank()
    shown = await bank.tools.prepare(bank.call(chosen))
    seen["cases"] += 1
    if shown.checked.problems:
        seen["never asked"] += 1
        return
    story = asked(chosen, shown.checked)
    stage = story.session.steps[0].stage
    assert isinstance(stage, Asking) and stage.approval.terms
    story = story.ordered(GrantApproval(approval=stage.approval.id, by="bob", proof=stage.approval.terms.proof))
    (effect,) = outstanding(story.state)
    assert isinstance(effect, SendCall)
    story = await fire(bank, story, change, effect)
    sent = [(each.method, each.url, each.body) for each in bank.socket.written]
    assert sent in ([], [(shown.method, shown.url, shown.body)])
    for each in bank.socket.written:
        headers = tuple(header for header in each.headers if header[0] != "idempotency-key")
        assert (headers, each.origin) == (shown.headers, URL)
    now = story.session.steps[0].stage
    seen["sent" if sent else "asked again" if isinstance(now, Asking) else "denied"] += 1
