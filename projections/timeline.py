"""Show timelines: one row an event of a session, in words; rows with a ``role`` are the session's messages."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, cast
from uuid import UUID

from domain.envelope import Event
from domain.session.events import Fact, SessionEvent
from domain.upcasting import AnyEvent
from projections.explaining import of_hidden
from projections.names import step_of
from projections.ports import Recorded
from projections.rows import ReadModel, Row
from projections.wording import words


class TimelineRow(Row, frozen=True, kw_only=True, gc=False):
    """Be one event; ``step`` 0 and ``call`` "" stand for none, ``role`` says from whom a message came."""

    NAME: ClassVar = "timeline"
    KEY: ClassVar = ("position",)

    position: int
    session_id: UUID
    version: int
    tenant: str
    at: datetime
    kind: str
    type: str
    actor: str
    step: int
    call: str
    role: str | None
    title: str
    detail: str

    def key(self) -> int:
        """Return the position."""
        return self.position


def changes(event: Event[AnyEvent], row: Recorded) -> Iterable[TimelineRow]:
    """Return an event's row; events outside sessions have none."""
    if not row.topic.startswith("session."):
        return ()
    said = words(cast(SessionEvent, event.data))
    hidden = of_hidden(event.data.redacted) if isinstance(event.data, Fact) else ()
    timeline_row = TimelineRow(
        position=row.position,
        session_id=row.stream,
        version=row.version,
        tenant=row.tenant,
        at=event.at,
        kind=event.kind,
        type=row.topic,
        actor=event.actor.id,
        step=said.step or step_of(said.call),
        call=said.call,
        role=said.role,
        title=said.title,
        detail="\n".join(filter(None, (said.detail, *hidden))),
    )
    return (timeline_row,)


MODEL = ReadModel(name="timeline", version=1, tables=("timeline",), writes=(TimelineRow,), changes=changes)
