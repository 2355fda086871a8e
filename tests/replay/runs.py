"""Record a few sessions that together reach every rule: what replay is tested on, and what the golden files hold."""

from collections.abc import Callable, Iterator
from functools import cache

from domain.budget.amounts import Ceilings
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
    chaos = Chaos(workers=2, crashes=(18, 20), stalls=(29, 38, 41, 48), pause_at=14)
    return simulate(World(script=script, plan=((), ())), chaos).rows


def cancelled() -> list[Row]:
    """A session that is cancelled while two calls are in flight."""
    script = {"tool-choose-1-1": "read", "tool-choose-2-1": "keyed"}
    return simulate(World(seed=6, script=script, plan=((), ())), Chaos(cancel_at=18)).rows


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


def paid() -> list[Row]:
    """A session that an account pays for: it runs dry, is filled again, a call costs nothing for it was not sent."""
    script = {"tool-choose-1-1": "write", "call-1-1-a1": "not-sent"}
    return simulate(World(script=script, plan=((),)), purse=Ceilings(money=2_500, tool_calls=3)).rows


def joined() -> list[Row]:
    """A session for which an account pays from its midst on, while a question is under way; then it runs dry."""
    script = {"tool-choose-1-1": "write"}
    return simulate(World(script=script, plan=((),)), Chaos(join_at=3), purse=Ceilings(money=2_500, tool_calls=3)).rows


def unpaid() -> list[Row]:
    """A session whose own money is less than what is due."""
    return simulate(World(script={"tool-choose-1-1": "read"}, plan=((),)), limits=Limits(money=2_500)).rows


def overdue() -> list[Row]:
    """A session that waits for people until its time is over."""
    script = {"tool-choose-1-1": "write", "approve-call-1-1": "silence"}
    return simulate(World(script=script, plan=((),)), limits=Limits(wall_ms=60_000)).rows


def described() -> list[Row]:
    """An agent that asks twice for more of a tool before it chooses, and after rework once again."""
    script = {
        "question-choose-1-1": "asks",
        "question-choose-1-1-d1": "asks",
        "tool-choose-1-1-d2": "read",
        "verdict-review-1-1": "rework",
        "tool-choose-1-2": "read",
    }
    return simulate(World(script=script, plan=((),))).rows


def bound() -> list[Row]:
    """A plan that names its tools and binds arguments: a read, a write to what it found, a result that draws on both.

    The write is sent back once, so that its second call is no longer the one that was planned.
    """
    script = {"tool-choose-1-1": "read", "tool-choose-2-1": "keyed", "tool-choose-2-2": "keyed"}
    script |= {"verdict-review-2-1": "rework", "tool-choose-3-1": "read", "choice-choose-3-1": "stated"}
    return simulate(World(script=script, plan=((), (1,), (1, 2)), binds=True)).rows


def rehearsed() -> list[Row]:
    """Run dry: a read is sent, a write that a human would be asked about and one that is allowed are not."""
    script = {"tool-choose-1-1": "read", "tool-choose-2-1": "write", "tool-choose-3-1": "keyed"}
    return simulate(World(script=script, plan=((), (1,), (2,)), dry=True)).rows


def remembered() -> list[Row]:
    """Recall memories for a plan, a step and its second round; some of them others may have written."""
    script = {"tool-choose-1-1": "read", "tool-choose-1-2": "read", "verdict-review-1-1": "rework"}
    return simulate(World(seed=3, script=script, plan=((),), remembers=True)).rows


def filtered() -> list[Row]:
    """A filter denies the first choice, labels what the tool said and denies what it says in the end."""
    script = {
        "tool-choose-1-1": "read",
        "tool-choose-2-1": "read",
        "filter-choose-1-1-a1": "deny",
        "filter-call-1-1-a1": "label",
        "filter-call-2-1-a1": "deny",
    }
    return simulate(World(script=script, plan=((), (1,)), filtered=True)).rows


def barred() -> list[Row]:
    """A filter that denies the goal."""
    return simulate(World(script={"filter-goal-a0": "deny"}, plan=((),), filtered=True)).rows


def doubted() -> list[Row]:
    """Code finds what nothing speaks for in a result, and that the first answer cannot stand."""
    return simulate(World(script={"tool-choose-1-1": "read"}, plan=((),), doubted=True)).rows


def refused_plan() -> list[Row]:
    """A plan that names a tool which nobody has is not begun; the next one is."""
    script = {"check-plan-a1": "step 1: there is no tool named 'raed'", "check-plan-a2": "fits"}
    return simulate(World(script={**script, "tool-choose-1-1": "read"}, plan=((),))).rows


def mended() -> list[Row]:
    """Arguments that do not fit: a toolsmith mends them once, and the second time says that it cannot."""
    script = {"tool-choose-1-1": "read", "tool-choose-2-1": "write", "tool-choose-2-2": "write"}
    checks = {"check-call-1-1": "misfit", "check-call-2-1": "misfit", "mend-repair-2-2": "cannot"}
    return simulate(World(script={**script, **checks}, plan=((), (1,)), mends=True)).rows


def replanned() -> list[Row]:
    """A reviewer rejects a step for good: the rest is planned anew, twice, and the second time leads to the goal."""
    script = {f"tool-choose-{step}-1": "read" for step in range(1, 7)}
    verdicts = {"verdict-review-2-1": "fail", "verdict-review-5-1": "fail"}
    world = World(script={**script, **verdicts}, plan=((), (1,), (2,), (3,)))
    return simulate(world, limits=Limits(replans=2)).rows


def researched() -> list[Row]:
    """A researcher takes several calls, one of which it has the answer of, before it states what it found."""
    return simulate(World(seed=6, plan=((),), researches=True)).rows


def found_out() -> list[Row]:
    """A researcher is refused a call, goes on with that, and states what it found."""
    return simulate(World(script={"judge-call-1-1": "deny"}, plan=((),), researches=True)).rows


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
        described,
        migrated,
        searched,
        remembered,
        paid,
        joined,
        unpaid,
        overdue,
        bound,
        rehearsed,
        doubted,
        filtered,
        barred,
        refused_plan,
        mended,
        replanned,
        researched,
        found_out,
    )
}


@cache
def recorded(name: str) -> tuple[Row, ...]:
    """Return a run's rows, recorded once."""
    return tuple(RUNS[name]())


def consequences(rows: tuple[Row, ...]) -> Iterator[int]:
    """Return the indices of the rows that are consequences."""
    return (index for index, row in enumerate(rows) if b'"kind":"consequence"' in row.state)
