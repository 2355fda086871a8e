"""Measure verdicts by a large set of rules, and how long a backtest of many recorded decisions takes.

Nothing of either is stubbed: verdicts come from the product's own engine, and the decisions that are judged again stand
in a real log, in sessions drawn at random by the product's own rules. One of the 200 rules reads an amount, which is
another in each call, so that no call is one that was judged before; beside it stands what such a one takes.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import quantiles

from commands.backtest import Report, backtest
from commands.ports import Case, Judge, LogEvent
from commands.shell import Shell
from domain.catalog.defaults import EXECUTOR
from domain.catalog.policies import PolicySet
from domain.catalog.state import Catalog, Document
from domain.encoding import foreign
from domain.session.events import VerdictReached
from domain.upcasting import topic_of
from ops.bench.histories import TOOLS
from ops.bench.machine import machine
from ops.bench.rebuild import UNIT_EVENTS, events_of_sessions
from ops.bench.steps import Parts, stubbed_shell
from ops.scratch import scratch_database

STUBBED = "nothing: the product's own engine and a real log; the sessions are drawn at random by the product's rules"
RULES = 200
CALLS = 3_000
DECLARED = "// argument body.amount integer"
AMOUNT = (
    '@id("too-much") @ask @reason("It is an order of more than 100,000.") forbid (principal, action, resource)'
    " when { context.arguments.body has amount && context.arguments.body.amount > 100000 };"
)
VERDICT = topic_of(VerdictReached)
API = Document(
    api="shop",
    document="d" * 64,
    base_url="http://127.0.0.1",
    scopes=("orders",),
    tools=tuple(TOOLS.values()),
)


async def run(
    url: str,
    parts: Parts,
    *,
    decisions: int,
    drawn: Callable[[int, int], None] = lambda *_: None,
    judged: Callable[[int, int], None] = lambda *_: None,
) -> dict[str, object]:
    """Measure on a scratch database of the server at ``url``; both take how far they are, of how much."""
    few, many = parts.judge.default, many_rules(parts.judge.default)
    with scratch_database(url) as scratch:
        store = await parts.open_store(scratch)
        try:
            shell = stubbed_shell(store, parts)
            await _fill(shell, decisions, drawn)
            began = time.perf_counter()
            report = await backtest(shell, "local", many, judged)
            seconds = time.perf_counter() - began
        finally:
            await store.close()
    return {
        "machine": machine(),
        "stubbed": STUBBED,
        "rules": RULES,
        **{f"verdict_{name}_ms": value for name, value in _verdicts(parts.judge, many, CALLS).items()},
        **{f"verdict_seen_before_{name}_ms": value for name, value in _verdicts(parts.judge, many, 100).items()},
        **{f"default_set_{name}_ms": value for name, value in _verdicts(parts.judge, few, CALLS).items()},
        **_figures(report, seconds),
    }


def many_rules(base: PolicySet) -> PolicySet:
    """Return a set with rules of its own for the operations of many paths, hours and roles, ``RULES`` in all."""
    own = [
        f'@id("own-{number}") @reason("Rule {number} says so.") forbid (principal, action, resource) when {{'
        f' resource.path like "/area/{number}/*" && context.hour >= {number % 24} && principal.role == "r{number}" }};'
        for number in range(RULES - base.text.count("@id(") - 1)
    ]
    return PolicySet(name="many", text="\n".join([DECLARED, base.text, *own, AMOUNT]))


async def _fill(shell: Shell, decisions: int, drawn: Callable[[int, int], None]) -> None:
    """Append sessions until that many verdicts are recorded."""
    pinned = await shell.snapshots.pin("local", Catalog(documents={API.api: API}))
    verdicts, unit = 0, list[LogEvent]()
    for event in events_of_sessions(catalog=pinned.digest):
        unit.append(event)
        verdicts += event.topic == VERDICT
        if len(unit) == UNIT_EVENTS or verdicts == decisions:
            await shell.store.append(unit)
            unit = []
            drawn(verdicts, decisions)
        if verdicts == decisions:
            return


def _verdicts(judge: Judge, policy_set: PolicySet, different: int) -> dict[str, float]:
    """Return the median and the 95th percentile of one verdict on so many different calls, in milliseconds."""
    taken = []
    for number in range(CALLS):
        case = _case(number % different)
        began = time.perf_counter()
        judge.judge(policy_set, case)
        taken.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(taken, n=20)
    return {"p50": round(cuts[9], 3), "p95": round(cuts[18], 3)}


def _case(number: int) -> Case:
    return Case(
        agent=EXECUTOR,
        tool=API.tools[number % len(API.tools)],
        listed=True,
        request_digest=f"{number:064x}",
        effect_class="write",
        at=datetime(2026, 11, 1, number % 24, tzinfo=UTC),
        arguments=foreign({"path": {"id": number}, "body": {"amount": number, "reason": "damaged"}}),
        scopes=("orders",),
        user="ada",
        roles=("buyer",),
        environment="bench",
    )


def _figures(report: Report, seconds: float) -> dict[str, object]:
    return {
        "decisions": report.decisions,
        "unjudged": report.unjudged,
        "flipped": report.flipped,
        "backtest_seconds": round(seconds, 1),
        "decisions_per_s": round(report.decisions / seconds),
    }
