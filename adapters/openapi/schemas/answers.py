"""Hold an answer against what its operation says that it answers."""

from collections.abc import Hashable

from adapters.openapi.media import is_json
from adapters.openapi.model import Answer, Operation
from adapters.openapi.schemas.cache import CompiledSchemas
from adapters.openapi.schemas.choice import answer_to, content_as
from adapters.openapi.schemas.document import DocumentSchemas
from adapters.openapi.schemas.values import read_value
from domain.errors import Invalid


class Answers:
    """Judge the answers of a document's operations; ``key`` tells this document from others."""

    def __init__(self, key: Hashable, schemas: DocumentSchemas, compiled: CompiledSchemas) -> None:
        self._key = key
        self._schemas = schemas
        self._compiled = compiled

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
        try:
            value = read_value(body)
        except Invalid as fault:
            return (f"/: {fault}",)
        key = (self._key, operation.name, answer.status, content.media_type)
        return self._compiled.get(key, lambda: self._schemas.answer(content)).problems(value)


def _unexpected(answer: Answer, media_type: str) -> str:
    named = ", ".join(each.media_type for each in answer.contents)[:200]
    return f"/: expected {named}, not {media_type[:100] or 'an answer without a content type'}"
