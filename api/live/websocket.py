"""Stream a session's events over a WebSocket: `/streams/{sessionId}?after=<position>`.

Frames are JSON texts, each with a ``type``: ``event``, ``resync`` where the client was too slow, with the position to
come back with, and ``problem``. After either of the last two the connection is closed. A client sends nothing.

With `tokens=true` there are ``said`` frames too: what a model says while it says it. They are provisional, may be lost,
and count for nothing once the event of the reply is there.
"""

from contextlib import aclosing, suppress
from typing import Any, TypeAlias

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath

from api.answers import Output, view
from api.auth import check_fresh, spoken_protocol
from api.live.feeds import Resync
from api.live.racing import until_one_ends
from api.live.seats import seat
from api.live.voices import Heard, Told, told
from api.parameters import check_names
from api.positions import inside, outside
from api.problems import COME_BACK, Problem, close_of, problem_of
from api.rest.found import find_session
from api.services import Given, Services
from commands.authorize import Principal, require
from domain.errors import Invalid
from projections.ports import Recorded

PROTOCOL = "reprise.events"
PARAMETERS = ("after", "tokens")
Socket: TypeAlias = WebSocket[Principal, Any, Any]
Gone: tuple[type[Exception], ...] = (OSError, WebSocketDisconnect)
"""What sending to a client that has left may raise."""


class EventFrame(Output, frozen=True, kw_only=True, tag_field="type", tag="event"):
    """Show one event: where it stands, its type, and as ``event`` the stored JSON."""

    position: str
    version: int
    event_type: str
    event: msgspec.Raw


class ResyncFrame(Output, frozen=True, kw_only=True, tag_field="type", tag="resync"):
    """Say that the client was too slow, and with which position it may come back."""

    after: str


class ProblemFrame(Output, frozen=True, kw_only=True, tag_field="type", tag="problem"):
    """Say why the connection is closed."""

    problem: Problem


class SaidFrame(Output, frozen=True, kw_only=True, tag_field="type", tag="said"):
    """Show a part of what a model says in an attempt of a question; so many were ``missed`` right before it."""

    call: str
    attempt: int
    part: int
    missed: int
    text: str


Frame: TypeAlias = EventFrame | ResyncFrame | ProblemFrame | SaidFrame


@websocket("/streams/{session_id:str}")
async def stream_session(socket: Socket, services: Given, session_id: FromPath[str]) -> None:
    """Send a session's events behind a position, the recorded ones and then each new one."""
    with suppress(*Gone):
        await socket.accept(subprotocols=spoken_protocol(socket.scope, PROTOCOL))
        try:
            await until_one_ends(_send_events(socket, services, session_id), _hear_nothing(socket))
        except Gone:
            return
        except Exception as fault:
            await _send(socket, ProblemFrame(problem=problem_of(fault, socket.url.path)))
            await socket.close(*close_of(fault))


async def _send_events(socket: Socket, services: Services, session_id: str) -> None:
    principal = socket.user
    require(principal, "read")
    check_names(socket.query_params, PARAMETERS)
    log_id = await services.shell.store.log_id()
    session, _, _ = await find_session(services, principal.tenant, session_id)
    position = socket.query_params.get("after")
    after = inside(position, log_id) if position is not None else 0
    live = services.shell.live if _wants_tokens(socket) else None
    feed = services.feeds.session(session, after, log_id=log_id)
    async with (
        seat(services),
        aclosing(feed) as batches,
        services.voices.ear(live, session) as ear,
        aclosing(told(batches, ear)) as news,
    ):
        async for batch in news:
            check_fresh(principal, services.shell.clock.now())
            for frame in _frames(log_id, batch):
                await _send(socket, frame)
    await socket.close(COME_BACK, "come back with the position of the resync")


def _wants_tokens(socket: Socket) -> bool:
    wanted = socket.query_params.get("tokens", "false")
    if wanted not in ("true", "false"):
        raise Invalid(f"Expected `tokens` to be true or false, but got {wanted[:20]!r}.")
    return wanted == "true"


def _frames(log_id: str, batch: Told) -> list[Frame]:
    if isinstance(batch, Resync):
        return [ResyncFrame(after=outside(log_id, batch.after))]
    return [view(SaidFrame, each) if isinstance(each, Heard) else _event(log_id, each) for each in batch]


def _event(log_id: str, each: Recorded) -> EventFrame:
    return EventFrame(
        position=outside(log_id, each.position),
        version=each.version,
        event_type=each.topic,
        event=msgspec.Raw(each.state),
    )


async def _hear_nothing(socket: Socket) -> None:
    """Return when the client is gone; raise Invalid for whatever it says."""
    if (await socket.receive())["type"] != "websocket.disconnect":
        raise Invalid("Expected a client that only listens, but it sent something: close the connection to stop.")


async def _send(socket: Socket, frame: Frame) -> None:
    try:
        await socket.send_text(msgspec.json.encode(frame).decode())
    except RuntimeError as fault:  # the server has closed the connection under us
        raise ConnectionResetError("The connection is closed.") from fault
