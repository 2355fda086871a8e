"""The eventsourcing library's own contract holds for our store, and its applications work beside us."""

import asyncio
from collections.abc import Iterator
from threading import Thread
from uuid import UUID, uuid4

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    IntegrityError,
    NotSupportedError,
)
from eventsourcing.tests.persistence import AggregateRecorderTestCase, ApplicationRecorderTestCase
from eventsourcing.utils import Environment

from adapters.postgres.library import LogFactory
from adapters.postgres.mapper import Recorded
from adapters.postgres.store import PostgresEventStore
from commands.shell import to_log
from domain.session.events import SessionPaused
from domain.upcasting import Unknown
from tests.adapters.postgres.events import event, run, whole_log
from tests.projections.histories import event_of


def environment(database: str) -> dict[str, str]:
    """Return what an application of the library needs to be told."""
    return {"PERSISTENCE_MODULE": "adapters.postgres.library", "REPRISE_POSTGRES_URL": database}


@pytest.fixture
def factory(request: pytest.FixtureRequest, database: str) -> Iterator[None]:
    """Give a contract case the factory that the library builds from the environment."""
    built = InfrastructureFactory.construct(Environment(env=environment(database)))
    assert isinstance(built, LogFactory)
    request.instance.factory = built
    yield
    built.close()


@pytest.mark.usefixtures("anyio_backend", "factory")
class TestApplicationRecorder(ApplicationRecorderTestCase[ApplicationRecorder]):
    """Run the library's cases for application recorders."""

    factory: LogFactory

    def create_recorder(self) -> ApplicationRecorder:
        """Return our recorder."""
        return self.factory.application_recorder()

    def test_insert_subscribe(self) -> None:
        """Run the case that the library leaves to recorders with subscriptions."""
        self.optional_test_insert_subscribe()


@pytest.mark.usefixtures("anyio_backend", "factory")
class TestAggregateRecorder(AggregateRecorderTestCase):
    """Run the library's cases for aggregate recorders."""

    factory: LogFactory

    def create_recorder(self) -> AggregateRecorder:
        """Return our recorder."""
        return self.factory.aggregate_recorder()


@pytest.fixture
def application(database: str) -> Iterator[Application[UUID]]:
    """Yield an application of the library that is configured with nothing but our module and the URL."""
    application: Application[UUID] = Application(env=environment(database))
    yield application
    application.close()


async def test_an_application_reads_what_we_wrote_and_writes_what_we_read(
    store: PostgresEventStore, application: Application[UUID]
) -> None:
    stream = uuid4()
    ours, theirs = event_of(SessionPaused(reason="ours")), event_of(SessionPaused(reason="theirs"))
    await store.append(to_log(stream, 0, [ours]))
    saved = await asyncio.to_thread(application.save, Recorded(stream, 2, theirs))
    assert [recording.notification.id for recording in saved] == [2]
    read = await asyncio.to_thread(lambda: list(application.events.get(stream)))
    assert read == [Recorded(stream, 1, ours), Recorded(stream, 2, theirs)]
    assert [row.event_id.hex for row in await store.read_stream(stream)] == [ours.id, theirs.id]


async def test_an_application_conflicts_where_we_would(
    store: PostgresEventStore, application: Application[UUID]
) -> None:
    stream = uuid4()
    await store.append([event(stream, 1)])
    for version in (1, 3):
        with pytest.raises(IntegrityError):
            await asyncio.to_thread(application.save, Recorded(stream, version, event_of(SessionPaused(reason="late"))))


async def test_an_application_carries_events_of_unknown_types(
    store: PostgresEventStore, application: Application[UUID]
) -> None:
    stream = uuid4()
    await store.append([event(stream, 1, b'{"data":1}', "session.from-the-future.v9")])
    (read,) = await asyncio.to_thread(lambda: list(application.events.get(stream)))
    assert read == Recorded(stream, 1, Unknown(topic="session.from-the-future.v9", state=b'{"data":1}'))


async def test_an_application_writes_and_subscribes_while_we_append(
    store: PostgresEventStore, application: Application[UUID]
) -> None:
    received: list[int] = []

    def subscribe() -> None:
        with application.recorder.subscribe(gt=0) as subscription:
            for notification in subscription:
                received.append(notification.id)
                if notification.id == 1_100:
                    return

    def save() -> None:
        for _ in range(100):
            application.save(Recorded(uuid4(), 1, event_of(SessionPaused(reason="beside"))))

    subscriber = Thread(target=subscribe)
    subscriber.start()
    saving = asyncio.create_task(asyncio.to_thread(save))
    for _ in range(20):
        await asyncio.gather(*[store.append(run(uuid4(), 1, 5)) for _ in range(10)])
    await saving
    await asyncio.to_thread(subscriber.join, 60)
    assert received == list(range(1, 1_101))
    assert len(await whole_log(store)) == 1_100


async def test_the_notification_log_is_the_log(store: PostgresEventStore, application: Application[UUID]) -> None:
    await store.append(run(uuid4(), 1, 25))
    section = await asyncio.to_thread(lambda: application.notification_log["11,20"])
    assert [item.id for item in section.items] == list(range(11, 21))


async def test_what_the_log_does_not_keep_is_refused(database: str) -> None:
    factory = InfrastructureFactory.construct(Environment(env=environment(database)))
    for ask in (factory.tracking_recorder, factory.process_recorder, lambda: factory.aggregate_recorder("snapshots")):
        with pytest.raises(NotSupportedError):
            ask()
    with pytest.raises(OSError, match="REPRISE_POSTGRES_URL"):
        LogFactory({"PERSISTENCE_MODULE": "adapters.postgres.library"})
