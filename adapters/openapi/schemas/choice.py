"""Choose which of an operation's answers an answer is held against."""

from adapters.openapi.media import essence, is_json
from adapters.openapi.model import Answer, Content, Operation


def answer_to(operation: Operation, status: int) -> Answer | None:
    """Return what the document says about a status: by its code, else by its range, else by default."""
    said = {each.status.upper(): each for each in operation.answers}
    return said.get(str(status)) or said.get(f"{status // 100}XX") or said.get("DEFAULT")


def content_as(contents: tuple[Content, ...], media_type: str) -> Content | None:
    """Return which of the contents has a media type: as named, else by a range; one JSON stands for another."""
    sought = essence(media_type)
    named = {essence(each.media_type): each for each in reversed(contents)}
    found = named.get(sought) or named.get(f"{sought.partition('/')[0]}/*") or named.get("*/*")
    if found or not is_json(sought):
        return found
    return next((each for each in contents if is_json(each.media_type)), None)
