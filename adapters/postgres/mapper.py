"""Map our events for the eventsourcing library: its applications then read and write the same log."""

from dataclasses import dataclass
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from commands.shell import to_log
from domain.envelope import Event
from domain.errors import Invalid
from domain.upcasting import AnyEvent, Unknown, read


@dataclass(frozen=True)
class Recorded:
    """Hold one event with its place, as the library's domain events do."""

    originator_id: UUID
    originator_version: int
    event: Event[AnyEvent] | Unknown


class EventMapper(Mapper[UUID]):
    """Store an event under its own topic as canonical JSON, and read every version that was ever written."""

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Return the row of the log; raise Invalid for an event that is not one of ours or is of unknown type."""
        if not isinstance(domain_event, Recorded) or isinstance(domain_event.event, Unknown):
            raise Invalid(f"Expected a Recorded event of known type, but {type(domain_event).__name__} came.")
        after = domain_event.originator_version - 1
        return to_log(domain_event.originator_id, after, [domain_event.event])[0]

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Return the event, upcast; one of an unknown topic is carried as Unknown."""
        stream = stored_event.originator_id
        if not isinstance(stream, UUID):
            raise Invalid(f"Expected a UUID as the stream's id, but {stream!r} came.")
        event = read(stored_event.topic, stored_event.state)
        return Recorded(stream, stored_event.originator_version, event)
