"""Approvals on a real log, by real rules, and a real server that notes every byte: what was allowed is what arrives."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import psycopg
import pytest
from msgspec.structs import replace

from adapters.http.dialer import HttpDialer
from adapters.keys.master import Master
from adapters.keys.ring import SessionKeyRing
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.tools import OpenApiTools
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue, Settings
from commands.deciding import decide, would_send
from commands.dry_run import Outgoing
from commands.handle import handle
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.policies import activate_policy_set, register_policy_set
from commands.ports import Question, Reply, ToolFault
from commands.redaction import Redactor
from commands.shell import Shell
from commands.standing_approvals import give, use_standing, withdraw
from domain.catalog.policies import PolicySet
from domain.encoding import canonical, foreign, parse
from domain.envelope import Actor, Context
from domain.errors import Forbidden, Invalid, NotFound, NotPossible, Refused
from domain.replay import Row, replay
from domain.session.admit import open_approvals
from domain.session.commands import DenyApproval, GrantApproval, PauseSession, ResumeSession
from domain.session.state import Approval
from domain.standing_approvals import Bound
from ops.bootstrap.redaction import EVERY
from ops.sample.http_server import Request, Response, json_response, serving
from tests.commands.parts import TASK, Model, Shop, Time, context, shell_of, start

RANDOM_CASES = 60
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Bank", "version": "1"},
    "paths": {
        "/accounts/{account}/transfers": {
            "post": {
                "operationId": "pay",
                "parameters": [{"name": "account", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["to", "amount"],
                                "properties": {"to": {"type": "string"}, "amount": {"type": "number"}},
                            }
                        }
                    },
                },
                "responses": {"201": {"description": "Paid."}},
            }
        }
    },
}
PERMIT = '@id("all") permit (principal, action, resource);\n'
ASK = '@id("{}") @ask("{}") @reason("It pays.") forbid (principal, action, resource);\n'
DENY = '@id("closed") @reason("The bank is closed.") forbid (principal, action, resource);\n'


@dataclass
class Payer(Model):
    """Be a model that pays, as it is told."""

    arguments: Any = field(default_factory=lambda: {"path": {"account": "7"}, "body": {"to": "bob", "amount": 10}})

    async def ask(self, question: Question) -> Reply:
        """Choose the payment; for anything else answer as usual."""
        task = TASK.search(question.prompt.messages[-1].text)
        if task is None or task[1] != "choose":
            return await super().ask(question)
        chosen = bytes(foreign({"tool": "pay", "arguments": self.arguments})).decode()
        return Reply(text=chosen, tokens_in=1, tokens_out=1, latency_ms=1)


@dataclass
class Bank:
    """Be one process that pays over HTTP, and the server that notes what arrives."""

    shell: Shell
    model: Payer
    time: Time
    arrived: list[Request]

    @property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.shell)

    async def rules(self, *texts: str) -> None:
        """Bring rules into force that allow everything, but for those that ask or forbid."""
        policy_set = PolicySet(name="bank", text="".join((PERMIT, *texts)))
        await register_policy_set(self.catalogue, self.shell, policy_set, context())
        await activate_policy_set(self.catalogue, self.shell, "bank", policy_set.digest, "test", context())

    async def asked(self) -> UUID:
        """Drive a new session until it asks."""
        session, _ = await start(self.shell)
        await drive(self.shell, session)
        return session

    async def question(self, session: UUID) -> Approval:
        """Return the only question that a session asks."""
        state = (await self.shell.load(session)).state
        assert state is not None
        ((approval, _),) = open_approvals(state)
        return approval

    async def shown(self, session: UUID) -> Outgoing:
        """Return what a human is shown that would be sent."""
        state = (await self.shell.load(session)).state
        assert state is not None
        sends = await would_send(self.shell, state, (await self.question(session)).id)
        assert sends is not None
        return sends

    async def grant(self, session: UUID, **given: Any) -> None:
        """Allow what a session asks."""
        approval = await self.question(session)
        command = GrantApproval(approval=approval.id, **{"by": "bob", **given})
        await decide(self.shell, session, command, self.now())

    def now(self) -> Context:
        """Return the context of a command at the bank's time."""
        return replace(context(), at=self.time.now())

    async def events(self, session: UUID, kind: str) -> list[dict[str, Any]]:
        """Return the data of a session's events of one type."""
        rows = await self.shell.store.read_stream(session)
        return [json.loads(row.state)["data"] for row in rows if row.topic.split(".")[1] == kind]


@pytest.fixture
async def bank(store: PostgresEventStore) -> AsyncIterator[Bank]:
    """Open a bank whose rules ask about every payment."""
    arrived: list[Request] = []

    async def pay(request: Request) -> Response:
        arrived.append(request)
        return json_response(201, {"paid": True})

    async with serving(pay) as url, HttpDialer() as dialer:
        model, time = Payer(), Time()
        shell = shell_of(store, Shop(), model, time)
        shell.tools = OpenApiTools(dialer, store)
        opened = Bank(shell=shell, model=model, time=time, arrived=arrived)
        document, given = json.dumps(DOCUMENT).encode(), Settings(base_url=url, allow_private=True)
        documents = OpenApiDocuments()
        await opened.catalogue.register_document(documents, document, context(), api="bank", settings=given)
        await opened.rules(ASK.format("payments", ""))
        yield opened


def as_sent(arrived: Request) -> tuple[str, str, bytes]:
    return arrived.method, arrived.path, arrived.body


def as_shown(shown: Outgoing) -> tuple[str, str, bytes]:
    return shown.method, unquote("/" + shown.url.split("/", 3)[3]), shown.body_preview.encode()  # the server unquotes


async def assert_replays(bank: Bank, session: UUID) -> None:
    stored = await bank.shell.store.read_stream(session)
    rows = [Row(version=row.originator_version, topic=row.topic, state=row.state) for row in stored]
    found = replay(str(session), rows, execute=True)
    assert not found.divergences and found.state_digest == found.replay_digest


async def test_what_a_human_was_shown_is_what_arrives(bank: Bank) -> None:
    session = await bank.asked()
    shown = await bank.shown(session)
    await bank.grant(session)
    await drive(bank.shell, session)
    assert [as_sent(each) for each in bank.arrived] == [as_shown(shown)]
    first, second = await bank.events(session, "verdict-reached")
    assert (first["request_digest"], first["rules"]) == (second["request_digest"], second["rules"])
    assert second["judged_at"]
    await assert_replays(bank, session)


async def test_what_a_human_made_of_it_is_what_arrives(bank: Bank) -> None:
    session = await bank.asked()
    other = {"path": {"account": "7"}, "body": {"to": "bob", "amount": 9.50}}
    await bank.grant(session, arguments=foreign(other))
    await drive(bank.shell, session)
    assert [json.loads(each.body) for each in bank.arrived] == [{"to": "bob", "amount": 9.5}]
    await assert_replays(bank, session)


async def test_rules_that_changed_since_ask_again_and_say_so(bank: Bank) -> None:
    session = await bank.asked()
    before = await bank.question(session)
    await bank.grant(session)
    await bank.rules(ASK.format("payments", ""), "// another revision")
    await drive(bank.shell, session)
    assert not bank.arrived
    again = await bank.question(session)
    assert (again.id, again.supersedes) == (f"{before.id}-2", before.id)
    asked = (await bank.events(session, "approval-requested"))[-1]
    assert [each["field"] for each in asked["differences"]] == ["policy_set"]
    await bank.grant(session)
    await drive(bank.shell, session)
    assert len(bank.arrived) == 1
    await assert_replays(bank, session)


async def test_rules_that_forbid_it_by_now_stop_what_was_allowed(bank: Bank) -> None:
    session = await bank.asked()
    await bank.grant(session)
    await bank.rules(ASK.format("payments", ""), DENY)
    await drive(bank.shell, session)
    assert not bank.arrived
    assert (await bank.events(session, "verdict-reached"))[1]["decision"] == "deny"
    await assert_replays(bank, session)


class Turns:
    """Be a bank that is out of service at first; what its rules are by then a test says."""

    def __init__(self, bank: Bank, *rules: str) -> None:
        self._bank, self._rules, self.tries = bank, rules, 0
        self._send = bank.shell.tools.send
        bank.shell.tools.send = self.send  # type: ignore[method-assign]

    async def send(self, *call: Any, **given: Any) -> Any:
        """Refuse the connection once, and change the rules meanwhile."""
        self.tries += 1
        if self.tries > 1:
            return await self._send(*call, **given)
        await self._bank.rules(*self._rules)
        raise ToolFault("not-sent", "the bank is out of service")


async def test_rules_that_forbid_it_between_two_attempts_stop_what_was_allowed(bank: Bank) -> None:
    session = await bank.asked()
    await bank.grant(session)
    turns = Turns(bank, ASK.format("payments", ""), DENY)
    await drive(bank.shell, session)
    assert not bank.arrived and turns.tries == 1
    verdicts = await bank.events(session, "verdict-reached")
    assert [each["decision"] for each in verdicts[:3]] == ["ask", "ask", "deny"]
    await assert_replays(bank, session)


async def test_rules_that_changed_between_two_attempts_ask_again_and_say_so(bank: Bank) -> None:
    session = await bank.asked()
    await bank.grant(session)
    Turns(bank, ASK.format("payments", ""), "// another revision")
    await drive(bank.shell, session)
    assert not bank.arrived
    asked = (await bank.events(session, "approval-requested"))[-1]
    assert [each["field"] for each in asked["differences"]] == ["policy_set"]
    await bank.grant(session)
    await drive(bank.shell, session)
    assert [each["attempt"] for each in await bank.events(session, "call-attempted")] == [1, 2]
    assert len(bank.arrived) == 1
    await assert_replays(bank, session)


async def test_an_attempt_that_is_made_again_under_the_same_rules_asks_nobody(bank: Bank) -> None:
    session = await bank.asked()
    await bank.grant(session)
    Turns(bank, ASK.format("payments", ""))
    await drive(bank.shell, session)
    assert len(bank.arrived) == 1 and len(await bank.events(session, "approval-requested")) == 1
    await assert_replays(bank, session)


async def test_what_expired_before_it_could_be_sent_is_asked_again(bank: Bank) -> None:
    session = await bank.asked()
    await handle(bank.shell, session, PauseSession(), context())
    await bank.grant(session)
    bank.time.ahead = timedelta(days=2)
    await handle(bank.shell, session, ResumeSession(), bank.now())
    await drive(bank.shell, session)
    assert not bank.arrived
    asked = (await bank.events(session, "approval-requested"))[-1]
    assert [each["field"] for each in asked["differences"]] == ["expires_at"]
    await assert_replays(bank, session)


async def test_of_two_answers_at_once_one_counts(bank: Bank, database: str) -> None:
    for _ in range(10):
        session = await bank.asked()
        approval = (await bank.question(session)).id
        async with another(database, bank) as elsewhere:
            answers = await asyncio.gather(
                handle(bank.shell, session, GrantApproval(approval=approval, by="bob"), context()),
                handle(elsewhere, session, DenyApproval(approval=approval, by="eve"), context()),
                return_exceptions=True,
            )
        refused = [each for each in answers if isinstance(each, BaseException)]
        assert len(refused) == 1 and isinstance(refused[0], Refused)
        kinds = ("approval-granted", "approval-denied")
        assert sum([len(await bank.events(session, kind)) for kind in kinds]) == 1
    assert not bank.arrived


@asynccontextmanager
async def another(database: str, bank: Bank) -> AsyncIterator[Shell]:
    """Open another process on the same log."""
    store = await PostgresEventStore.open(database)
    yield shell_of(store, Shop(), bank.model, bank.time, worker="two")
    await store.close()


async def test_an_answer_counts_once_and_in_its_own_session(bank: Bank) -> None:
    session, other = await bank.asked(), await bank.asked()
    approval = await bank.question(session)
    with pytest.raises(NotFound, match="never asked"):
        await decide(bank.shell, other, GrantApproval(approval=approval.id, by="bob"), context())
    await bank.grant(session)
    with pytest.raises(NotFound, match="was answered"):
        await decide(bank.shell, session, GrantApproval(approval=approval.id, by="bob"), context())
    with pytest.raises(NotFound, match="never asked"):
        await decide(bank.shell, session, GrantApproval(approval=f"{session}-call-9-9", by="bob"), context())


async def test_the_requester_cannot_allow_what_wants_four_eyes(bank: Bank) -> None:
    await bank.rules(ASK.format("payments", "four-eyes, reason"))
    session = await bank.asked()
    with pytest.raises(Forbidden, match="somebody else than ada"):
        await bank.grant(session, by="ada", reason="mine")
    with pytest.raises(Invalid, match="says why"):
        await bank.grant(session)
    await bank.grant(session, reason="it is due")
    await drive(bank.shell, session)
    assert len(bank.arrived) == 1


async def test_changed_arguments_that_make_no_request_are_refused(bank: Bank) -> None:
    session = await bank.asked()
    with pytest.raises(Invalid, match="still open"):
        await bank.grant(session, arguments=foreign({"path": {"account": "7"}, "body": {"to": "bob"}}))
    assert (await bank.question(session)).question == "call"


async def test_a_superseded_question_is_not_answered_any_more(bank: Bank) -> None:
    session = await bank.asked()
    before = await bank.question(session)
    await bank.grant(session)
    await bank.rules(ASK.format("payments", ""), "// another revision")
    await drive(bank.shell, session)
    with pytest.raises(NotPossible, match=f"decide on {before.id}-2"):
        await decide(bank.shell, session, GrantApproval(approval=before.id, by="bob"), context())


async def test_in_random_histories_nothing_arrives_that_was_not_allowed(
    bank: Bank, capsys: pytest.CaptureFixture[str]
) -> None:
    """Change arguments, rules and time at random between the asking, the answer and the sending."""
    counts: Counter[str] = Counter()
    for seed in range(RANDOM_CASES):
        await _random_case(bank, random.Random(seed), counts)
    with capsys.disabled():
        print(f"\n  {', '.join(f'{number:,} {name}' for name, number in counts.most_common())}")
    assert counts["sent"] and counts["asked again"] and counts["not sent"]


async def _random_case(bank: Bank, chance: random.Random, counts: Counter[str]) -> None:
    await bank.rules(ASK.format("payments", ""))
    bank.model.arguments = _payment(chance)
    bank.arrived.clear()
    bank.time.ahead = timedelta(0)
    session, allowed = await bank.asked(), []
    for _ in range(3):
        state = (await bank.shell.load(session)).state
        if state is None or not open_approvals(state):
            break
        allowed.append(await _answer(bank, session, chance))
        await _change(bank, session, chance)
        await drive(bank.shell, session)
    counts["cases"] += 1
    counts["asked again"] += len(await bank.events(session, "approval-requested")) - 1
    counts["sent" if bank.arrived else "not sent"] += 1
    assert len(bank.arrived) <= 1
    assert [as_sent(each) for each in bank.arrived] in ([], [allowed[-1]])
    await assert_replays(bank, session)


def _payment(chance: random.Random) -> dict[str, Any]:
    amount = chance.choice([1, 10, 9.5, 10**9])
    return {"path": {"account": chance.choice(["7", "ä/b", "x y"])}, "body": {"to": "bob", "amount": amount}}


async def _answer(bank: Bank, session: UUID, chance: random.Random) -> tuple[str, str, bytes]:
    """Allow a question as it stands, or with other arguments; return what may be sent."""
    shown = as_shown(await bank.shown(session))
    if chance.random() < 0.6:
        await bank.grant(session, reason="it is due")
        return shown
    other = _payment(chance)
    await bank.grant(session, reason="so much", arguments=foreign(other))
    state = (await bank.shell.load(session)).state
    assert state is not None
    return "POST", f"/accounts/{other['path']['account']}/transfers", canonical(other["body"])


async def _change(bank: Bank, session: UUID, chance: random.Random) -> None:
    """Change the rules that are in force, the time, or nothing."""
    match chance.choice(["nothing", "nothing", "revision", "more", "deny", "allow", "later"]):
        case "revision":
            await bank.rules(ASK.format("payments", ""), f"// {chance.random()}")
        case "more":
            await bank.rules(ASK.format("payments", ""), ASK.format("also", "reason"))
        case "deny":
            await bank.rules(ASK.format("payments", ""), DENY)
        case "allow":
            await bank.rules()
        case "later":
            await handle(bank.shell, session, PauseSession(), bank.now())
            bank.time.ahead += timedelta(days=2)
            await handle(bank.shell, session, ResumeSession(), bank.now())
        case _:
            pass


async def allow(bank: Bank, *, uses: int = 3, by: str = "eve", most: str = "") -> str:
    """Let a person allow payments to bob beforehand; return the id of that."""
    given, _ = await give(
        bank.catalogue,
        bank.shell,
        "pay",
        [
            Bound(at="/path/account", values=(foreign("7"),)),
            Bound(at="/body/to", values=(foreign("bob"),)),
            Bound(at="/body/amount", least="0", most="10"),
        ],
        replace(bank.now(), actor=Actor(kind="person", id=by)),
        uses=uses,
        until=bank.time.now() + timedelta(days=1),
        reason="bob is paid often",
        amount_at="/body/amount" if most else "",
        amount_most=most,
    )
    return given.id


async def test_what_was_allowed_beforehand_is_sent_and_counted(bank: Bank) -> None:
    standing = await allow(bank)
    session = await bank.asked()
    assert [json.loads(each.body) for each in bank.arrived] == [{"amount": 10, "to": "bob"}]
    (granted,) = await bank.events(session, "approval-granted")
    assert (granted["standing"], granted["by"], granted["reason"]) == (standing, "eve", "bob is paid often")
    assert (await bank.shell.catalogs.standings("local"))[standing].used == 1
    await assert_replays(bank, session)


async def test_what_lies_outside_the_bounds_is_asked(bank: Bank) -> None:
    await allow(bank)
    bank.model.arguments = {"path": {"account": "7"}, "body": {"to": "mallory", "amount": 1}}
    session = await bank.asked()
    assert (await bank.question(session)).question == "call" and not bank.arrived


async def test_a_standing_approval_of_the_requester_meets_no_four_eyes(bank: Bank) -> None:
    await bank.rules(ASK.format("payments", "four-eyes"))
    await allow(bank, by="ada")
    await bank.question(await bank.asked())
    await allow(bank, by="eve")
    await bank.asked()
    assert len(bank.arrived) == 1


async def test_sessions_that_ask_at_once_never_use_it_more_often_or_for_more_than_was_said(
    bank: Bank, database: str
) -> None:
    limited, counted = await allow(bank, uses=50, most="45"), 12
    async with another(database, bank) as elsewhere:
        elsewhere.tools = bank.shell.tools
        sessions = [(await start(bank.shell))[0] for _ in range(counted)]
        shells = [bank.shell, elsewhere]
        await asyncio.gather(*(drive(shells[number % 2], each) for number, each in enumerate(sessions)))
    standing = (await bank.shell.catalogs.standings("local"))[limited]
    assert (standing.used, standing.spent, len(bank.arrived)) == (4, Decimal(40), 4)
    granted = sum([len(await bank.events(each, "approval-granted")) for each in sessions])
    assert granted == 4
    for each in sessions:
        await assert_replays(bank, each)


async def test_what_was_revoked_before_it_was_sent_is_asked(bank: Bank) -> None:
    session = await bank.asked()
    standing = await allow(bank)
    await handle(bank.shell, session, PauseSession(), bank.now())
    await use_standing(bank.shell, session, (await bank.question(session)).id)
    await withdraw(bank.catalogue, bank.shell, standing, "moved out", bank.now())
    await handle(bank.shell, session, ResumeSession(), bank.now())
    await drive(bank.shell, session)
    assert not bank.arrived
    asked = (await bank.events(session, "approval-requested"))[-1]
    assert [(each["field"], each["now"]) for each in asked["differences"]] == [
        ("standing", "ada withdrew it: moved out")
    ]
    with pytest.raises(NotPossible, match="withdrew it"):
        await withdraw(bank.catalogue, bank.shell, standing, "again", bank.now())
    await assert_replays(bank, session)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"reason": " "}, "Expected a reason"),
        ({"uses": 0}, "uses, but got 0"),
        ({"until": datetime(2020, 1, 1, tzinfo=UTC)}, "in the future"),
        ({"amount_at": "/body/amount"}, "one of them is missing"),
        ({"amount_at": "/body/amount", "amount_most": "NaN"}, "Expected a number"),
    ],
    ids=str,
)
async def test_a_standing_approval_that_says_too_little_is_refused(
    bank: Bank, changed: dict[str, Any], told: str
) -> None:
    usual = {"uses": 1, "until": bank.time.now() + timedelta(days=1), "reason": "often", **changed}
    with pytest.raises(Invalid, match=told):
        await give(bank.catalogue, bank.shell, "pay", [], bank.now(), **usual)


@pytest.mark.parametrize(
    ("to", "covered"),
    [("ada@example.org", True), ("eve@example.org", False), ("Ada@example.org", False), ("the hidden form", False)],
)
async def test_a_standing_approval_knows_a_personal_value_again_and_keeps_it_nowhere(
    bank: Bank, to: str, covered: bool
) -> None:
    store = bank.shell.store
    assert isinstance(store, PostgresEventStore)
    ring = SessionKeyRing(Master("a master key of more than thirty-two characters"), store.session_keys)
    bank.shell.redactor = Redactor(EVERY, ring)
    bounds = [Bound(at="/path/account", anything=True), Bound(at="/body/to", values=(foreign("ada@example.org"),))]
    bounds.append(Bound(at="/body/amount", most="10"))
    until, reason = bank.time.now() + timedelta(days=1), "ada@example.org is paid often"
    given, _ = await give(bank.catalogue, bank.shell, "pay", bounds, bank.now(), uses=3, until=until, reason=reason)
    kept = (await bank.shell.catalogs.standings("local"))[given.id].given
    (hidden,) = (each for bound in kept.bounds for each in bound.values)
    assert kept.reason == "(email) is paid often" and bytes(hidden).startswith(b'"(email)#')
    bank.model.arguments = {
        "path": {"account": "7"},
        "body": {"to": parse(bytes(hidden)) if to == "the hidden form" else to, "amount": 1},
    }
    await bank.asked()
    assert [json.loads(each.body)["to"] for each in bank.arrived] == ([to] if covered else [])


async def test_a_standing_approval_does_not_cover_what_nobody_can_read_any_more(bank: Bank, database: str) -> None:
    store, mail = bank.shell.store, "ada@example.org"
    assert isinstance(store, PostgresEventStore)

    def redactor() -> Redactor:
        return Redactor(
            EVERY, SessionKeyRing(Master("a master key of more than thirty-two characters"), store.session_keys)
        )

    bank.shell.redactor = redactor()
    bank.model.arguments = {"path": {"account": "7"}, "body": {"to": "[email:1]", "amount": 1}}
    session, _ = await orchestrate(bank.shell, bank.catalogue, Goal(text=f"pay {mail}", model="any"), context())
    await drive(bank.shell, session)
    asked = await bank.question(session)
    bounds = [Bound(at="/path/account", anything=True), Bound(at="/body/to", anything=True)]
    bounds.append(Bound(at="/body/amount", most="10"))
    until = bank.time.now() + timedelta(days=1)
    given, _ = await give(
        bank.catalogue, bank.shell, "pay", bounds, bank.now(), uses=3, until=until, reason="small sums"
    )
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        await connection.execute("delete from session_keys")
    bank.shell.redactor = redactor()
    await use_standing(bank.shell, session, asked.id)
    assert (await bank.question(session)).id == asked.id
    assert (await bank.shell.catalogs.standings("local"))[given.id].used == 0
    await bank.grant(session)
    await drive(bank.shell, session)
    assert not bank.arrived
    reasons = [each["reason"] for each in await bank.events(session, "call-failed")]
    assert reasons and all("the key of this session is not here" in each for each in reasons)
