"""Check and send tool calls: what was judged is what is sent, byte for byte."""

from collections import OrderedDict
from datetime import datetime
from typing import Any, Protocol

import msgspec

from adapters.openapi.auth.choosing import Unmet, Use, choose
from adapters.openapi.auth.credentials import Credentials
from adapters.openapi.auth.placing import shown
from adapters.openapi.media import is_json
from adapters.openapi.model import Operation
from adapters.openapi.reading.operations import read_operation
from adapters.openapi.reading.text import read_text
from adapters.openapi.references import Unusable
from adapters.openapi.request import Built, Unbuildable, build, origin_of
from adapters.openapi.validate import ArgumentsValidator
from commands.ports import (
    Checked,
    Dialer,
    HttpRequest,
    HttpResponse,
    Prepared,
    ToolAnswer,
    ToolCall,
    ToolFault,
)
from domain.catalog.events import Binding
from domain.encoding import parse
from domain.errors import Refused
from domain.session.events import Failure

_DOCUMENTS = 8
_OPERATIONS = 256
_EXCERPT = 300
MAX_ANSWER = 1 << 20


class Blobs(Protocol):
    """Give stored bytes; the event store does."""

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        """Return the bytes with this SHA-256; raises NotFound."""
        ...


class Callee(msgspec.Struct, frozen=True, kw_only=True):
    """Hold an operation with the validator of its arguments."""

    operation: Operation
    validator: ArgumentsValidator


class OpenApiTools:
    """Implement the Tools port over documents in the blob store; parsed documents are kept, a bounded number."""

    def __init__(self, dialer: Dialer, blobs: Blobs, credentials: Credentials | None = None) -> None:
        self._credentials = credentials or Credentials(dialer)
        self._blobs = blobs
        self._trees: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._callees: OrderedDict[tuple[str, str], Callee] = OrderedDict()

    async def check(self, call: ToolCall) -> Checked:
        """Hold arguments against the operation's schema and digest the request that they make; nothing is sent."""
        return (await self.prepare(call)).checked

    async def prepare(self, call: ToolCall) -> Prepared:
        """Check a call and build the very request that would be sent; nothing is."""
        document = call.document.document
        try:
            operation, built = await self._prepare(call)
            uses = await self._uses(call, operation)
        except _Problems as found:
            return Prepared(checked=Checked(operation=call.tool.operation, document=document, problems=found.problems))
        checked = Checked(
            operation=operation.name,
            document=document,
            effect_class=call.tool.effect_class,
            repeatable=call.tool.repeatable,
            request_digest=built.digest(document=document, operation=operation.name),
        )
        url, headers = shown(built.url, built.headers, uses)
        return Prepared(checked=checked, method=built.method, url=url, headers=headers, body=built.body)

    async def credentials(self, call: ToolCall) -> tuple[Binding, ...]:
        """Return what a call would carry as it is bound now: nothing where it needs nothing, or cannot have it."""
        try:
            operation = (await self._callee(call)).operation
            return tuple(use.binding for use in await self._uses(call, operation))
        except (_Problems, Refused):
            return ()  # the sending says what is wrong

    async def _uses(self, call: ToolCall, operation: Operation) -> tuple[Use, ...]:
        try:
            return choose(operation, call.document, await self._credentials.bound(call))
        except Unmet as fault:
            raise _Problems((str(fault),)) from fault

    async def send(
        self,
        call: ToolCall,
        *,
        request_digest: str,
        idempotency_key: str,
        timeout_ms: int,
        not_after: datetime,
        credentials: tuple[Binding, ...] = (),
    ) -> ToolAnswer:
        """Build the request again, send it once if it is the one that was judged; raises ToolFault."""
        try:
            operation, built = await self._prepare(call)
        except _Problems as found:
            raise ToolFault("rejected", f"Nothing was sent: {'; '.join(found.problems)}.") from found
        digest = built.digest(document=call.document.document, operation=operation.name)
        if digest != request_digest:
            raise ToolFault("rejected", f"Nothing was sent: {request_digest} was judged, but this is {digest}.")
        key = () if call.tool.effect_class == "read" else (("idempotency-key", idempotency_key),)
        request = HttpRequest(
            method=built.method,
            url=built.url,
            origin=origin_of(call.document.base_url),
            headers=(*built.headers, *key),
            body=built.body,
            timeout_ms=timeout_ms,
            max_bytes=MAX_ANSWER,
            allow_private=call.document.allow_private,
            not_after=not_after,
        )
        response = await self._credentials.send(request, call, operation, credentials)
        if not 200 <= response.status < 300:
            raise _failed(response, reads=call.tool.effect_class == "read")
        _check_content(operation, response)
        return ToolAnswer(status=response.status, body=response.body, latency_ms=response.latency_ms)

    async def _prepare(self, call: ToolCall) -> tuple[Operation, Built]:
        try:
            found = await self._callee(call)
            arguments, floats = parse(bytes(call.arguments)), msgspec.json.decode(call.arguments)
        except (Refused, msgspec.DecodeError) as fault:
            raise _Problems((str(fault),)) from fault
        problems = found.validator.problems(floats)
        if problems:
            raise _Problems(problems)
        try:
            return found.operation, build(found.operation, call.document.base_url, arguments)
        except (Unbuildable, Refused) as fault:
            raise _Problems((str(fault),)) from fault

    async def _callee(self, call: ToolCall) -> Callee:
        key = (call.document.document, call.tool.operation)
        if key not in self._callees:
            tree = await self._tree(call.tenant, call.document.document)
            method, _, path = call.tool.operation.partition(" ")
            try:
                operation = read_operation(tree, method, path)
            except Unusable as fault:
                raise _Problems((f"the document has no usable operation {call.tool.operation}: {fault}",)) from fault
            found = Callee(operation=operation, validator=ArgumentsValidator(tree, operation))
            _keep(self._callees, key, found, _OPERATIONS)
        return self._callees[key]

    async def _tree(self, tenant: str, document: str) -> dict[str, Any]:
        if document not in self._trees:
            tree = read_text(await self._blobs.get_blob(tenant, document))
            _keep(self._trees, document, tree, _DOCUMENTS)
        return self._trees[document]


class _Problems(Exception):
    """Carry why arguments do not make a request."""

    def __init__(self, problems: tuple[str, ...]):
        super().__init__("; ".join(problems))
        self.problems = problems


def _keep(cache: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    cache[key] = value
    while len(cache) > most:
        cache.popitem(last=False)


def _failed(response: HttpResponse, *, reads: bool) -> ToolFault:
    status, wait = response.status, response.header("retry-after")
    failure = failure_of(status, reads=reads)
    excerpt = " ".join(response.body[:_EXCERPT].decode("utf-8", "replace").split())
    unclear = "; what it did is unclear" if not reads and failure in ("bad-answer", "unanswered") else ""
    return ToolFault(
        failure,
        f"The API answered with status {status}{unclear}" + (f": {excerpt}" if excerpt else "."),
        status=status,
        latency_ms=response.latency_ms,
        retry_after_ms=int(wait) * 1000 if wait.isdecimal() else 0,
    )


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


def _check_content(operation: Operation, response: HttpResponse) -> None:
    """Refuse a success whose content cannot be used; it did happen all the same."""
    problem = ""
    if len(response.body) > MAX_ANSWER:
        problem = f"its answer is larger than {MAX_ANSWER} bytes"
    elif _promises_json(operation, response.status) or is_json(response.header("content-type")):
        problem = "" if _without_content(operation, response) else _json_problem(response.body)
    if problem:
        raise ToolFault(
            "bad-answer",
            f"The API did what was asked, but {problem}.",
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
