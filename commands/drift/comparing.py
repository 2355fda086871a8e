"""Hold one call against a new revision, by the very check that real calls go through; nothing is sent."""

import re
from collections.abc import Mapping, Sequence

import msgspec

from commands.drift.arguments import refused
from commands.drift.report import Reason
from commands.ports import Checked, Prepared, ToolCall, Tools
from domain.catalog.events import Tool
from domain.catalog.state import Document
from domain.encoding import Json
from domain.redaction.restoring import tokens_of

_TEMPLATE = re.compile(r"\{[^{}]*\}")


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """Be one revision: its document with its tools, and in words which credentials each operation needs."""

    document: Document
    needs: Mapping[str, str]


class Comparison:
    """Compare calls under earlier revisions of an API with the same calls under a new one.

    ``unusable`` says of each operation of the new revision that gives no tool why; ``own_names`` are its operations by
    the names that the document itself gives their tools.
    """

    def __init__(
        self, tools: Tools, tenant: str, new: Side, *, unusable: Mapping[str, str], own_names: Mapping[str, str]
    ) -> None:
        self._tools, self._tenant, self._new, self.new = tools, tenant, new, new.document
        self._unusable, self._own_names = unusable, own_names
        self._templates = {_template(tool.operation): tool.operation for tool in self.new.tools}

    async def reasons(self, before: Side, tool: str, operation: str, arguments: Json) -> tuple[Reason, ...]:
        """Say what would become of a call that was checked against an earlier revision."""
        now = self.new.operation(operation)
        if now is None:
            return (self._gone(tool, operation),)
        return (*self._security(before, operation), *await self._under(before.document, now, arguments))

    async def answer_reasons(
        self, before: Side, operation: str, status: int, body: bytes, *, paged: bool = False
    ) -> tuple[Reason, ...]:
        """Say where an answer, or each page of it, is not what the new revision says; what was so before is no news."""
        then, now = before.document.operation(operation), self.new.operation(operation)
        if now is None:
            return ()
        found = await self._mismatches(now, status, body, paged)
        known = await self._mismatches(then, status, body, paged) if found and then else ()
        return tuple(_mismatch(each) for each in found if each not in known)

    async def _mismatches(self, tool: Tool, status: int, body: bytes, paged: bool) -> tuple[str, ...]:
        return await self._tools.answer_mismatches(self._tenant, tool, status, body, paged=paged)

    def _security(self, before: Side, operation: str) -> tuple[Reason, ...]:
        then, now = before.needs.get(operation, ""), self._new.needs.get(operation, "")
        if then == now:
            return ()
        return (Reason(cause="security-changed", pointer="", message=f"it needs {now}, not {then}"),)

    def _gone(self, tool: str, operation: str) -> Reason:
        if operation in self._unusable:
            return Reason(cause="operation-unusable", pointer="", message=self._unusable[operation])
        other = self._templates.get(_template(operation)) or self._own_names.get(tool)
        if other:
            return Reason(cause="operation-moved", pointer="", message=f"it is {other} now")
        return Reason(cause="operation-gone", pointer="", message="the document no longer has it")

    async def _under(self, before: Document, now: Tool, arguments: Json) -> tuple[Reason, ...]:
        then = before.operation(now.operation)
        prepared = await self._prepare(self.new, now, arguments)
        earlier = await self._prepare(before, then, arguments) if then else Prepared(checked=Checked())
        problems = _news(arguments, prepared.checked.problems, earlier.checked.problems)
        if not problems and prepared.checked.problems:
            return ()
        if any(problem.startswith("/") for problem in problems):
            return refused(arguments, problems, then, now)
        if problems:
            return _uncallable(problems, earlier.checked.problems)
        return _differences(earlier, before, prepared, self.new) if then else ()

    async def _prepare(self, document: Document, tool: Tool, arguments: Json) -> Prepared:
        return await self._tools.prepare(
            ToolCall(tenant=self._tenant, tool=tool, document=document, arguments=arguments)
        )


def _news(arguments: Json, problems: Sequence[str], earlier: Sequence[str]) -> Sequence[str]:
    """Leave out what an earlier revision says too of arguments in which tokens stand for values that it took."""
    return [each for each in problems if each not in earlier] if tokens_of(bytes(arguments).decode()) else problems


def _uncallable(problems: Sequence[str], earlier: Sequence[str]) -> tuple[Reason, ...]:
    """Say what is in the way of a call whose arguments fit, a credential for one; what was so before is no news."""
    return tuple(
        Reason(cause="not-callable", pointer="", message=problem) for problem in problems if problem not in earlier
    )


def _mismatch(text: str) -> Reason:
    pointer, _, message = text.partition(": ")
    return Reason(cause="answer-mismatch", pointer=pointer, message=message)


def _template(operation: str) -> str:
    return _TEMPLATE.sub("{}", operation)


def _differences(then: Prepared, before: Document, now: Prepared, new: Document) -> tuple[Reason, ...]:
    """Say in which parts the same arguments make another request; the server is spoken of elsewhere."""
    if then.checked.problems:
        return ()  # it could not be made again even then
    parts = {
        "address": (then.url.removeprefix(before.base_url), now.url.removeprefix(new.base_url)),
        "headers": (_lines(then), _lines(now)),
        "body": (_excerpt(then.body), _excerpt(now.body)),
    }
    return tuple(
        Reason(cause="sent-otherwise", pointer="", message=f"its {part} would be {after!r}, not {earlier!r}")
        for part, (earlier, after) in parts.items()
        if earlier != after
    )


def _lines(prepared: Prepared) -> str:
    return ", ".join(f"{name}: {value}" for name, value in prepared.headers)


def _excerpt(body: bytes) -> str:
    return body[:200].decode("utf-8", "replace")
