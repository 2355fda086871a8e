"""Be a persistence module of the eventsourcing library over our log.

An ``Application`` with ``PERSISTENCE_MODULE=adapters.postgres.library`` and ``REPRISE_POSTGRES_URL`` in its environment
writes through the same append function, beside the service: dense positions, exact versions, the same role.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

# As a module: the library looks for exactly one factory class among this module's names.
from eventsourcing import postgres
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DataError,
    IntegrityError,
    InterfaceError,
    Mapper,
    NotSupportedError,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
)
from eventsourcing.utils import Environment, EnvType, retry
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from adapters.postgres.connections import service_conninfo
from adapters.postgres.mapper import EventMapper
from adapters.postgres.queue import heads_behind
from adapters.postgres.rows import Rows, compared, pack, register_rows
from adapters.postgres.statements import SQL
from commands.ports import LogEvent
from domain.errors import Conflict, TooLarge


class LogRecorder(postgres.PostgresApplicationRecorder):
    """Record events in our log; reading and subscribing are the library's own."""

    def __init__(self, datastore: postgres.PostgresDatastore):
        super().__init__(datastore, events_table_name="log_events")

    def create_table(self) -> None:
        """Leave the schema alone: it belongs to `reprise migrate`."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append events, all or nothing, and return their positions; raise IntegrityError on a conflict."""
        if not stored_events:
            return None
        events = [_as_log_event(event) for event in stored_events]
        try:
            heads_behind(events)
        except Conflict as fault:
            raise IntegrityError(str(fault)) from fault
        except TooLarge as fault:
            raise DataError(str(fault)) from fault
        positions: list[int] = self._append(events, attempts=[])
        return positions

    @retry((InterfaceError, OperationalError), max_attempts=10, wait=0.2)
    def _append(self, events: list[LogEvent], attempts: list[None]) -> list[int]:
        attempts.append(None)
        with self.datastore.get_connection() as connection:
            register_rows(connection)
            row_type = connection.execute(SQL["row_type"].encode(), prepare=True).fetchone()
            assert row_type is not None, "the statement always answers one row"
            rows: Rows = pack([events], row_type["row_type"])
            answer = connection.execute(SQL["append"].encode(), {"rows": rows}, prepare=True).fetchone()
            assert answer is not None, "the function always answers one row"
            if not answer["refused"]:
                return list(range(answer["base"] + 1, answer["base"] + len(events) + 1))
            # An earlier attempt may have been written before its connection was lost.
            found = connection.execute(SQL["find_events"].encode(), compared(events)).fetchall()
        if len(attempts) > 1 and len(found) == len(events):
            return sorted(row["notification_id"] for row in found)
        raise IntegrityError(f"The log refused the events: {answer['refused']}. Read the new ones and try again.")


class AggregateLogRecorder(LogRecorder):
    """Record events in our log for who asks for no positions."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> None:
        """Append events, all or nothing."""
        super().insert_events(stored_events, **kwargs)


class LogFactory(postgres.PostgresFactory):
    """Build recorders and the mapper for an application of the library."""

    def __init__(self, env: Environment | EnvType | None):
        given = env if isinstance(env, Environment) else Environment(env=env)
        url = given.get("REPRISE_POSTGRES_URL")
        if not url:
            raise OSError("Expected REPRISE_POSTGRES_URL in the application's environment. Set it to the log's URL.")
        super().__init__(Environment(given.name, {**_REQUIRED, **given}))
        # The whole connection string counts, and the service's role with it.
        self.datastore.pool.kwargs = {**conninfo_to_dict(service_conninfo(url)), "row_factory": dict_row}

    def mapper(self, transcoder: Any = None, mapper_class: Any = None) -> Mapper[Any]:
        """Return our mapper, or the one that the application names."""
        named = mapper_class or self.env.get(self.MAPPER_TOPIC)
        return super().mapper(transcoder, mapper_class if named else EventMapper)

    def application_recorder(self) -> ApplicationRecorder:
        """Return the recorder of the log."""
        return LogRecorder(self.datastore)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return a recorder of events; raise NotSupportedError for snapshots, which the log does not hold."""
        if purpose != "events":
            raise NotSupportedError(f"The log keeps events, not {purpose}: fold the stream instead.")
        return AggregateLogRecorder(self.datastore)

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> Any:
        """Raise NotSupportedError: what was processed is kept with the read models."""
        raise NotSupportedError("The log keeps no tracking records: the read models keep their positions.")

    def process_recorder(self) -> ProcessRecorder:
        """Raise NotSupportedError: what was processed is kept with the read models."""
        raise NotSupportedError("The log keeps no tracking records: the read models keep their positions.")


# The library insists on these; the connection string replaces them.
_REQUIRED = {"POSTGRES_DBNAME": "", "POSTGRES_HOST": "", "POSTGRES_USER": "", "POSTGRES_PASSWORD": ""}


def _as_log_event(event: StoredEvent) -> LogEvent:
    if isinstance(event, LogEvent):
        return event
    stream = event.originator_id
    if not isinstance(stream, UUID):
        raise DataError(f"Expected a UUID as the stream's id, but {stream!r} came.")
    return LogEvent(stream, event.originator_version, event.topic, event.state, event_id=uuid4())
