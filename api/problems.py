"""Turn every error into one RFC 9457 problem; HTTP numbers for errors stand here and nowhere else."""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from commands.authorize import Unauthenticated
from domain.errors import (
    CommandReused,
    Conflict,
    Divergence,
    Forbidden,
    Invalid,
    NotFound,
    NotPossible,
    Refused,
    RepriseError,
    Stale,
    TooLarge,
    Unavailable,
    WrongLog,
)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 1
# Codes with which a WebSocket is closed: try again later (RFC 6455 and the IANA registry), or 4000 and an HTTP number.
COME_BACK = 1013
_OWN_CODES = 4000
# What graphql-transport-ws closes with besides; source: PROTOCOL.md of enisdenjo/graphql-ws.
NO_PROTOCOL, LATE_INIT, DOUBLED_ID, DOUBLED_INIT = 4406, 4408, 4409, 4429

logger = logging.getLogger(__name__)


class Misdirected(Refused):
    """Refuse a host name that is not ours: it may be a web page's way to reach this machine."""


class WrongMediaType(Refused):
    """Refuse a body in another form than JSON."""


class TooSlow(Refused):
    """Refuse a body that does not come in time."""


class NotAllowed(Refused):
    """Refuse a method that this path does not have."""


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one type of problem; ``advice`` stands on its page."""

    name: str
    status: int
    title: str
    advice: str


KINDS: dict[type[Exception], Kind] = {
    Invalid: Kind(
        name="invalid",
        status=400,
        title="The input does not have the expected form",
        advice="The detail names the place. Correct the request by /openapi.json; nothing was written.",
    ),
    Unauthenticated: Kind(
        name="unauthenticated",
        status=401,
        title="Nobody was named, or the token is not valid",
        advice="Send `Authorization: Bearer TOKEN`; `reprise token issue` makes one.",
    ),
    Forbidden: Kind(
        name="forbidden",
        status=403,
        title="This caller may not do this",
        advice="The detail names the role or the origin that was missing. Ask for a token with that role.",
    ),
    NotFound: Kind(
        name="not-found",
        status=404,
        title="Nothing exists under this name",
        advice="Check the id; the lists of sessions, approvals, agents and tools show what exists.",
    ),
    NotAllowed: Kind(
        name="method-not-allowed",
        status=405,
        title="This path does not have that method",
        advice="The Allow header and /openapi.json list the methods of this path.",
    ),
    TooSlow: Kind(
        name="too-slow",
        status=408,
        title="The body did not come in time",
        advice="The detail names the time. Send it in one go, with the same Idempotency-Key; nothing was written.",
    ),
    NotPossible: Kind(
        name="not-possible",
        status=409,
        title="The present state does not permit it",
        advice="Read the session or the approval again: it has ended, was decided, or waits for something else.",
    ),
    Conflict: Kind(
        name="conflict",
        status=409,
        title="Somebody else wrote first",
        advice="Send the same request again, with the same Idempotency-Key.",
    ),
    WrongLog: Kind(
        name="wrong-log",
        status=410,
        title="The position or cursor belongs to another log",
        advice="The log was restored or replaced. Drop what you derived from the old one and begin without a position.",
    ),
    Stale: Kind(
        name="stale",
        status=412,
        title="If-Match names another version than the current one",
        advice="Read it again, decide on what it says now, and send the new ETag.",
    ),
    TooLarge: Kind(
        name="too-large",
        status=413,
        title="More bytes than are accepted",
        advice="The detail names the limit. Send less, or split it; nothing was written.",
    ),
    WrongMediaType: Kind(
        name="unsupported-media-type",
        status=415,
        title="The body is not JSON",
        advice="Send JSON in UTF-8 with `Content-Type: application/json`.",
    ),
    Misdirected: Kind(
        name="misdirected",
        status=421,
        title="This service does not go by that host name",
        advice="Call it as localhost or 127.0.0.1, or add the name to REPRISE_HOSTS.",
    ),
    CommandReused: Kind(
        name="command-reused",
        status=422,
        title="The idempotency key was used for another request",
        advice="Repeat the first request unchanged, or take a new key for a new request.",
    ),
    Refused: Kind(
        name="refused",
        status=400,
        title="The request was refused",
        advice="The detail says what to do; nothing was written.",
    ),
    Unavailable: Kind(
        name="unavailable",
        status=503,
        title="A part cannot be reached now",
        advice="Send the same request again after the seconds in Retry-After, with the same Idempotency-Key.",
    ),
    Divergence: Kind(
        name="divergence",
        status=500,
        title="What is stored contradicts itself",
        advice="Report it with the detail: it is a bug, or the log was changed from outside.",
    ),
    Exception: Kind(
        name="internal",
        status=500,
        title="Something went wrong in here",
        advice="Report it with the service's log; the same request may be sent again with the same Idempotency-Key.",
    ),
}
_UNKNOWN = "Expected an answer, but the service failed: its log has the details."
BY_NAME = {kind.name: kind for kind in KINDS.values()}
_BY_STATUS = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: NotAllowed,
    408: TooSlow,
    413: TooLarge,
    415: WrongMediaType,
    503: Unavailable,
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Be an RFC 9457 problem: ``type`` is the path of the page that explains it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str


def problem(request: Request[Any, Any, Any], fault: Exception) -> Response[Any]:
    """Answer with the problem that an error is."""
    kind, detail, headers = _explained(request, fault)
    if _is_ours(kind):
        logger.error("%s %s failed", request.method, request.url.path, exc_info=fault)
    body = _problem(kind, detail, request.url.path)
    return Response(msgspec.json.encode(body), status_code=kind.status, media_type=MEDIA_TYPE, headers=headers)


def problem_of(fault: Exception, path: str) -> Problem:
    """Return the problem that an error of ours is, for connections that stay open; log those that are our fault."""
    kind = kind_of(fault)
    if _is_ours(kind):
        logger.error("%s failed", path, exc_info=fault)
    return _problem(kind, str(fault) if isinstance(fault, RepriseError) else _UNKNOWN, path)


def close_of(fault: Exception) -> tuple[int, str]:
    """Return the code and the reason with which an error closes a WebSocket."""
    kind = kind_of(fault)
    return COME_BACK if kind.status == HTTPStatus.SERVICE_UNAVAILABLE else _OWN_CODES + kind.status, kind.title


def kind_of(fault: Exception) -> Kind:
    """Return the nearest kind of an error's class."""
    return next(KINDS[each] for each in type(fault).__mro__ if each in KINDS)


def _is_ours(kind: Kind) -> bool:
    return kind.status >= 500 and kind.name != "unavailable"


def _problem(kind: Kind, detail: str, path: str) -> Problem:
    return Problem(
        type=f"/docs/problems/{kind.name}", title=kind.title, status=kind.status, detail=detail, instance=path
    )


def _explained(request: Request[Any, Any, Any], fault: Exception) -> tuple[Kind, str, dict[str, str]]:
    if isinstance(fault, HTTPException):
        return _of_the_framework(request, fault)
    kind = kind_of(fault)
    if isinstance(fault, RepriseError):
        return kind, str(fault), _headers(kind)
    return kind, _UNKNOWN, {}


def _of_the_framework(request: Request[Any, Any, Any], fault: HTTPException) -> tuple[Kind, str, dict[str, str]]:
    kind = KINDS[_BY_STATUS.get(fault.status_code, Invalid if fault.status_code < 500 else Exception)]
    return kind, _detail(request, fault), {**(fault.headers or {}), **_headers(kind)}


def _detail(request: Request[Any, Any, Any], fault: HTTPException) -> str:
    """Say in our words what the framework found; its own words do not say what to do."""
    path = request.url.path
    match fault.status_code:
        case HTTPStatus.NOT_FOUND:
            return f"Expected a path of this service, but there is no {path}: see /openapi.json."
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return f"Expected another method, but {path} has no {request.method}: see /openapi.json."
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            limit = request.route_handler.resolve_request_max_body_size()
            return f"Expected a body of at most {limit} bytes, but a larger one came: send less."
        case _:
            return f"Expected a request as /openapi.json says, but {_places(fault) or fault.detail.rstrip('.')}."


def _places(fault: HTTPException) -> str:
    """List the parameters that are wrong."""
    extra = fault.extra if isinstance(fault.extra, list) else []
    return "; ".join(f"{each['key']}: {each['message']}" for each in extra if "key" in each and "message" in each)


def _headers(kind: Kind) -> dict[str, str]:
    match kind.status:
        case HTTPStatus.UNAUTHORIZED:
            return {"WWW-Authenticate": 'Bearer realm="reprise"'}
        case HTTPStatus.SERVICE_UNAVAILABLE:
            return {"Retry-After": str(RETRY_AFTER_SECONDS)}
        case _:
            return {}
