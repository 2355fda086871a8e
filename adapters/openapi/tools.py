"""Check and send tool calls: what was judged is what is sent, byte for byte."""

import logging
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
from adapters.openapi.describe import arguments_at, full_description
from adapters.openapi.model import Operation
from adapters.openapi.reading.operations import operation_names, read_operation
from adapters.openapi.reading.text import read_text
from adapters.openapi.references import Unusable
from adapters.openapi.requests.attached import named_blobs
from adapters.openapi.requests.build import build
from adapters.openapi.requests.built import Built, Unbuildable, origin_of
from adapters.openapi.schemas.cache import CompiledSchemas
from adapters.openapi.schemas.validators import Validators
from adapters.openapi.schemas.values import read_value
from commands.ports import (
    Checked,
    Description,
    Dialer,
    HttpRequest,
    HttpResponse,
    Prepared,
    ToolAnswer,
    ToolCall,
    ToolFault,
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

    async def answer_mismatches(self, tenant: str, tool: Tool, status: int, body: bytes) -> tuple[str, ...]:
        """Hold a recorded JSON answer against what a tool's document says, and return at most ten differences."""
        try:
            callee = await self._callee(tenant, tool.document, tool.operation)
        except _Problems as found:
            raise NotFound(f"Nothing describes the answers of {tool.name}: {found}.") from found
        return callee.validators.recorded_mismatches(callee.operation, status, body)

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
            request_digest=built.digest(document=document, operation=callee.operation.name),
        )
        url, headers = shown(built.url, built.headers, uses)
        return Prepared(checked=checked, method=built.method, url=url, headers=headers, body=built.body)

    async def credentials(self, call: ToolCall) -> tuple[Binding, ...]:
        """Return what a call would carry as it is bound now: nothing where it needs nothing, or cannot have it."""
        try:
            operation = (await self._called(call)).operation
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
            callee, built = await self._prepare(call)
        except _Problems as found:
            raise ToolFault("rejected", f"Nothing was sent: {'; '.join(found.problems)}.") from found
        digest = built.digest(document=call.document.document, operation=callee.operation.name)
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
            max_bytes=most_bytes(callee.operation),
            allow_private=call.document.allow_private,
            not_after=not_after,
        )
        response = await self._credentials.send(request, call, callee.operation, credentials)
        if not 200 <= response.status < 300:
            raise failed(response, reads=call.tool.effect_class == "read")
        check_content(callee.operation, response)
        mismatches = _mismatches(callee, response)
        if mismatches and call.tool.answers == "enforce":
            raise unkept(response, mismatches)
        return ToolAnswer(
            status=response.status, body=response.body, latency_ms=response.latency_ms, mismatches=mismatches
        )

    async def _prepare(self, call: ToolCall) -> tuple[Callee, Built]:
        try:
            found = await self._called(call)
            arguments = read_value(bytes(call.arguments))
        except Refused as fault:
            raise _Problems((str(fault),)) from fault
        problems = found.validators.problems(found.operation, arguments)
        if problems:
            raise _Problems(problems)
        try:
            return found, await self._build(call, found, arguments)
        except (Unbuildable, Refused) as fault:
            raise _Problems((str(fault),)) from fault

    async def _build(self, call: ToolCall, found: Callee, arguments: dict[str, Any]) -> Built:
        files = await self._files(call.tenant, named_blobs(found.operation, found.tree, arguments))
        others = operation_names(found.tree)
        return build(found.operation, found.tree, call.document.base_url, arguments, files=files, others=others)

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
