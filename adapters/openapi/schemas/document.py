"""Hold what one operation takes and answers, in the schemas of its document."""

from typing import Any

from adapters.openapi.files import FILE, describes_file
from adapters.openapi.media import is_file, kind_of, preferred
from adapters.openapi.model import PAGES, PLACES, Content, Operation
from adapters.openapi.references import Unusable, resolve
from adapters.openapi.schemas.conversion import Conversion, Schema


class DocumentSchemas:
    """Convert the schemas of one document, each once for every use: as JSON, in forms and files, in answers."""

    def __init__(self, tree: dict[str, Any], dialect: str) -> None:
        self._tree = tree
        self._sent = Conversion(tree, dialect=dialect, direction="request")
        self._sent_with_files = Conversion(tree, dialect=dialect, direction="request", files=True)
        self._answered = Conversion(tree, dialect=dialect, direction="response")

    def arguments(self, operation: Operation) -> Schema:
        """Return the schema of an operation's arguments, grouped by place."""
        sent = preferred(operation.body.contents) if operation.body else None
        as_json = sent is None or kind_of(sent.media_type) == "json"
        return (self._sent if as_json else self._sent_with_files).whole(_grouped(self._tree, operation, sent))

    def answer(self, content: Content) -> Schema:
        """Return the schema of an answer."""
        return self._answered.whole(content.schema)


def _grouped(tree: dict[str, Any], operation: Operation, sent: Content | None) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    required: list[str] = []
    for place in PLACES:
        members = [each for each in operation.parameters if each.place == place]
        needed = [each.name for each in members if each.required]
        groups[place] = _object({each.name: each.schema for each in members}, needed)
        required += [place] if needed else []
    if operation.body and sent:
        groups["body"] = _body(tree, sent)
        required += ["body"] if operation.body.required else []
    if operation.pages:
        groups["pages"] = PAGES
    return _object(groups, required)


def _body(tree: dict[str, Any], content: Content) -> Any:
    if is_file(content.media_type):
        return _file(tree, content)
    is_json = kind_of(content.media_type) == "json"
    return content.schema if is_json else {"type": "object", "allOf": [content.schema]}


def _file(tree: dict[str, Any], content: Content) -> Any:
    """Return what a file may be: where its text is given, what the document says of texts holds for that."""
    try:
        described = resolve(tree, content.schema)
    except Unusable:
        described = {}
    if kind_of(content.media_type) != "text" or described.get("type") != "string" or describes_file(described):
        return {"type": "file"}
    return {**FILE, "properties": {**FILE["properties"], "text": content.schema}}


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
