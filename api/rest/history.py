"""Show what happened in a session: its events, as pages or as a stream, and its state at any version."""

from typing import Annotated, Any, Literal, TypeAlias, cast

from litestar import Request, Response, get
from litestar.params import FromPath, HeaderParameter, QueryParameter

from api.answers import Output, answer, view
from api.live.sse import MEDIA_TYPE, EventStream, session_stream
from api.positions import Number, inside, keys_of, outside
from api.positions import cursor as cursor_to
from api.reads import Cursor, Limit, Reading
from api.rest.found import find_session
from api.services import Given
from commands.replaying import state_at
from queries.events import EventShown as Found
from queries.events import events_of


class EventShown(Output, frozen=True, kw_only=True):
    """Show one event: where it stands, its type, and as ``event`` the stored JSON."""

    position: str
    version: int
    type: str
    event: Any


class EventPage(Output, frozen=True, kw_only=True):
    """List events in order; ``next`` is the cursor of the following page, null at the end."""

    events: tuple[EventShown, ...]
    next: str | None


class ChangeShown(Output, frozen=True, kw_only=True):
    """Say what a version changed at a JSON pointer, as a JSON Patch does; null stands for what is absent."""

    path: str
    op: Literal["add", "remove", "replace"]
    before: Any
    after: Any


class StateShown(Output, frozen=True, kw_only=True):
    """Show a session's state at a version, with the SHA-256 of its canonical form.

    ``changes`` lead from the state before that version to this one, in their order.
    """

    session_id: str
    version: int
    schema: str
    digest: str
    state: Any
    changes: tuple[ChangeShown, ...]


LastEventId: TypeAlias = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", description="The position behind which a stream goes on.")
]
Tokens: TypeAlias = Annotated[
    bool, QueryParameter(name="tokens", description="In a stream, what models say while they say it too.")
]
At: TypeAlias = Annotated[
    int | None, QueryParameter(name="at", ge=1, description="The version; the newest where it is left out.")
]


@get(
    "/sessions/{session_id:str}/events",
    tags=["sessions"],
    opt={"stream": True},
    summary="Read a session's events",
)
async def read_events(
    request: Request[Any, Any, Any],
    services: Given,
    read: Reading,
    session_id: FromPath[str],
    last_event_id: LastEventId = None,
    cursor: Cursor = None,
    limit: Limit = 100,
    tokens: Tokens = False,
) -> Response[EventPage]:
    """Answer a page as JSON, or with ``Accept: text/event-stream`` all events and then each new one, live.

    A page ends early where its events have 1 MiB. A stream begins behind ``Last-Event-ID``, or behind ``after``. Its
    last event may be ``problem``, or ``resync``, with the position to come back with, where the client was too slow.
    With ``tokens`` there are ``said`` events too, without an id: what a model says while it says it, part by part. They
    are provisional: the event of the reply takes their place. ``missed`` are parts that were lost before one.
    """
    session, loaded, _ = await find_session(services, read.tenant, session_id)
    if MEDIA_TYPE in request.headers.get("accept", ""):
        after = inside(last_event_id, read.log_id) if last_event_id else read.after
        chunks = session_stream(read, session, after, request.url.path, tokens=tokens)
        # The annotation is what the document describes; the document names the stream beside it.
        return cast(Response[EventPage], EventStream(await anext(chunks), chunks))
    (after,) = keys_of(cursor, read.log_id, tuple[Number]) if cursor else (0,)
    found = (await events_of(services.reads, read.tenant, [session], after=after, limit=limit + 1))[session]
    page = found[:limit]
    # Large events fill a page before they are as many as were asked for.
    goes_on = page and (page[-1].version < loaded.version or len(found) > limit)
    following = cursor_to(read.log_id, page[-1].position) if goes_on else None
    return answer(
        EventPage(events=tuple(_shown(read.log_id, each) for each in page), next=following), etag=loaded.version
    )


def _shown(log_id: str, found: Found) -> EventShown:
    return view(EventShown, found, position=outside(log_id, found.position))


@get("/sessions/{session_id:str}/state", tags=["sessions"], summary="Replay a session's state")
async def read_state(services: Given, read: Reading, session_id: FromPath[str], at: At = None) -> Response[StateShown]:
    """Fold the recorded events up to a version, as they stand in the log, and say what that version changed."""
    session, loaded, _ = await find_session(services, read.tenant, session_id)
    found = await state_at(services.shell.store, session, at or loaded.version)
    changes = tuple(view(ChangeShown, each) for each in found.changes)
    return answer(view(StateShown, found, session_id=str(session), changes=changes), etag=found.version)
