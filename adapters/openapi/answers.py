"""Judge what an API answered: what failed has one name, and what succeeded can be used."""

from adapters.openapi.media import is_json, kind_of
from adapters.openapi.model import Operation
from commands.ports import HttpResponse, ToolFault
from domain.encoding import parse
from domain.errors import Refused
from domain.redaction.clipping import clipped
from domain.session.events import Failure

_EXCERPT = 300
_LOOKED_AT = 4 * _EXCERPT
MAX_ANSWER = 1 << 20
MAX_FILE = 16 << 20
"""How many bytes an answer may have that is a file: nobody reads it, it is only kept and passed on."""


def failed(response: HttpResponse, *, reads: bool) -> ToolFault:
    """Return what to raise for an answer whose status is no success."""
    status, wait = response.status, response.header("retry-after")
    failure = failure_of(status, reads=reads)
    excerpt = _excerpt(response.body)
    unclear = "; what it did is unclear" if not reads and failure in ("bad-answer", "unanswered") else ""
    return ToolFault(
        failure,
        f"The API answered with status {status}{unclear}" + (f": {excerpt}" if excerpt else "."),
        status=status,
        latency_ms=response.latency_ms,
        retry_after_ms=int(wait) * 1000 if wait.isdecimal() else 0,
    )


def _excerpt(body: bytes) -> str:
    """Return the beginning of what was answered, in one line, without half a word where it is cut."""
    shown = " ".join(body[:_LOOKED_AT].decode("utf-8", "replace").split())
    return clipped(shown, _EXCERPT if len(body) <= _LOOKED_AT else min(_EXCERPT, len(shown) - 1))


def failure_of(status: int, *, reads: bool) -> Failure:
    """Say what a status that is no success means; one behind which a write may have happened is no rejection."""
    match status:
        case 429:
            return "rate-limited"
        case 408 | 425 | 499:
            return "unanswered"
        case _ if status >= 500:
            return "server-error"
        case _ if status < 400 and not reads:
            return "bad-answer"
        case _:
            return "rejected"


def most_bytes(operation: Operation) -> int:
    """Return how many bytes an answer may have: more where the operation may answer with a file."""
    kinds = [kind_of(each.media_type) for answer in operation.answers for each in answer.contents]
    return MAX_FILE if "binary" in kinds else MAX_ANSWER


def check_content(operation: Operation, response: HttpResponse) -> None:
    """Refuse a success whose content cannot be used; it did happen all the same."""
    problem = ""
    kind = response.header("content-type")
    most = most_bytes(operation) if kind and kind_of(kind) == "binary" else MAX_ANSWER
    if len(response.body) > most:
        problem = f"its answer is larger than {most} bytes"
    elif _promises_json(operation, response.status) or is_json(kind):
        problem = "" if _without_content(operation, response) else _json_problem(response.body)
    if problem:
        raise ToolFault(
            "bad-answer",
            f"The API did what was asked, but {problem}.",
            status=response.status,
            latency_ms=response.latency_ms,
        )


def unkept(response: HttpResponse, mismatches: tuple[str, ...]) -> ToolFault:
    """Return what to raise for a success whose answer must be what the document says, and is not."""
    return ToolFault(
        "bad-answer",
        f"The API did what was asked, but its answer is not as described: {'; '.join(mismatches)}.",
        status=response.status,
        latency_ms=response.latency_ms,
    )


def _promises_json(operation: Operation, status: int) -> bool:
    answers = [each for each in operation.answers if each.status in (str(status), f"{status // 100}XX")]
    return any(each.contents and all(is_json(one.media_type) for one in each.contents) for each in answers)


def _without_content(operation: Operation, response: HttpResponse) -> bool:
    return operation.method == "HEAD" or (response.status in (204, 205) and not response.body)


def _json_problem(body: bytes) -> str:
    try:
        parse(body)
    except Refused as fault:
        return f"its answer is not the JSON it promised ({fault})"
    return ""
