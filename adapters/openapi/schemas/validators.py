"""Hold what an operation is asked against what it takes, and its answers against what it promises."""

from typing import Any

from adapters.openapi.media import is_json
from adapters.openapi.model import Answer, Content, Operation
from adapters.openapi.paging.recorded import of_pages, recorded_pages
from adapters.openapi.reading.api import dialect_of
from adapters.openapi.schemas.cache import CompiledSchemas
from adapters.openapi.schemas.choice import answer_to, content_as
from adapters.openapi.schemas.document import DocumentSchemas
from adapters.openapi.schemas.values import read_value
from domain.errors import Invalid


class Validators:
    """Judge by the schemas of one document, named by its digest; ``tree`` has local references only."""

    def __init__(self, document: str, tree: dict[str, Any], compiled: CompiledSchemas) -> None:
        self._document = document
        self._schemas = DocumentSchemas(tree, dialect_of(tree))
        self._compiled = compiled

    def problems(self, operation: Operation, arguments: Any, *, size: int | None = None) -> tuple[str, ...]:
        """Return at most ten problems of arguments, grouped by place, as `read_value` reads them; ``size`` in bytes."""
        key = (self._document, operation.name)
        return self._compiled.get(key, lambda: self._schemas.arguments(operation)).problems(arguments, size=size)

    def mismatches(self, operation: Operation, status: int, media_type: str, body: bytes) -> tuple[str, ...]:
        """Return at most ten ways in which an answer is not what the document says; where it says nothing, none."""
        answer = answer_to(operation, status)
        if answer is None or not answer.contents or not body or operation.method == "HEAD":
            return ()
        content = content_as(answer.contents, media_type)
        if content is None:
            return (_unexpected(answer, media_type),)
        if not is_json(media_type):
            return ()
        return self._held(operation, answer, content, body)

    def recorded_mismatches(
        self, operation: Operation, status: int, body: bytes, *, paged: bool = False
    ) -> tuple[str, ...]:
        """Judge a JSON answer whose media type was not recorded; where the document says nothing of it, that is one.

        ``paged``: each page of it is judged, if it has pages.
        """
        pages = recorded_pages(body) if paged else None
        if pages is not None:
            return of_pages(self.recorded_mismatches(operation, status, each) for each in pages)
        answer = answer_to(operation, status)
        content = content_as(answer.contents, "application/json") if answer else None
        if answer is None or content is None:
            return (f"/: the document describes no JSON answer with the status {status}",)
        return self._held(operation, answer, content, body)

    def _held(self, operation: Operation, answer: Answer, content: Content, body: bytes) -> tuple[str, ...]:
        try:
            value = read_value(body)
        except Invalid as fault:
            return (f"/: {fault}",)
        key = (self._document, operation.name, answer.status, content.media_type)
        return self._compiled.get(key, lambda: self._schemas.answer(content)).problems(value, size=len(body))


def _unexpected(answer: Answer, media_type: str) -> str:
    named = ", ".join(each.media_type for each in answer.contents)[:200]
    return f"/: expected {named}, not {media_type[:100] or 'an answer without a content type'}"
