"""Ask for page after page of an answer, within one time, one size and the number of pages that was asked for."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from adapters.openapi.answers import MAX_ANSWER, check_content
from adapters.openapi.model import Operation
from adapters.openapi.paging.following import Astray, Follower
from commands.ports import HttpRequest, HttpResponse, ToolFault, Turn
from domain.encoding import encode, parse
from domain.errors import Invalid
from domain.session.events import PagesEnd, Paging

Ask: TypeAlias = Callable[[HttpRequest], Awaitable[HttpResponse]]
"""Sends one request and returns the success that it is answered with; raises ToolFault."""

_FRAME = 64
"""How many bytes stand around all pages, and between two of them, at most."""


class Pages(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the pages that were read, and why there are no more."""

    responses: tuple[HttpResponse, ...]
    paging: Paging

    @property
    def body(self) -> bytes:
        """Return all pages as one JSON object."""
        pages = [msgspec.Raw(each.body) for each in self.responses]
        return encode({"pages": pages, "ended": self.paging.ended})


class _Ended(Exception):
    """Say why no further page is read."""

    def __init__(self, ended: PagesEnd, reason: str = "") -> None:
        super().__init__(ended)
        self.ended, self.reason = ended, reason


async def read_pages(
    operation: Operation,
    first: HttpResponse,
    request: HttpRequest,
    *,
    began: float,
    most: int,
    follower: Follower,
    ask: Ask,
    turn: Turn,
) -> Pages:
    """Read at most ``most`` pages, of which ``first`` answered ``request``; raises ToolFault where one cannot be had.

    ``began`` is when the first was asked for, by the monotonic clock: all pages together have the request's time.
    """
    responses, urls = [first], [request.url]
    try:
        while True:
            url = _behind(follower, urls, responses, most)
            further = _within(request, url, responses, elapsed_ms=int((time.monotonic() - began) * 1000))
            if not await turn(len(responses)):
                raise _Ended("rate")
            answer = await ask(further)
            _check(operation, answer, further, len(responses))
            responses.append(answer)
            urls.append(url)
    except _Ended as end:
        paging = Paging(pages=len(responses), ended=end.ended, reason=end.reason)
        return Pages(responses=tuple(responses), paging=paging)


def is_page(response: HttpResponse) -> bool:
    """Tell whether an answer is JSON, behind which there may be more."""
    try:
        parse(response.body)
    except Invalid:
        return False
    return True


def _behind(follower: Follower, urls: Sequence[str], responses: Sequence[HttpResponse], most: int) -> str:
    try:
        url = follower.after(urls[-1], responses[-1])
    except Astray as fault:
        raise _Ended("astray", str(fault)) from fault
    if url is None:
        raise _Ended("last-page")
    if url in urls:
        raise _Ended("loop")
    if len(responses) >= most:
        raise _Ended("enough")
    return url


def _within(request: HttpRequest, url: str, responses: Sequence[HttpResponse], elapsed_ms: int) -> HttpRequest:
    """Return the request for a further page, which has what the others left of the time and of the size."""
    left_ms = request.timeout_ms - elapsed_ms
    if left_ms <= max(each.latency_ms for each in responses):
        raise _Ended("time")
    left = MAX_ANSWER - _FRAME - sum(len(each.body) + _FRAME for each in responses)
    if left <= 0:
        raise _Ended("size")
    # The lease ends when it ended for the first page: what is written later has less time to be answered.
    not_after = request.not_after and request.not_after + timedelta(milliseconds=elapsed_ms)
    return replace(request, url=url, timeout_ms=left_ms, max_bytes=left, not_after=not_after)


def _check(operation: Operation, answer: HttpResponse, request: HttpRequest, before: int) -> None:
    """Raise _Ended where an answer is too large or none, and ToolFault where it is no page."""
    if len(answer.body) > request.max_bytes:
        raise _Ended("size")
    if not answer.body:
        raise _Ended("last-page")
    check_content(operation, answer)
    if not is_page(answer):
        reason = f"The API answered {before} pages in JSON, but the next one is none."
        raise ToolFault("bad-answer", reason, status=answer.status, latency_ms=answer.latency_ms)
