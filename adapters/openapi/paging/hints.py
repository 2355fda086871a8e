"""Tell which operations answer in pages, by what their documents declare: a Link header, a cursor, telling members."""

from collections.abc import Iterable
from typing import Any

from adapters.openapi.media import is_json
from adapters.openapi.model import Answer, Body, Parameter
from adapters.openapi.paging.members import CURSORS, described_members, plain_name, tells_of_pages
from adapters.openapi.reading.ground import Ground
from adapters.openapi.references import Unusable, object_of, resolve


def answers_in_pages(
    ground: Ground,
    method: str,
    raw: dict[str, Any],
    *,
    parameters: Iterable[Parameter],
    body: Body | None,
    answers: Iterable[Answer],
) -> bool:
    """Tell whether further pages of what an operation answers may be asked for."""
    successes = [each for each in answers if each.status.startswith("2") or each.status == "default"]
    contents = [each for answer in successes for each in answer.contents if is_json(each.media_type)]
    if method != "GET" or body is not None or not contents:
        return False
    queries = {plain_name(each.name) for each in parameters if each.place == "query"}
    if queries & CURSORS or _declares_link(ground, raw):
        return True
    return any(tells_of_pages(described_members(ground.tree, each.schema), queries) for each in contents)


def _declares_link(ground: Ground, raw: dict[str, Any]) -> bool:
    successes = [each for status, each in object_of(raw, "responses").items() if str(status).startswith("2")]
    return any(name.lower() == "link" for each in successes for name in _headers(ground, each))


def _headers(ground: Ground, response: Any) -> Iterable[str]:
    try:
        return object_of(resolve(ground.tree, response), "headers")
    except Unusable:
        return ()  # reading the answers has said so
