"""Check and send tool calls: what was judged is what is sent, byte for byte."""

import logging
import time
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

import msgspec

from adapters.openapi.answers import check_content, failed, most_bytes, unkept
from adapters.openapi.auth.choosing import Unmet, Use, choose
from adapters.openapi.auth.credentials import Credentials
from adapters.openapi.auth.placing import shown
from adapters.openapi.charsets import body_of
from adapters.openapi.describe import arguments_at, full_description
from adapters.openapi.marks import marked_places
from adapters.openapi.model import Operation
from adapters.openapi.paging.following import Follower
from adapters.openapi.paging.pages import Pages, is_page, read_pages
from adapters.openapi.paging.recorded import of_pages
from adapters.openapi.reading.operations import operation_names, read_operation
from adapters.openapi.reading.text import read_text
from adapters.openapi.references import Unusable
from adapters.openapi.requests.attached import named_blobs
from adapters.openapi.requests.build import build
from adapters.openapi.requests.built import Built, Unbuildable, origin_of
from adapters.openapi.schemas.cache import CompiledSchemas
from adapters.openapi.schemas.validators import Validators
from adapters.openapi.schemas.values import read_arguments
from commands.ports import (
    Checked,
    Description,
    Dialer,
    HttpRequest,
    HttpResponse,
    MarkedPlaces,
    Prepared,
    ToolAnswer,
    ToolCall,
    ToolFault,
    Turn,
    any_time,
)
from domain.catalog.events import Binding, Tool
from domain.encoding import foreign
from domain.errors import NotFound, Refused

LOGGER = logging.getLogger("reprise.tools")
_DOCUMENTS = 8
_OPERATIONS = 256
MAX_UPLOAD = 16 << 20
"""How many bytes of stored files one request may carry."""


class Blobs(Protocol):
    """Give stored bytes; the event store does."""

    async def get_blob(self, tenant: str, digest: str) -> bytes:
        """Return the bytes with this SHA-256; raises NotFound."""
        ...


class Callee(msgspec.Struct, frozen=True, kw_only=True):
    """Hold an operation in its document's tree, with what judges its arguments and its answers."""

    operation: Operation
    tree: dict[str, Any]
    validators: Validators


class OpenApiTools:
    """Implement the Tools port over documents in the blob store; parsed documents are kept, a bounded number."""

    def __init__(self, dialer: Dialer, blobs: Blobs, credentials: Credentials | None = None) -> None:
        self._credentials = credentials or Credentials(dialer)
        self._blobs = blobs
        self._documents: OrderedDict[str, tuple[dict[str, Any], Validators]] = OrderedDict()
        self.compiled = CompiledSchemas()
        self._callees: OrderedDict[tuple[str, str], Callee] = OrderedDict()
        self._marks: OrderedDict[tuple[str, str], MarkedPlaces] = OrderedDict()

    async def describe(self, tenant: str, tool: Tool, *, at: str, depth: int) -> Description:
        """Describe a tool in full, and what a JSON pointer into its arguments leads to; raises Invalid, NotFound."""
        tree, _ = await self._document(tenant, tool.document)
        method, _, path = tool.operation.partition(" ")
        try:
            operation = read_operation(tree, method, path)
        except Unusable as fault:
            raise NotFound(f"The document has no usable operation {tool.operation}: {fault}.") from fault
        parameters = foreign(arguments_at(tree, operation, at, depth))
        return Description(text=full_description(operation), at=at, parameters=parameters)

    async def marked(self, tenant: str, tool: Tool) -> MarkedPlaces:
        """Return what the document marks as secret or personal in a tool's arguments and answers."""
        key = (tool.document, tool.operation)
        if key not in self._marks:
            try:
                callee = await self._callee(tenant, tool.document, tool.operation)
            except (_Problems, Refused):
                return MarkedPlaces({}, {})  # it cannot be called either
            _keep(self._marks, key, marked_places(callee.operation, callee.tree), _OPERATIONS)
        return self._marks[key]

    async def answer_mismatches(
        self, tenant: str, tool: Tool, status: int, body: bytes, *, paged: bool = False
    ) -> tuple[str, ...]:
        """Hold a recorded JSON answer against what a tool's document says, and return at most ten differences."""
        try:
            callee = await self._callee(tenant, tool.document, tool.operation)
        except _Problems as found:
            raise NotFound(f"Nothing describes the answers of {tool.name}: {found}.") from found
        return callee.validators.recorded_mismatches(callee.operation, status, body, paged=paged)

    async def check(self, call: ToolCall) -> Checked:
        """Hold arguments against the operation's schema and digest the request that they make; nothing is sent."""
        return (await self.prepare(call)).checked

    async def prepare(self, call: ToolCall) -> Prepared:
        """Check a call and build the very request that would be sent; nothing is."""
        document = call.document.document
        try:
            callee, built = await self._prepare(call)
            uses = await self._uses(call, callee.operation)
        except _Problems as found:
            return Prepared(checked=Checked(operation=call.tool.operation, document=document, problems=found.problems))
        checked = Checked(
            operation=callee.operation.name,
            document=document,
            effect_class=call.tool.effect_class,
            repeatable=call.tool.repeatable,
            request_digest=built.digest(document=document, operation=callee.operation.name, key=call.digest_key),
        )
        url, headers = shown(built.url, built.headers, uses)
        return Prepared(
            checked=checked, method=built.method, url=url, headers=headers, body=built.body, pages=built.pages
        )

    async def credentials(self, call: ToolCall) -> tuple[Binding, ...]:
        """Return what a call would carry as it is bound now: nothing where it needs nothing, or cannot have it."""
        try:
            operation = (await self._called(call)).operation
            return tuple(use.binding for use in await self._uses(call, operation))
        except (_Problems, Refused):
            return ()  # the sending says what is wrong

    async def _uses(self, call: ToolCall, operation: Operation) -> tuple[Use, ...]:
        try:
            return choose(operation, call.document, await self._credentials.bound(call), call.tool.server)
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
        turn: Turn = any_time,
    ) -> ToolAnswer:
        """Build the request again, send it once if it is the one that was judged; raises ToolFault."""
        try:
            callee, built = await self._prepare(call)
        except _Problems as found:
            raise ToolFault("rejected", f"Nothing was sent: {'; '.join(found.problems)}.") from found
        digest = built.digest(document=call.document.document, operation=callee.operation.name, key=call.digest_key)
        if digest != request_digest:
            raise ToolFault("rejected", f"Nothing was sent: {request_digest} was judged, but this is {digest}.")
        key = () if call.tool.effect_class == "read" else (("idempotency-key", idempotency_key),)
        request = HttpRequest(
            method=built.method,
            url=built.url,
            origin=origin_of(call.base_url),
            headers=(*built.headers, *key),
            body=built.body,
            timeout_ms=timeout_ms,
            max_bytes=most_bytes(callee.operation),
            allow_private=call.document.allow_private,
            not_after=not_after,
        )
        began = time.monotonic()

        async def ask(each: HttpRequest) -> HttpResponse:
            response = await self._credentials.send(each, call, callee.operation, credentials)
            if not 200 <= response.status < 300:
                raise failed(response, reads=call.tool.effect_class == "read")
            return response

        first = await ask(request)
        check_content(callee.operation, first)
        if built.pages == 1 or not is_page(first):
            return _answer(call, callee, (first,))
        follower = self._follower(call, callee)
        pages = await read_pages(
            callee.operation, first, request, began=began, most=built.pages, follower=follower, ask=ask, turn=turn
        )
        return _answer(call, callee, pages.responses, pages)

    def _follower(self, call: ToolCall, callee: Callee) -> Follower:
        """Return what knows the pages behind the first one; each is checked as the first was."""

        def url_of(arguments: dict[str, Any]) -> str:
            problems = callee.validators.problems(callee.operation, arguments)
            if problems:
                raise Unbuildable(problems[0])
            return build(callee.operation, callee.tree, call.base_url, arguments).url

        arguments, others = read_arguments(bytes(call.arguments)), operation_names(callee.tree)
        return Follower(callee.operation, call.base_url, arguments, url_of, others)

    async def _prepare(self, call: ToolCall) -> tuple[Callee, Built]:
        try:
            found = await self._called(call)
            arguments = read_arguments(bytes(call.arguments))
        except Refused as fault:
            raise _Problems((str(fault),)) from fault
        problems = found.validators.problems(found.operation, arguments, size=len(bytes(call.arguments)))
        if not problems and "pages" in arguments and call.tool.effect_class != "read":
            problems = ("/pages: expected no number of pages, for what is not a read is sent once",)
        if problems:
            raise _Problems(problems)
        try:
            return found, await self._build(call, found, arguments)
        except (Unbuildable, Refused) as fault:
            raise _Problems((str(fault),)) from fault

    async def _build(self, call: ToolCall, found: Callee, arguments: dict[str, Any]) -> Built:
        files = await self._files(call.tenant, named_blobs(found.operation, found.tree, arguments))
        others = operation_names(found.tree)
        return build(found.operation, found.tree, call.base_url, arguments, files=files, others=others)

    async def _files(self, tenant: str, digests: Iterable[str]) -> dict[str, bytes]:
        """Return stored files by digest, without those that do not exist; raises Unbuildable where they are too big."""
        files: dict[str, bytes] = {}
        for each in sorted(digests):
            with suppress(NotFound):
                files[each] = await self._blobs.get_blob(tenant, each)
            if sum(map(len, files.values())) > MAX_UPLOAD:
                raise Unbuildable(f"/body: expected files of at most {MAX_UPLOAD} bytes in all")
        return files

    async def _called(self, call: ToolCall) -> Callee:
        return await self._callee(call.tenant, call.document.document, call.tool.operation)

    async def _callee(self, tenant: str, document: str, name: str) -> Callee:
        key = (document, name)
        if key not in self._callees:
            tree, validators = await self._document(tenant, document)
            method, _, path = name.partition(" ")
            try:
                operation = read_operation(tree, method, path)
            except Unusable as fault:
                raise _Problems((f"the document has no usable operation {name}: {fault}",)) from fault
            found = Callee(operation=operation, tree=tree, validators=validators)
            _keep(self._callees, key, found, _OPERATIONS)
        return self._callees[key]

    async def _document(self, tenant: str, document: str) -> tuple[dict[str, Any], Validators]:
        if document not in self._documents:
            tree = read_text(await self._blobs.get_blob(tenant, document))
            _keep(self._documents, document, (tree, Validators(document, tree, self.compiled)), _DOCUMENTS)
        return self._documents[document]


def _answer(
    call: ToolCall, callee: Callee, responses: tuple[HttpResponse, ...], pages: Pages | None = None
) -> ToolAnswer:
    first = responses[0]
    found = [_mismatches(callee, each) for each in responses]
    mismatches = of_pages(found) if pages else found[0]
    if mismatches and call.tool.answers == "enforce":
        raise unkept(first, mismatches)
    return ToolAnswer(
        status=first.status,
        body=pages.body if pages else body_of(first),
        latency_ms=sum(each.latency_ms for each in responses),
        mismatches=mismatches,
        paging=pages.paging if pages else None,
    )


def _mismatches(callee: Callee, response: HttpResponse) -> tuple[str, ...]:
    kind = response.header("content-type")
    try:
        return callee.validators.mismatches(callee.operation, response.status, kind, response.body)
    except Exception as fault:  # what was done is done: what its judge did not foresee must not lose the answer
        LOGGER.exception("an answer of %s could not be held against its description", callee.operation.name)
        return (f"the answer could not be held against its description: {type(fault).__name__}",)


class _Problems(Exception):
    """Carry why arguments do not make a request."""

    def __init__(self, problems: tuple[str, ...]):
        super().__init__("; ".join(problems))
        self.problems = problems


def _keep(cache: OrderedDict[Any, Any], key: object, value: object, most: int) -> None:
    cache[key] = value
    while len(cache) > most:
        cache.popitem(last=False)
