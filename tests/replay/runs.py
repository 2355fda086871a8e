"""Record a few sessions that together reach every rule: what replay is tested on, and what the golden files hold."""

from collections.abc import Callable, Iterator
from functools import cache

from domain.replay import Row
from domain.session.events import Limits
from tests.domain.simulation import Chaos, simulate
from tests.domain.world import World


def completed() -> list[Row]:
    """Plan, approval, retries, a call deferred by an open breaker, rework, completion; two steps side by side."""
    script = {
        "tool-choose-1-1": "read",
        "tool-choose-2-1": "write",
        "tool-choose-3-1": "read",
        "tool-choose-3-2": "keyed",
        "call-1-1-a1": "server-error",
        "call-1-1-a2": "rate-limited",
        "choose-2-1-m1": "garbage",
        "answer-m1": "model-fault",
        "verdict-review-3-1": "rework",
        "check-call-3-1": "fits",
    }
    world = World(script=script, plan=((), (), (1, 2)))
    return simulate(world, limits=Limits(parallel_steps=2)).rows


def denied() -> list[Row]:
    """A step that the policy denies until its rounds are used up, and whose arguments fit only in the second."""
    script = {"tool-choose-1-1": "write", "tool-choose-1-2": "write", "tool-choose-1-3": "write"}
    verdicts = {"check-call-1-1": "misfit", "judge-call-1-2": "deny", "judge-call-1-3": "other-request"}
    return simulate(World(script={**script, **verdicts}, plan=((),))).rows


def refused() -> list[Row]:
    """A human who says no."""
    script = {"tool-choose-1-1": "write", "approve-call-1-1": "no"}
    return simulate(World(script=script, plan=((),))).rows


def unknown() -> list[Row]:
    """Writes whose answers are lost: one is reported as happened, one sent again, one given up."""
    script = {
        "tool-choose-1-1": "write",
        "tool-choose-2-1": "write",
        "tool-choose-3-1": "write",
        "call-1-1-a1": "unanswered",
        "call-2-1-a1": "server-error",
        "call-3-1-a1": "unanswered",
        "outcome-call-3-1": "give-up",
    }
    return simulate(World(script=script, plan=((), (1,), (2,)))).rows


def crashed() -> list[Row]:
    """A worker that dies over and over, and is followed by another one; leases lapse, answers come late."""
    script = {"tool-choose-1-1": "keyed", "tool-choose-2-1": "read", "answer-call-2-1": "error-inside"}
    chaos = Chaos(workers=2, crashes=(16, 22), stalls=(12, 14, 19, 30), pause_at=25)
    return simulate(World(script=script, plan=((), ())), chaos).rows


def cancelled() -> list[Row]:
    """A session that is cancelled while two calls are in flight."""
    script = {"tool-choose-1-1": "read", "tool-choose-2-1": "keyed"}
    return simulate(World(seed=1, script=script, plan=((), ())), Chaos(cancel_at=13)).rows


def spent() -> list[Row]:
    """A session that may call only one tool, and needs two."""
    script = {"tool-choose-1-1": "read", "tool-choose-2-1": "read"}
    return simulate(World(script=script, plan=((), (1,))), limits=Limits(tool_calls=1)).rows


def expired() -> list[Row]:
    """A result stated without a tool, then an approval that nobody gives."""
    script = {"choice-choose-1-1": "stated", "tool-choose-2-1": "write", "approve-call-2-1": "silence"}
    return simulate(World(script=script, plan=((), (1,)))).rows


def late() -> list[Row]:
    """Let a call's deadline pass before anybody sends it."""
    return simulate(World(script={"tool-choose-1-1": "read"}, plan=((),)), limits=Limits(call_timeout_ms=0)).rows


def replayed() -> list[Row]:
    """A write that was given up, sent again by a human after the end: not at once, but then with success."""
    script = {
        "tool-choose-1-1": "write",
        "call-1-1-a1": "server-error",
        "outcome-call-1-1": "give-up",
        "letter-call-1-1-0": "replay",
        "call-1-1-a2": "rate-limited",
    }
    return simulate(World(script=script, plan=((),))).rows


def discarded() -> list[Row]:
    """A call that is given up, sent again in vain and discarded."""
    script = {
        "tool-choose-1-1": "keyed",
        "answer-call-1-1": "bad-answer",
        "letter-call-1-1-0": "replay",
        "call-1-1-a2": "server-error",
        "letter-call-1-1-1": "discard",
    }
    return simulate(World(script=script, plan=((),))).rows


def migrated() -> list[Row]:
    """A session that goes on with another revision of its API while one call waits for approval."""
    script = {"tool-choose-1-1": "write", "approve-call-1-1": "silence", "tool-choose-2-1": "read"}
    return simulate(World(script=script, plan=((), (1,))), Chaos(migrate_at=8)).rows


def searched() -> list[Row]:
    """Look for the tools of a plan, of a step and of its second round; a reply that cannot be used changes nothing."""
    script = {"tool-choose-1-1": "read", "tool-choose-1-2": "read", "verdict-review-1-1": "rework"}
    script["choose-1-1-m1"] = "garbage"
    return simulate(World(script=script, plan=((),), narrowed=True)).rows


RUNS: dict[str, Callable[[], list[Row]]] = {
    run.__name__: run
    for run in (
        completed,
        denied,
        refused,
        unknown,
        crashed,
        cancelled,
        spent,
        expired,
        late,
        replayed,
        discarded,
        migrated,
        searched,
    )
}


@cache
def recorded(name: str) -> tuple[Row, ...]:
    """Return a run's rows, recorded once."""
    return tuple(RUNS[name]())


def consequences(rows: tuple[Row, ...]) -> Iterator[int]:
    """Return the indices of the rows that are consequences."""
    return (index for index, row in enumerate(rows) if b'"kind":"consequence"' in row.state)
