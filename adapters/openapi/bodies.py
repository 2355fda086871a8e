"""Read what an operation sends and answers; the first form knows JSON."""

import re
from typing import Any

import msgspec

from adapters.openapi.references import Unusable, list_of, object_of, resolve

# Some documents declare an empty form even for these.
_WITHOUT_BODY = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_JSON = re.compile(r"(application|text)/json|[a-z0-9.-]+/[a-z0-9.+-]+\+json")


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a JSON body."""

    required: bool
    schema: Any
    media_type: str


def read_body(tree: dict[str, Any], method: str, raw: dict[str, Any], declared: list[dict[str, Any]]) -> Body | None:
    """Read the body; None where there is none, raises Unusable where it is not JSON."""
    if "swagger" in tree:
        return _swagger_body(tree, raw, declared)
    if "requestBody" not in raw:
        return None
    body = resolve(tree, raw["requestBody"])
    required = body.get("required") is True
    content = object_of(body, "content")
    found = next((each for each in content if _sent_as(each)), None)
    if found is not None:
        return Body(required=required, schema=object_of(content, found).get("schema", {}), media_type=_sent_as(found))
    if required or method not in _WITHOUT_BODY:
        raise Unusable(f"its body is not JSON but {', '.join(content) or 'nothing'}")
    return None


def _swagger_body(tree: dict[str, Any], raw: dict[str, Any], declared: list[dict[str, Any]]) -> Body | None:
    if any(each.get("in") == "formData" for each in declared):
        raise Unusable("its body is not JSON but a form")
    body = next((each for each in declared if each.get("in") == "body"), None)
    if body is None:
        return None
    consumes = list_of(raw, "consumes") or list_of(tree, "consumes") or ["application/json"]
    media_type = next((sent for each in consumes if (sent := _sent_as(str(each)))), "")
    if not media_type:
        raise Unusable(f"its body is not JSON but {', '.join(map(str, consumes))}")
    return Body(required=body.get("required") is True, schema=body.get("schema", {}), media_type=media_type)


def json_answers(tree: dict[str, Any], raw: dict[str, Any]) -> frozenset[str]:
    """Return the status codes, and ranges as 2XX, whose answers are always JSON."""
    answers = set()
    for status, response in object_of(raw, "responses").items():
        content = object_of(resolve(tree, response), "content")
        if content and all(map(is_json, content)):
            answers.add(str(status).upper())
    return frozenset(answers)


def is_json(media_type: str) -> bool:
    """Tell whether a media type is JSON."""
    return _JSON.fullmatch(_essence(media_type)) is not None


def _sent_as(media_type: str) -> str:
    """Return the content type for a JSON body, or an empty string where the media type is another."""
    if media_type == "*/*":
        return "application/json"
    return _essence(media_type) if is_json(media_type) else ""


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
