"""Rules that are not what they were when a session was recorded are found by its execution replay.

Each mutation changes one rule of decide. It must be found at the first event that the rule decides in the named run.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from domain.encoding import parse
from domain.replay import Difference, replay
from domain.session import approving, calling, decide, ending, planning, resending, reviewing, steps
from domain.session.events import BudgetSpent, DeadLetterResolved, SessionConsequence
from domain.session.state import Session
from tests.domain.story import SESSION
from tests.replay.runs import recorded

Rule = Callable[..., Any]


class Mutation(msgspec.Struct, frozen=True):
    """Change one rule, and say in which run it shows, at the first event of which type, and where in it."""

    name: str
    run: str
    places: tuple[tuple[Any, str], ...]
    mutate: Callable[[Rule], Rule]
    event: str
    path: str


def after(change: Callable[[Any], Any]) -> Callable[[Rule], Rule]:
    """Change what a rule returns."""
    return lambda rule: lambda *args, **kwargs: change(rule(*args, **kwargs))


def always(value: Any) -> Callable[[Rule], Rule]:
    """Let a rule return the same, whatever it is asked."""
    return lambda rule: lambda *args, **kwargs: value


def with_limits(**limits: int) -> Callable[[Rule], Rule]:
    """Let a rule see other limits than those of the session."""

    def mutate(rule: Rule) -> Rule:
        def other(state: Session, *args: Any) -> Any:
            return rule(replace(state, limits=replace(state.limits, **limits)), *args)

        return other

    return mutate


def first_of(field: str, change: Callable[[Any], Any]) -> Callable[[Rule], Rule]:
    """Change a field of the first consequence that a rule draws."""

    def changed(drawn: Sequence[SessionConsequence]) -> Sequence[SessionConsequence]:
        return (replace(drawn[0], **{field: change(getattr(drawn[0], field))}), *drawn[1:]) if drawn else drawn

    return after(changed)


def accepting(rule: Rule) -> Rule:
    """Accept where rework was asked for."""
    return lambda state, step, _: steps.accept(state, step)


def blind(rule: Rule) -> Rule:
    """Take every verdict for a permission."""
    return lambda state, fact, at: rule(
        state, replace(fact, decision="allow", request_digest=state.step_awaiting(fact.call).stage.request.digest), at
    )


def repeating(rule: Rule) -> Rule:
    """Repeat what is not safe to repeat."""
    return lambda state, step, stage, fact, at: calling._retry(step, state.limits, stage, fact, at, doubtful=True)


def one_attempt(rule: Rule) -> Rule:
    """Permit one attempt."""
    return lambda step, limits, *args, **kwargs: rule(step, replace(limits, call_attempts=1), *args, **kwargs)


LONGER = after(lambda wait: wait + timedelta(milliseconds=1))
BOTH = ((calling, "send_back"), (reviewing, "send_back"))

MUTATIONS = [
    Mutation(
        "retries wait longer", "completed", ((calling, "backoff"),), LONGER, "call-retry-scheduled", "/not_before"
    ),
    Mutation(
        "models wait longer", "completed", ((planning, "backoff"),), LONGER, "model-retry-scheduled", "/not_before"
    ),
    Mutation(
        "the key is derived otherwise",
        "completed",
        ((approving, "derive"),),
        after(lambda key: key[::-1]),
        "call-requested",
        "/idempotency_key",
    ),
    Mutation(
        "a call has less time",
        "completed",
        ((approving, "request_call"), (calling, "request_call")),
        with_limits(call_timeout_ms=1),
        "call-requested",
        "/deadline",
    ),
    Mutation(
        "an approval expires earlier",
        "completed",
        ((approving, "_ask"),),
        with_limits(approval_ttl_ms=1),
        "approval-requested",
        "/expires_at",
    ),
    Mutation("one round more", "denied", BOTH, with_limits(rework_rounds=3), "step-failed", "/type"),
    Mutation("one round less", "denied", BOTH, with_limits(rework_rounds=1), "rework-requested", "/type"),
    Mutation("accept instead of rework", "completed", BOTH, accepting, "rework-requested", "/type"),
    Mutation("a denied call is sent", "denied", ((calling, "on_verdict"),), blind, "rework-requested", "/type"),
    Mutation("nobody is asked", "completed", ((calling, "on_verdict"),), blind, "approval-requested", "/type"),
    Mutation(
        "an unanswered write is repeated",
        "unknown",
        ((calling, "_repeat_if_safe"),),
        repeating,
        "call-outcome-unknown",
        "/type",
    ),
    Mutation(
        "one attempt less",
        "completed",
        ((calling, "_retry"),),
        one_attempt,
        "call-retry-scheduled",
        "/type",
    ),
    Mutation(
        "one unreadable reply ends it",
        "completed",
        ((planning, "_ask_again"),),
        with_limits(model_attempts=1),
        "model-retry-scheduled",
        "/type",
    ),
    Mutation(
        "no reviewer is asked",
        "completed",
        ((reviewing, "on_result"),),
        lambda rule: lambda state, fact: steps.accept(state, state.step_awaiting(fact.call)),
        "model-call-requested",
        "/type",
    ),
    Mutation(
        "steps start one by one",
        "completed",
        ((planning, "start"),),
        lambda rule: lambda state, ready, room: rule(state, ready, room=1),
        "step-started",
        "",
    ),
    Mutation(
        "a step starts too early",
        "unknown",
        ((planning, "start"),),
        lambda rule: lambda state, ready, room: rule(state, [*ready, (2, ready[0][1])], room=room),
        "step-started",
        "",
    ),
    Mutation(
        "another recipe is used",
        "completed",
        ((steps, "ask_for_choice"),),
        after(lambda call: replace(call, recipe="choose.v9")),
        "model-call-requested",
        "/recipe",
    ),
    Mutation(
        "tokens are not counted",
        "completed",
        ((decide, "_spent_on"),),
        after(lambda spent: tuple(replace(one, tokens=0) for one in spent)),
        "budget-spent",
        "/tokens",
    ),
    Mutation("limits are not kept", "spent", ((decide, "used_up"),), always(""), "failed", "/type"),
    Mutation(
        "nothing is named as in flight", "cancelled", ((ending, "_in_flight"),), always(()), "cancelled", "/in_flight"
    ),
    Mutation("a denial is forgotten", "refused", ((approving, "on_denial"),), always(()), "step-failed", ""),
    Mutation(
        "a dead letter says something else",
        "unknown",
        ((calling, "_dead_letter"),),
        first_of("reason", str.upper),
        "call-dead-lettered",
        "/reason",
    ),
    Mutation("a lapse leads to nothing", "crashed", ((calling, "on_lapse"),), always(()), "call-retry-scheduled", ""),
    Mutation(
        "a humans replay is forgotten", "replayed", ((resending, "replayed"),), always(None), "call-retry-scheduled", ""
    ),
    Mutation(
        "a replay has less time",
        "replayed",
        ((resending, "_again"),),
        with_limits(call_timeout_ms=1),
        "call-retry-scheduled",
        "/deadline",
    ),
    Mutation(
        "a replay counts from one",
        "replayed",
        ((resending, "_again"),),
        after(lambda again: replace(again, attempt=1)),
        "call-retry-scheduled",
        "/attempt",
    ),
    Mutation(
        "what a replay was for is lost",
        "discarded",
        ((resending, "_retry"),),
        first_of("letter", lambda letter: ""),
        "call-retry-scheduled",
        "/letter",
    ),
    Mutation(
        "a letter is never resolved",
        "replayed",
        ((resending, "on_fact"),),
        after(lambda drawn: tuple(one for one in drawn if not isinstance(one, DeadLetterResolved))),
        "dead-letter-resolved",
        "",
    ),
    Mutation(
        "a second dead letter says something else",
        "discarded",
        ((resending, "_give_up"),),
        first_of("reason", str.upper),
        "call-dead-lettered",
        "/reason",
    ),
    Mutation(
        "spending is recorded twice",
        "refused",
        ((decide, "_spent_on"),),
        after(lambda spent: (*spent, *spent)),
        "plan-proposed",
        "/type",
    ),
    Mutation(
        "spending is made up",
        "refused",
        ((planning, "begin"),),
        after(lambda drawn: (*drawn, BudgetSpent(tokens=1))),
        "budget-spent",
        "",
    ),
]


def found(run: str) -> Difference:
    (difference,) = replay(SESSION, recorded(run), execute=True).divergences
    return difference


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutated_rule_is_found_where_it_first_decides(mutation: Mutation, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = recorded(mutation.run)  # recorded before the rule changes
    for module, name in mutation.places:
        monkeypatch.setattr(module, name, mutation.mutate(getattr(module, name)))
    difference = found(mutation.run)
    assert difference.event_type == f"session.{mutation.event}.v1"
    assert difference.path == ("/data" + mutation.path if mutation.path else "")
    assert difference.recorded != difference.produced
    if difference.recorded is not None and not difference.path:
        assert difference.recorded == parse(rows[difference.version - 1].state)


def test_a_rule_that_breaks_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded("refused")

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(calling, "on_verdict", broken)
    difference = found("refused")
    assert (difference.event_type, difference.produced) == ("session.verdict-reached.v1", "ZeroDivisionError: oh")


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_without_the_mutation_nothing_differs(mutation: Mutation) -> None:
    assert not replay(SESSION, recorded(mutation.run), execute=True).divergences
