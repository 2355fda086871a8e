"""Hold what is left after the faults against everything that was promised."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

import msgspec

from adapters.nats.connection import connect
from adapters.postgres.read_models.watching import rebuild
from adapters.postgres.store import PostgresEventStore
from commands.ports import LogNotification
from commands.replaying import replay_session
from domain.envelope import Event
from domain.session.events import (
    ApprovalRequested,
    CallAttempted,
    CallDeadLettered,
    CallOutcomeUnknown,
    CallRequested,
    CallSucceeded,
    DeadLetterReplayed,
    OutcomeReported,
    SessionEvent,
)
from domain.session.evolve import evolve
from domain.session.state import Session
from domain.upcasting import Unknown, read_session
from ops.sample.shop import RunningShop
from ops.sample.shop_control import Count
from projections.registry import READ_MODELS
from projections.rows import ReadModel
from tests.adapters.nats.logs import mirrored
from tests.chaos.load import Acknowledged

ENDS = ("session.completed.v1", "session.failed.v1", "session.cancelled.v1")
CATCHES_UP_WITHIN = 300.0


@dataclass
class Story:
    """Be one session as the log has it."""

    id: str
    rows: list[LogNotification]

    @property
    def ended(self) -> bool:
        """Tell whether the session has ended; late observations may stand behind its end."""
        return any(row.topic in ENDS for row in self.rows)

    def events(self) -> list[SessionEvent]:
        """Return what happened."""
        return [event.data for event in self._known]

    @cached_property
    def state(self) -> Session | None:
        """Fold the events."""
        state = None
        for event in self._known:
            state = evolve(state, event.data, event.at)
        return state

    @cached_property
    def _known(self) -> list[Event[SessionEvent]]:
        found = (read_session(row.topic, row.state) for row in self.rows)
        return [event for event in found if not isinstance(event, Unknown)]

    def timeline(self) -> str:
        """Show every event, for whoever must find out what went wrong."""
        return "\n".join([f"session {self.id}", *map(_line, self.rows)])


class _Shown(msgspec.Struct):
    at: str
    data: msgspec.Raw


def _line(row: LogNotification) -> str:
    shown = msgspec.json.decode(row.state, type=_Shown)
    return f"{row.id:6} {row.originator_version:4} {shown.at} {bytes(shown.data).decode()[:300]}"


async def whole_log(store: PostgresEventStore) -> list[LogNotification]:
    """Read the log from its beginning."""
    rows: list[LogNotification] = []
    while more := await store.read_log(rows[-1].id if rows else 0, 5_000):
        rows += more
    return rows


def stories(log: Sequence[LogNotification]) -> dict[str, Story]:
    """Split the log into its sessions."""
    streams: defaultdict[str, list[LogNotification]] = defaultdict(list)
    for row in log:
        if row.topic.startswith("session."):
            streams[str(row.originator_id)].append(row)
    return {session: Story(session, rows) for session, rows in streams.items()}


def check_dense(log: Sequence[LogNotification]) -> None:
    """Expect positions without a gap over the log, and versions without a gap in every stream."""
    assert [row.id for row in log] == list(range(1, len(log) + 1))
    versions: Counter[object] = Counter()
    for row in log:
        versions[row.originator_id] += 1
        assert row.originator_version == versions[row.originator_id], f"stream {row.originator_id} has a gap"
    assert len({row.event_id for row in log}) == len(log), "an event was recorded twice"


def check_acknowledged(log: Sequence[LogNotification], acknowledged: Acknowledged) -> None:
    """Expect everything that the API acknowledged or showed where it said that it stands."""
    by_position = {row.id: row for row in log}
    for position, session in acknowledged.positions.items():
        assert str(by_position[position].originator_id) == session, f"{position} was acknowledged for {session}"
    for position, event in acknowledged.events.items():
        assert by_position[position].event_id == UUID(event), f"{position} was shown as event {event}"
    started = Counter(acknowledged.sessions.values())
    assert not [session for session, times in started.items() if times > 1], "two keys started one session"
    assert set(started) == set(stories(log)), "the sessions in the log are not those that were acknowledged"


def check_calls(story: Story, count: Callable[[str], Count], *, keyed: bool) -> None:
    """Expect of every write that the shop carried it out as often as the session and its humans say.

    Once where it succeeded, and never more often. Only where keys are not honoured may a human who sends a dead letter
    again have it carried out once more for each order: such a shop is asked at most once, and once for each order.
    """
    events = story.events()
    attempts = {(event.call, event.attempt) for event in events if isinstance(event, CallSucceeded)}
    succeeded = Counter(call for call, _ in attempts)
    orders = Counter(event.call for event in events if isinstance(event, DeadLetterReplayed))
    for request in (event for event in events if isinstance(event, CallRequested)):
        if request.operation.startswith("GET "):
            continue
        call, counted = request.call, count(request.idempotency_key)
        most = 1 if keyed else 1 + orders[call]
        told = f"{call}: {counted}, {orders[call]} orders, {succeeded[call]} successes\n{story.timeline()}"
        assert min(most, succeeded[call]) <= counted.writes <= most, told
        assert keyed or counted.requests <= most, told
    _check_questions(story, events, keyed=keyed)


def check_keys(told: Iterable[Story], shops: Iterable[RunningShop]) -> None:
    """Expect every key that reached a shop to be that of a recorded call, and no write without one."""
    events = (event for story in told for event in story.events())
    recorded = {event.idempotency_key for event in events if isinstance(event, CallRequested)}
    for shop in shops:
        counts = shop.counts()
        assert counts.keys.keys() <= recorded, f"nobody asked for {counts.keys.keys() - recorded}"
        written = sum(each.writes for each in counts.operations.values())
        assert written == sum(each.writes for each in counts.keys.values()), f"{written} writes at {shop.url}"


def _check_questions(story: Story, events: Sequence[SessionEvent], *, keyed: bool) -> None:
    """Expect of every call whose outcome was unknown that a human settled it, and of a key that it spared them this."""
    unknown = {event.call for event in events if isinstance(event, CallOutcomeUnknown)}
    asked = {event.call for event in events if isinstance(event, ApprovalRequested) and event.question == "outcome"}
    settled = {event.call for event in events if isinstance(event, OutcomeReported | CallDeadLettered | CallSucceeded)}
    assert unknown <= asked & settled, f"no human settled what became of {unknown}\n{story.timeline()}"
    assert not (keyed and unknown), f"{unknown} honours its key, yet a human was asked\n{story.timeline()}"


def is_keyed(story: Story) -> bool:
    """Tell whether a session works with the shop that honours keys."""
    state = story.state
    return state is not None and state.model.endswith("/keyed.json")


def check_attempts(story: Story) -> None:
    """Expect no attempt of a call to be claimed twice."""
    claims = Counter((each.call, each.attempt) for each in story.events() if isinstance(each, CallAttempted))
    assert all(times == 1 for times in claims.values()), f"an attempt was claimed twice\n{story.timeline()}"


async def check_replays(store: PostgresEventStore, told: Iterable[Story]) -> None:
    """Expect every decision to come out again, and every prompt that was answered."""
    for story in told:
        done = await replay_session(store, UUID(story.id), execute=True)
        assert (done.divergences, done.unchecked) == ((), 0), f"{done}\n{story.timeline()}"
        assert (done.decided, done.replay_digest) == (done.facts, done.state_digest)


async def check_stream(nats_url: str, log: Sequence[LogNotification]) -> None:
    """Expect the stream to hold the log's events at their positions, over the whole of its window."""
    expected = [(row.id, row.event_id.hex) for row in log]
    client = await connect(nats_url, "check")
    try:

        async def found() -> object:
            window = await mirrored(client)
            return window if window else "nothing"

        first = (await mirrored(client) or [(1, "")])[0][0]
        await _equal(found, expected[first - 1 :], "the stream")
    finally:
        await client.close()


async def check_read_models(postgres_url: str) -> None:
    """Expect every read model to be what its code makes of the log, row by row."""
    for name, model in READ_MODELS.items():

        async def differences(model: ReadModel = model) -> object:
            found = await rebuild(postgres_url, model, check=True)
            return found.differences and found.examples

        await _equal(differences, 0, f"read model {name}")


async def _equal(found: Callable[[], Awaitable[object]], expected: object, what: str) -> None:
    """Expect something to become equal, for it may be on its way."""
    last: object = None
    try:
        async with asyncio.timeout(CATCHES_UP_WITHIN):
            while True:
                last = await found()
                if last == expected:
                    return
                await asyncio.sleep(0.3)
    except TimeoutError:
        raise AssertionError(f"{what} differs from the log: {str(last)[:2_000]}") from None


async def until_ended(store: PostgresEventStore, sessions: Callable[[], set[str]], seconds: float) -> None:
    """Wait until every session has ended; the test fails with the timelines of those that have not."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while True:
        found = stories(await whole_log(store))
        open_ones = [session for session in sessions() if session not in found or not found[session].ended]
        if not open_ones:
            return
        if loop.time() > deadline:
            shown = "\n\n".join(found[session].timeline() for session in open_ones[:3] if session in found)
            raise AssertionError(f"{len(open_ones)} sessions have not ended after {seconds:.0f} s:\n{shown}")
        await asyncio.sleep(1.0)
