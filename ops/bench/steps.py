"""Measure the whole loop: one worker process, real Postgres, an in-process tool and an in-process model.

What is stubbed is only the other side of the two sockets; prompts, checks, verdicts, claims, reviews and appends are
the product's own, and personal values are looked for in all of it. A step is: choose (model), check, judge, claim,
call, review by code, review by model, accept.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from statistics import median, quantiles
from typing import Any
from uuid import UUID

from commands.catalogue import Catalogue
from commands.orchestrate import Goal, orchestrate
from commands.perform import drive
from commands.ports import (
    Chance,
    Checked,
    Clock,
    Description,
    EventStore,
    Judge,
    Prepared,
    Question,
    Reply,
    ToolAnswer,
    ToolCall,
    Turn,
    any_time,
)
from commands.redaction import Redactor
from commands.shell import Shell, to_log
from domain.catalog.events import Binding, DocumentRegistered, Tool, ToolsAdded
from domain.encoding import digest, encode, foreign
from domain.envelope import Actor, Context, Event, fact_event
from domain.ids import named_stream
from domain.session.events import Limits
from domain.upcasting import AnyEvent
from ops.bench.machine import machine
from ops.bench.raw import insert_rate, server_version
from ops.scratch import scratch_database

STUBBED = "the tool's and the model's sockets: both answer in process, at once; no NATS: the worker drives directly"
TOOL = Tool(
    name="look",
    api="stub",
    operation="GET /things/{id}",
    document="0" * 64,
    description="Look a thing up.",
    effect_class="read",
    repeatable=True,
    parameters=foreign({"type": "object", "properties": {"path": {"type": "object"}}}),
)


class StubTools:
    """Accept every call and answer at once."""

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
            document=call.document.document,
            effect_class="read",
            repeatable=True,
            request_digest=digest(call.arguments),
        )

    async def prepare(self, call: ToolCall) -> Prepared:
        """Say what would be sent."""
        return Prepared(checked=await self.check(call), method="GET", url="http://127.0.0.1/things/7")

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
        """Answer with a thing."""
        return ToolAnswer(status=200, body=b'{"id":7,"name":"thing","price":"12.50"}', latency_ms=0)


@dataclass
class StubModel:
    """Plan a chain of steps, choose the one tool, accept every result; note when each step was begun."""

    steps: int
    begun: dict[str, list[float]] = field(default_factory=dict)

    def known(self, model: str) -> None:
        """Know every name."""

    async def ask(self, question: Question) -> Reply:
        """Answer by the prompt's last line."""
        text = question.prompt.messages[-1].text
        purpose = text.rsplit("TASK purpose=", 1)[1].split(" ", 1)[0]
        if purpose == "choose":
            self.begun.setdefault(text.split("\n", 2)[1], []).append(time.perf_counter())
        return Reply(text=self._reply(purpose), tokens_in=200, tokens_out=20, latency_ms=0)

    def _reply(self, purpose: str) -> str:
        match purpose:
            case "plan":
                steps = [
                    {"goal": f"Look at thing {number}", "after": [number - 1] if number > 1 else []}
                    for number in range(1, self.steps + 1)
                ]
                return encode({"steps": steps}).decode()
            case "choose":
                return '{"tool":"look","arguments":{"path":{"id":7}}}'
            case "review":
                return '{"verdict":"accept","reason":"it is there"}'
            case _:
                return '{"answer":"all were looked at"}'


class NoWakeups:
    """Wake nobody: the bench drives its sessions itself."""

    async def wake(self, session: UUID, lane: str) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Parts:
    """Hold what the bench gets of the composition root."""

    open_store: Callable[[str], Awaitable[Any]]
    judge: Judge
    clock: Clock
    chance: Chance
    redactor: Callable[[Any], Redactor]


async def run(url: str, parts: Parts, *, rounds: int = 3, steps: int = 20, long: int = 1_000) -> dict[str, object]:
    """Measure on a scratch database of the server at ``url`` and return the figures of CONTRACT's `bench steps`."""
    with scratch_database(url) as scratch:
        store = await parts.open_store(scratch)
        try:
            alone, many, raw = [], [], []
            for _ in range(rounds):
                raw.append(await asyncio.to_thread(insert_rate, scratch, 1.0))
                alone.append(await _measure(store, parts, sessions=1, steps=100))
                many.append(await _measure(store, parts, sessions=200, steps=steps))
            first, last, appends = await _long_session(store, parts, long)
        finally:
            await store.close()
        server = await asyncio.to_thread(server_version, scratch)
    raw_rate = median(raw)
    rate = median(each.rate for each in many)
    return {
        "machine": machine() | {"postgres": server},
        "stubbed": STUBBED,
        "steps_per_s_1": round(median(each.rate for each in alone), 1),
        "steps_per_s_200": round(rate, 1),
        "p95_ms_200": round(median(each.p95_ms for each in many), 1),
        "appends_per_step": round(appends, 2),
        "raw_insert_per_s": round(raw_rate, 1),
        "steps_to_raw_insert": round(median(m.rate / r for m, r in zip(many, raw, strict=True)), 3),
        "bytes_per_step_first": first,
        "bytes_per_step_last": last,
    }


@dataclass(frozen=True)
class Measured:
    """Hold steps per second, and the 95th percentile of the time from one step's choice to the next's."""

    rate: float
    p95_ms: float


def stubbed_shell(store: Any, parts: Parts, steps: int = 0) -> Shell:
    """Return what writes to a store, with both stubs."""
    return Shell(
        store=store,
        wakeups=NoWakeups(),
        tools=StubTools(),
        models=StubModel(steps=steps),
        judge=parts.judge,
        clock=parts.clock,
        chance=parts.chance,
        rates=store.rates,
        redactor=parts.redactor(store),
        worker="bench",
    )


async def _measure(store: EventStore, parts: Parts, *, sessions: int, steps: int) -> Measured:
    shell = stubbed_shell(store, parts, steps)
    started = await start_sessions(shell, parts, sessions, steps)
    begun = time.perf_counter()
    await asyncio.gather(*(drive(shell, session) for session in started))
    elapsed = time.perf_counter() - begun
    assert isinstance(shell.models, StubModel)
    latencies = [
        (later - earlier) * 1000 for times in shell.models.begun.values() for earlier, later in pairwise(times)
    ]
    return Measured(rate=sessions * steps / elapsed, p95_ms=quantiles(latencies, n=20)[-1])


async def start_sessions(shell: Shell, parts: Parts, sessions: int, steps: int) -> list[UUID]:
    """Start sessions of so many steps each, with the one tool registered."""
    catalogue = Catalogue(shell)
    if not (await catalogue.current("local")).documents:
        await _register(shell, parts)
    limits = Limits(steps=steps, model_calls=10 * steps, tool_calls=10 * steps, tokens=10_000_000)
    started = []
    for _ in range(sessions):
        goal = Goal(text=f"Look at things, run {parts.chance.command_id()}", model="stub", limits=limits)
        started.append((await orchestrate(shell, catalogue, goal, _context(parts)))[0])
    return started


async def _register(shell: Shell, parts: Parts) -> None:
    document = DocumentRegistered(api="stub", document=TOOL.document, base_url="http://127.0.0.1", tools=1)
    tools = ToolsAdded(api="stub", document=TOOL.document, tools=(TOOL,))
    context = _context(parts)
    events: list[Event[AnyEvent]] = [fact_event(document, context, 0), fact_event(tools, context, 1)]
    await shell.store.append(to_log(named_stream("local", "document", "stub"), 0, events))


def _context(parts: Parts) -> Context:
    command = parts.chance.command_id()
    return Context(
        command_id=command, actor=Actor(kind="person", id="bench"), at=parts.clock.now(), correlation=command
    )


async def _long_session(store: EventStore, parts: Parts, steps: int) -> tuple[int, int, float]:
    """Return the bytes that the first and the last twentieth of a long session's steps stored, and appends a step."""
    shell = stubbed_shell(store, parts, steps)
    (session,) = await start_sessions(shell, parts, 1, steps)
    await drive(shell, session)
    rows = await store.read_stream(session)
    bounds = [index for index, row in enumerate(rows) if row.topic == "session.step-started.v1"]
    sizes = [
        sum(len(row.state) for row in rows[start:end])
        for start, end in zip(bounds, [*bounds[1:], len(rows)], strict=True)
    ]
    portion = max(1, steps // 20)
    appends = sum(1 for row in rows if row.command_id)
    return round(_mean(sizes[1 : portion + 1])), round(_mean(sizes[-portion - 1 : -1])), appends / steps


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values)
