"""Whatever happens, and wherever a worker dies: hundreds of generated histories, each of them a whole session."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as examples
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.encoding import encode
from domain.envelope import Event
from domain.replay import Row, replay, replay_state, state_digest
from domain.session.events import (
    ApprovalGranted,
    ApprovalRequested,
    ArgumentsChecked,
    CallAttempted,
    CallRequested,
    DeadLetterReplayed,
    LeaseLapsed,
    Limits,
    ModelCallAttempted,
    OutcomeReported,
    SessionEvent,
    VerdictReached,
)
from domain.session.state import Ended, Session
from domain.upcasting import Unknown, read_session
from tests.domain.simulation import Chaos, Simulation, simulate
from tests.domain.story import SESSION
from tests.domain.world import FATAL, LATER_RULES, LETTERS, PASSING, REWORKED, World

HISTORIES = 500
histories = settings(
    max_examples=HISTORIES,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

ticks = st.integers(1, 150)
some_ticks = st.lists(ticks, max_size=4).map(tuple)
seeds = st.integers(0, 2**32)


def troubles(*kinds: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(kinds), unique=True).map(tuple)


worlds = st.builds(
    World,
    seed=seeds,
    troubles=troubles(*PASSING, *REWORKED, *FATAL, *LETTERS, *LATER_RULES),
    narrowed=st.booleans(),
    remembers=st.sampled_from((False, False, True)),
    dry=st.sampled_from((*5 * (False,), True)),
    mends=st.booleans(),
    researches=st.sampled_from((False, False, True)),
    names=st.booleans(),
)
chaos = st.builds(
    Chaos,
    workers=st.integers(1, 2),
    claims=st.booleans(),
    crashes=some_ticks,
    stalls=some_ticks,
    pause_at=st.just(0) | ticks,
    cancel_at=st.just(0) | ticks,
    migrate_at=st.just(0) | ticks,
)
limits = st.builds(Limits, parallel_steps=st.integers(1, 3), replans=st.integers(0, 2)) | st.builds(
    Limits,
    tool_calls=st.integers(0, 4) | st.just(500),
    model_calls=st.integers(0, 12) | st.just(500),
    rework_rounds=st.integers(0, 2),
)


def given_up(seed: int, tool: str, failures: list[str], decisions: list[str]) -> World:
    """Let a call fail in these ways, one attempt after the other, and people decide so about its dead letter."""
    attempts = {f"call-1-1-a{number}": failure for number, failure in enumerate(failures, 1)}
    letters = {f"letter-call-1-1-{number}": decision for number, decision in enumerate(decisions)}
    script = {"tool-choose-1-1": tool, "outcome-call-1-1": "give-up", **attempts, **letters}
    return World(seed=seed, script=script, troubles=("rejected", "bad-answer"), plan=((), ()))


lettered = st.builds(
    given_up,
    seed=seeds,
    tool=st.sampled_from(["read", "keyed", "write"]),
    failures=st.lists(st.sampled_from(["not-sent", "unanswered", "server-error", "rate-limited"]), max_size=6),
    decisions=st.lists(st.sampled_from(["replay", "replay", "discard", "leave"]), max_size=3),
)
tight = st.builds(
    Limits,
    call_attempts=st.integers(1, 3),
    tool_calls=st.integers(1, 5) | st.just(500),
    call_timeout_ms=st.sampled_from([0, 300, 120_000]),
)
STATES = msgspec.json.Decoder(Session | None)


@pytest.fixture
def seen(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[Simulation], None]]:
    """Count the histories of a test and print what they were."""
    counts: Counter[str] = Counter()

    def count(run: Simulation) -> None:
        assert run.state is not None and isinstance(run.state.stage, Ended)
        counts.update(["histories", run.state.stage.status])
        counts["events"] += len(run.rows)
        counts.update(f"letters {status}" for status in statuses(run))
        counts["replays"] += run.replays.total()

    yield count
    with capsys.disabled():
        print(f"\n  {', '.join(f'{number:,} {name}' for name, number in counts.most_common())}")
    assert counts["histories"] >= HISTORIES


def events_of(rows: list[Row]) -> list[Event[SessionEvent]]:
    events = [read_session(row.topic, row.state) for row in rows]
    return [event for event in events if not isinstance(event, Unknown)]


@histories
@examples(worlds | lettered, chaos, limits | tight)
def test_no_dry_run_sends_anything_that_writes(
    seen: Callable[[Simulation], None], world: World, chaos: Chaos, limits: Limits
) -> None:
    run = simulate(replace(world, dry=True), chaos, limits)
    seen(run)
    events = [event.data for event in events_of(run.rows)]
    reads = {each.call for each in events if isinstance(each, ArgumentsChecked) and each.effect_class == "read"}
    assert {each.call for each in run.received} <= reads
    assert not any(isinstance(each, ApprovalRequested) and each.question == "call" for each in events)


@histories
@examples(worlds | lettered, chaos, limits | tight)
def test_every_history_ends_and_replays_byte_for_byte(
    seen: Callable[[Simulation], None], world: World, chaos: Chaos, limits: Limits
) -> None:
    run = simulate(world, chaos, limits)
    seen(run)
    assert [encode(event) for event in events_of(run.rows)] == [row.state for row in run.rows]
    assert [STATES.decode(encode(state)) for state in run.states] == run.states
    found = replay(SESSION, run.rows, execute=True)
    assert not found.divergences
    assert found.facts == found.decided == sum(event.kind == "fact" for event in events_of(run.rows))
    assert found.state_digest == found.replay_digest == state_digest(run.state)
    assert replay_state(run.rows) == run.state


def outcome(run: Simulation) -> tuple[str, set[tuple[str, str]]]:
    assert run.state is not None and isinstance(run.state.stage, Ended)
    requested = [event.data for event in events_of(run.rows) if isinstance(event.data, CallRequested)]
    return run.state.stage.status, {(call.idempotency_key, call.request_digest) for call in requested}


# Where one step fails, what its neighbours had begun by then is a matter of timing: such sessions go step by step.
# And the human gives up nothing, because after a crash there is more to give up.
LASTING = tuple(trouble for trouble in FATAL if trouble != "give-up")
one_by_one = st.tuples(
    st.builds(World, seed=seeds, troubles=troubles(*PASSING, *REWORKED, *LASTING, *LETTERS)), st.just(1)
)
side_by_side = st.tuples(st.builds(World, seed=seeds, troubles=troubles(*PASSING, *REWORKED)), st.integers(2, 3))


@histories
@examples(one_by_one | side_by_side, st.lists(st.integers(0, 10**6), min_size=1, max_size=2))
def test_a_crash_between_any_two_appends_ends_the_same(
    seen: Callable[[Simulation], None], case: tuple[World, int], points: list[int]
) -> None:
    world, parallel = case
    run = partial(simulate, world, limits=Limits(parallel_steps=parallel))
    calm = run()
    crashed = run(Chaos(crashes=tuple(1 + point % calm.ticks for point in points)))
    seen(crashed)
    assert outcome(crashed) == outcome(calm)


@pytest.mark.parametrize("seed", range(6))
def test_a_crash_at_every_single_point_ends_the_same(seed: int) -> None:
    world = World(seed=seed, troubles=(*PASSING, *REWORKED))
    calm = simulate(world)
    assert calm.state is not None and calm.state.stage == Ended(status="completed", text="all done")
    for tick in range(1, calm.ticks + 1):
        assert outcome(simulate(world, Chaos(crashes=(tick,)))) == outcome(calm)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_crash_at_every_point_of_a_replay_resolves_the_letter_all_the_same(workers: int) -> None:
    world = replace(given_up(0, "keyed", ["server-error"] * 3, ["replay"]), plan=((),))
    calm = simulate(world, limits=Limits(call_attempts=3))
    assert statuses(calm) == ["resolved"]
    for tick in range(1, calm.ticks + 1):
        crashed = simulate(world, Chaos(workers=workers, crashes=(tick,)), Limits(call_attempts=3))
        assert (outcome(crashed)[0], statuses(crashed)) == ("failed", ["resolved"])


def statuses(run: Simulation) -> list[str]:
    """Return what became of the dead letters of a run."""
    assert run.state is not None
    return [letter.status for letter in run.state.letters]


@histories
@examples(worlds | lettered, chaos, limits | tight)
def test_no_history_sends_what_it_must_not(
    seen: Callable[[Simulation], None], world: World, chaos: Chaos, limits: Limits
) -> None:
    run = simulate(world, chaos, limits)
    seen(run)
    facts = [event.data for event in events_of(run.rows)]
    for number, request in enumerate(facts):
        if isinstance(request, CallRequested):
            assert_permitted(facts[:number], request)
        if isinstance(request, CallAttempted) and request.attempt == 1:
            assert_as_approved(facts[:number], request)
    assert_sent_once(run, facts)


@histories
@examples(worlds | lettered, chaos, limits | tight)
def test_no_lease_is_said_to_be_over_before_it_is(
    seen: Callable[[Simulation], None], world: World, chaos: Chaos, limits: Limits
) -> None:
    run = simulate(world, chaos, limits)
    seen(run)
    leases: dict[tuple[str, int], datetime] = {}
    for event in events_of(run.rows):
        match event.data:
            case ModelCallAttempted(call=call, attempt=attempt) | CallAttempted(call=call, attempt=attempt) as claim:
                assert (call, attempt) not in leases
                leases[call, attempt] = claim.lease_until
            case LeaseLapsed(call=call, attempt=attempt):
                assert leases.pop((call, attempt)) <= event.at
            case _:
                pass


def assert_permitted(before: list[SessionEvent], request: CallRequested) -> None:
    """Expect a verdict that allows this very request, or asks for an approval that was really granted."""
    verdicts = [fact for fact in before if isinstance(fact, VerdictReached) and fact.call == request.call]
    assert {verdict.request_digest for verdict in verdicts} == {request.request_digest}
    granted = [(fact.request_digest, fact.proof) for fact in before if isinstance(fact, ApprovalGranted)]
    match verdicts[-1].decision:
        case "deny":
            pytest.fail("a denied call was requested")
        case "ask":
            assert request.approved and (request.request_digest, request.approved.proof) in granted
        case "allow":
            assert request.approved is None


def assert_as_approved(before: list[SessionEvent], claim: CallAttempted) -> None:
    """Expect an approved call to be claimed right behind a verdict that found it as it was approved, or allows it.

    One that is sent because a human ordered it from among the dead letters has that order.
    """
    requests = [fact for fact in before if isinstance(fact, CallRequested) and fact.call == claim.call]
    approved = requests[-1].approved
    if approved is None or any(isinstance(fact, DeadLetterReplayed) and fact.call == claim.call for fact in before):
        return
    verdict = before[-1]
    assert isinstance(verdict, VerdictReached) and verdict.call == claim.call
    assert verdict.request_digest == approved.request_digest
    if verdict.decision == "ask":
        assert (verdict.policy_set, set(verdict.rules) - set(approved.rules)) == (approved.policy_set, set())
    else:
        assert verdict.decision == "allow"


def assert_sent_once(run: Simulation, facts: list[SessionEvent]) -> None:
    """Expect a call to be sent word for word, and a write without key support only as often as humans said."""
    claims = Counter(fact.call for fact in facts if isinstance(fact, CallAttempted))
    for call in {request.call for request in run.received}:
        sent = [request for request in run.received if request.call == call]
        assert len({(request.key, request.digest) for request in sent}) == 1
        assert len(sent) <= claims[call]
        if not sent[0].repeatable:
            assert len(sent) <= 1 + sum(_orders_another(fact, call) for fact in facts)
            assert sum(request.happened for request in sent) <= 1


def _orders_another(fact: SessionEvent, call: str) -> bool:
    match fact:
        case OutcomeReported(outcome="send-again") | DeadLetterReplayed():
            return fact.call == call
        case _:
            return False
