"""Measure replay: decoding a session's 1,000 events, folding them, and deciding all of them again.

No server is involved: replay reads a stream's rows once and is pure from there. Parts take turns, and each figure is
the median over the rounds.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from domain.content import content
from domain.encoding import encode, foreign
from domain.envelope import Actor, Context, fact_event
from domain.ids import derive
from domain.replay import Row, replay, replay_state
from domain.session.events import (
    ArgumentsChecked,
    CallAttempted,
    CallSucceeded,
    GoalSubmitted,
    Limits,
    ModelReplied,
    PinnedAgent,
    ResultChecked,
    SessionFact,
    VerdictReached,
)
from domain.session.react import react
from domain.session.state import Session
from domain.upcasting import read_session, topic_of
from ops.bench.machine import machine

EVENTS = 1_000
EVENTS_PER_STEP = 16
STUBBED = "nothing: the product's own decoding, folding and deciding; the session is made up, its events are in memory"
SESSION = "bench"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AGENTS = tuple(PinnedAgent(id=role, role=role, revision="r") for role in ("planner", "executor", "reviewer"))


async def run(*, rounds: int = 51) -> dict[str, object]:
    """Return the figures, and the machine they were measured on."""
    rows = session_rows()
    figures = await asyncio.to_thread(_measure, rows, rounds)
    return {"machine": machine(), "stubbed": STUBBED, "rounds": rounds, "events": len(rows), **figures}


def _measure(rows: Sequence[Row], rounds: int) -> dict[str, float]:
    parts: dict[str, Callable[[], object]] = {
        "decode": lambda: [read_session(row.topic, row.state) for row in rows],
        "fold": lambda: replay_state(rows),
        "execute": lambda: replay(SESSION, rows, execute=True),
    }
    taken: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(rounds):
        for name, part in parts.items():
            taken[name].append(_seconds(part))
    ratios = [fold / decode for fold, decode in zip(taken["fold"], taken["decode"], strict=True)]
    return {
        "fold_1000_ms": round(statistics.median(taken["fold"]) * 1_000, 3),
        "bare_decode_1000_ms": round(statistics.median(taken["decode"]) * 1_000, 3),
        "fold_to_decode": round(statistics.median(ratios), 2),
        "execute_events_per_s": round(len(rows) / statistics.median(taken["execute"])),
    }


def _seconds(part: Callable[[], object]) -> float:
    started = time.perf_counter()
    part()
    return time.perf_counter() - started


def session_rows(events: int = EVENTS) -> list[Row]:
    """Record a session of exactly so many events: one step after the other, each with a call and a review."""
    rows: list[Row] = []
    state: Session | None = None
    for number, fact in enumerate(_facts(steps=events // EVENTS_PER_STEP + 1)):
        actor, at = Actor(kind="service", id="bench"), BEGIN + timedelta(seconds=number)
        context = Context(command_id=derive(SESSION, number), actor=actor, at=at, correlation=SESSION)
        group, state = react(state, fact_event(fact, context, 0))
        for event in group:
            rows.append(Row(version=len(rows) + 1, topic=topic_of(type(event.data)), state=encode(event)))
    return rows[:events]


def _facts(steps: int) -> list[SessionFact]:
    limits = Limits(steps=steps)
    goal = GoalSubmitted(
        session=SESSION,
        goal="Look everything up",
        user="bench",
        model="stub",
        agents=AGENTS,
        catalog="c" * 64,
        policy_set="p" * 64,
        behaviour=1,
        limits=limits,
    )
    plan = {"steps": [{"goal": f"Look up thing {n}", "after": [n - 1] if n > 1 else []} for n in range(1, steps + 1)]}
    done = [fact for step in range(1, steps + 1) for fact in _step(step)]
    return [goal, _replied("plan", plan), *done, _replied("answer", {"answer": "All was looked up."})]


def _step(step: int) -> list[SessionFact]:
    call, request = f"call-{step}-1", derive("request", step)
    lease = BEGIN + timedelta(days=1)
    output = content(b'{"id":7,"name":"thing","price":"12.50"}')
    return [
        _replied(f"choose-{step}-1", {"tool": "look", "arguments": {"path": {"id": str(step)}}}),
        ArgumentsChecked(call=call, operation="GET /things/{id}", document="d" * 64, request_digest=request),
        VerdictReached(
            call=call, request_digest=request, decision="allow", rules=("reads",), policy_set="p" * 64, reason="a read"
        ),
        CallAttempted(call=call, attempt=1, worker="bench", lease_until=lease),
        CallSucceeded(call=call, attempt=1, status=200, output=output, source="tool:look"),
        ResultChecked(step=step, call=call),
        _replied(f"review-{step}-1", {"verdict": "accept", "reason": "it is what was asked for"}),
    ]


def _replied(call: str, reply: object) -> ModelReplied:
    text = content(bytes(foreign(reply)))
    return ModelReplied(call=call, attempt=1, reply=text, prompt_digest="d" * 64, tokens_in=400, tokens_out=60)
