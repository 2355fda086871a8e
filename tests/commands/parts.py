"""Stand in for the two sockets of a worker: a model and a tool that say what a test wants; the log is the real one."""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from adapters.policy.cedar import CedarJudge
from adapters.postgres.store import PostgresEventStore
from commands.catalogue import Catalogue
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import (
    Checked,
    Description,
    LogNotification,
    Prepared,
    Question,
    Reply,
    ToolAnswer,
    ToolCall,
    ToolFault,
    Turn,
    any_time,
)
from commands.shell import Shell, to_log
from domain.breaker import BreakerSettings
from domain.catalog.events import Binding, CatalogEvent, DocumentRegistered, Tool, ToolsAdded
from domain.encoding import digest, foreign
from domain.envelope import Actor, Context, Event, fact_event
from domain.ids import named_stream
from domain.session.events import Limits, SessionEvent
from domain.upcasting import AnyEvent, Unknown, read_session

TASK = re.compile(r"TASK purpose=(\w+) step=(\d+) round=(\d+) attempt=(\d+)$")
TOOLS = tuple(
    Tool(
        name=name,
        api="shop",
        operation=f"{method} /{name}",
        document="d" * 64,
        description=name,
        effect_class="read" if repeatable else "write",
        repeatable=repeatable,
        parameters=foreign({}),
    )
    for name, method, repeatable in (("look", "GET", True), ("order", "POST", False))
)
QUICK = Limits(retry_base_ms=1, retry_cap_ms=2)


@dataclass
class Shop:
    """Be the tool's side: note every request that arrives, and answer or fail as told."""

    answers: Callable[[int], bytes] = lambda number: b'{"ok":true}'
    received: list[str] = field(default_factory=list)
    on_arrival: Callable[[], object] = lambda: None
    mismatches: tuple[str, ...] = ()

    async def describe(self, tenant: str, tool: Tool, *, at: str, depth: int) -> Description:
        """Show the parameters that the tool has."""
        return Description(text=tool.description, at=at, parameters=tool.parameters)

    async def answer_mismatches(
        self, tenant: str, tool: Tool, status: int, body: bytes, *, paged: bool = False
    ) -> tuple[str, ...]:
        """Describe no answer."""
        return ()

    async def check(self, call: ToolCall) -> Checked:
        """Say what the request would be."""
        return Checked(
            operation=call.tool.operation,
            document="d" * 64,
            effect_class=call.tool.effect_class,
            repeatable=call.tool.repeatable,
            request_digest=digest(call.arguments),
        )

    async def prepare(self, call: ToolCall) -> Prepared:
        """Say what would be sent."""
        return Prepared(checked=await self.check(call), method="POST", url="http://127.0.0.1/", body=b"{}")

    async def credentials(self, call: ToolCall) -> tuple[Binding, ...]:
        """Need nothing."""
        return ()

    async def send(
        self,
        call: ToolCall,
        *,
        request_digest: str,
        idempotency_key: str,
        timeout_ms: int,
        not_after: datetime,
        credentials: tuple[Binding, ...] = (),
        turn: Turn = any_time,
    ) -> ToolAnswer:
        """Note the request, then answer."""
        self.received.append(idempotency_key)
        arrived = self.on_arrival()
        if asyncio.iscoroutine(arrived):
            await arrived
        body = self.answers(len(self.received))
        return ToolAnswer(status=200, body=body, latency_ms=1, mismatches=self.mismatches)


def failing(*failures: str) -> Callable[[int], bytes]:
    """Fail the first requests in these ways, then answer."""

    def answer(number: int) -> bytes:
        if number > len(failures):
            return b'{"ok":true}'
        raise ToolFault(failures[number - 1], "trouble")  # type: ignore[arg-type]

    return answer


@dataclass
class Model:
    """Be the model: a plan of steps that call one tool, and agreement with everything."""

    tool: str = "look"
    steps: int = 1
    padding: str = ""
    asked: list[str] = field(default_factory=list)

    def known(self, model: str) -> None:
        """Know every name."""

    async def ask(self, question: Question) -> Reply:
        """Answer by the task that the prompt's last line names."""
        task = TASK.search(question.prompt.messages[-1].text)
        assert task is not None
        self.asked.append(task[0])
        plan = {"steps": [{"goal": f"step {number}{self.padding}"} for number in range(1, self.steps + 1)]}
        reply = {
            "plan": plan,
            "choose": {"tool": self.tool, "arguments": {"body": {"step": int(task[2])}}},
            "repair": {"result": "nothing helps"},
            "review": {"verdict": "accept"},
            "answer": {"answer": "done"},
        }[task[1]]
        return Reply(text=bytes(foreign(reply)).decode(), tokens_in=1, tokens_out=1, latency_ms=1)


@dataclass
class Time:
    """Be a clock that can be put forward."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + self.ahead

    async def sleep(self, seconds: float) -> None:
        """Wait hardly at all."""
        await asyncio.sleep(0.01)


class Chance:
    """Draw the same jitter, and random names."""

    def permille(self) -> int:
        """Draw one half."""
        return 500

    def command_id(self) -> str:
        """Draw a name."""
        return uuid4().hex


@dataclass
class Bell:
    """Note who was woken."""

    woken: list[str] = field(default_factory=list)

    async def wake(self, session: object, lane: str) -> None:
        """Note it."""
        self.woken.append(str(session))


def shell_of(store: PostgresEventStore, shop: Shop, model: Model, time: Time, *, worker: str = "one") -> Shell:
    """Compose one process."""
    return Shell(
        store=store,
        wakeups=Bell(),
        tools=shop,
        models=model,
        judge=CedarJudge(),
        clock=time,
        chance=Chance(),
        rates=store.rates,
        worker=worker,
        breaker_settings=BreakerSettings(failures=2, open_ms=60_000),
    )


def context(command: str = "", *, request: str = "r") -> Context:
    """Return the context of a command by a person."""
    return Context(
        command_id=command or uuid4().hex,
        actor=Actor(kind="person", id="ada"),
        at=datetime.now(UTC),
        correlation="test",
        request_digest=request,
    )


async def register(store: PostgresEventStore) -> None:
    """Register the shop's two tools."""
    document = DocumentRegistered(api="shop", document="d" * 64, base_url="http://127.0.0.1")
    facts: Sequence[CatalogEvent] = (document, ToolsAdded(api="shop", document="d" * 64, tools=TOOLS))
    given = context()
    events: list[Event[AnyEvent]] = [fact_event(fact, given, index) for index, fact in enumerate(facts)]
    await store.append(to_log(named_stream("local", "document", "shop"), 0, events))


async def start(shell: Shell, *, limits: Limits = QUICK, given: Context | None = None) -> tuple[UUID, bool]:
    """Start a session; return its id, and whether it had been started before."""
    goal = Goal(text="Look and order", model="scripted:test", limits=limits)
    session, handled = await orchestrate(shell, Catalogue(shell), goal, given or context())
    return session, handled.repeated


async def die_while_sending(shell: Shell, shop: Shop, session: UUID) -> None:
    """Drive a session until its request has arrived, then die before the answer."""
    arrived = asyncio.Event()

    async def hang() -> None:
        arrived.set()
        await asyncio.sleep(60)

    before, shop.on_arrival, shell.drain_seconds = shop.on_arrival, hang, 0
    driving = asyncio.create_task(drive(shell, session))
    await asyncio.wait_for(arrived.wait(), 60)
    driving.cancel()
    await asyncio.wait([driving], timeout=60)
    shop.on_arrival = before


async def events(store: PostgresEventStore, session: Any, kind: type[Any]) -> list[Any]:
    """Return a session's recorded events of one kind, in their order."""
    found = [read_session(row.topic, row.state) for row in await store.read_stream(session)]
    data: list[SessionEvent] = [each.data for each in found if not isinstance(each, Unknown)]
    return [each for each in data if isinstance(each, kind)]


def stops_behind_reading(
    store: PostgresEventStore, monkeypatch: pytest.MonkeyPatch
) -> tuple[asyncio.Event, asyncio.Event]:
    """Let who reads a stream from a store go on with what was so then; the events say that it has read, and may go on.

    The store must be one that nobody else reads from.
    """
    read, go_on, read_stream = asyncio.Event(), asyncio.Event(), store.read_stream

    async def read_then_stop(stream: UUID, after: int = 0) -> list[LogNotification]:
        rows = await read_stream(stream, after)
        read.set()
        await go_on.wait()
        return list(rows)

    monkeypatch.setattr(store, "read_stream", read_then_stop)
    return read, go_on
