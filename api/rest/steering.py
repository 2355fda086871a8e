"""Cancel, pause, resume and replay sessions."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.params import FromPath

from api.answers import Output, answer
from api.bodies import Input, body_of
from api.positions import outside
from api.rest.found import find_session
from api.services import Given
from api.writes import Write, Writing
from commands.authorize import require
from commands.handle import handle
from commands.replaying import replay_session as replay
from domain.session.commands import CancelSession, PauseSession, ResumeSession, SessionCommand


class Reason(Input, frozen=True, kw_only=True):
    """Say why."""

    reason: str = ""


class Steered(Output, frozen=True, kw_only=True):
    """Say at which version the session is now."""

    session_id: UUID
    version: int
    position: str


class Execution(Input, frozen=True, kw_only=True):
    """Choose how to replay: fold what was recorded, or with ``execute`` decide everything again and compare."""

    execute: bool = True


class Divergence(Output, frozen=True, kw_only=True):
    """Name the first difference: ``path`` is a JSON pointer into the stored event, null means absent."""

    session_id: str
    version: int
    event_type: str
    path: str
    recorded: Any
    produced: Any


class Replayed(Output, frozen=True, kw_only=True):
    """Say what a replay found.

    ``unchecked`` counts replies whose prompts could not be built again, for the pinned catalogue is not stored.
    """

    session_id: str
    events: int
    facts: int
    decided: int
    state_digest: str
    replay_digest: str
    unchecked: int
    divergences: tuple[Divergence, ...]


@post("/sessions/{session_id:str}/cancel", status_code=200, opt={"body": Reason}, tags=["sessions"])
async def cancel(
    request: Request[Any, Any, Any], services: Given, write: Writing, session_id: FromPath[str]
) -> Response[Steered]:
    """End a session now; what is in flight is still recorded."""
    body = await body_of(request, Reason)
    return await _steer(write, session_id, CancelSession(reason=body.reason))


@post("/sessions/{session_id:str}/pause", status_code=200, opt={"body": Reason}, tags=["sessions"])
async def pause(
    request: Request[Any, Any, Any], services: Given, write: Writing, session_id: FromPath[str]
) -> Response[Steered]:
    """Halt a session until it is resumed."""
    body = await body_of(request, Reason)
    return await _steer(write, session_id, PauseSession(reason=body.reason))


@post("/sessions/{session_id:str}/resume", status_code=200, opt={"body": Reason}, tags=["sessions"])
async def resume(
    request: Request[Any, Any, Any], services: Given, write: Writing, session_id: FromPath[str]
) -> Response[Steered]:
    """Let a paused session go on."""
    body = await body_of(request, Reason)
    return await _steer(write, session_id, ResumeSession(reason=body.reason))


async def _steer(write: Write, session_id: str, command: SessionCommand) -> Response[Steered]:
    services = write.services
    session, _, state = await find_session(services, write.principal.tenant, session_id)
    context = await write.context("operate", correlation=state.id)
    handled = await handle(services.shell, session, command, context, expected_version=write.version)
    version, position = handled.loaded.version, handled.loaded.position
    steered = Steered(
        session_id=session, version=version, position=outside(await services.shell.store.log_id(), position)
    )
    return answer(steered, etag=version)


@post("/sessions/{session_id:str}/replay", status_code=200, opt={"body": Execution}, tags=["sessions"])
async def replay_session(
    request: Request[Any, Any, Any], services: Given, session_id: FromPath[str]
) -> Response[Replayed]:
    """Replay a session from the log and compare; nothing is written and nothing outside is called."""
    require(request.user, "read")
    body = await body_of(request, Execution)
    session, _, _ = await find_session(services, request.user.tenant, session_id)
    found = await replay(services.shell.store, session, execute=body.execute)
    divergences = tuple(
        Divergence(
            session_id=each.session_id,
            version=each.version,
            event_type=each.event_type,
            path=each.path,
            recorded=each.recorded,
            produced=each.produced,
        )
        for each in found.divergences
    )
    return answer(
        Replayed(
            session_id=found.session_id,
            events=found.events,
            facts=found.facts,
            decided=found.decided,
            state_digest=found.state_digest,
            replay_digest=found.replay_digest,
            unchecked=found.unchecked,
            divergences=divergences,
        )
    )
