"""Read one operation of a document, OpenAPI 3 or Swagger 2.0, into the one form."""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from adapters.openapi.model import Body, Finding, Operation, Parameter, sent_path
from adapters.openapi.paging.hints import answers_in_pages
from adapters.openapi.prose import is_plain
from adapters.openapi.reading import bodies, swagger
from adapters.openapi.reading.ground import Ground
from adapters.openapi.reading.parameters import Declared, declared_parameters, read_parameters
from adapters.openapi.reading.security import read_needs
from adapters.openapi.reading.servers import own_servers
from adapters.openapi.references import Unusable, object_of, resolve, text_of, texts_of
from domain.pointers import pointer

TEMPLATE = re.compile(r"\{([^{}]+)\}")
KEY_HEADER = "idempotency-key"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_BESIDE_METHODS = frozenset({"$ref", "summary", "description", "servers", "parameters"})
_NEVER_IN_PATHS = re.compile(r"[?#{}\\\x00-\x20\x7f]")
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def methods_of(tree: dict[str, Any], item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield each method of a path with the tokens of its place below the path."""
    known = (*_METHODS, "query") if _has_query(tree) else _METHODS
    yield from ((method.upper(), (method,)) for method in known if method in item)
    if _has_query(tree):
        yield from ((method, ("additionalOperations", method)) for method in object_of(item, "additionalOperations"))


def unknown_in(tree: dict[str, Any], item: dict[str, Any]) -> Iterator[str]:
    """Yield what stands under a path and is neither a method nor anything else that belongs there."""
    methods = {*_METHODS, *(("query", "additionalOperations") if _has_query(tree) else ())}
    yield from (key for key in item if key not in methods | _BESIDE_METHODS and not key.startswith("x-"))


def _has_query(tree: dict[str, Any]) -> bool:
    return text_of(tree, "openapi").startswith("3.2")


def operation_names(tree: dict[str, Any]) -> Iterator[str]:
    """Yield each operation that stands in a document as ``METHOD path``, whether it can be called or not."""
    for path in object_of(tree, "paths"):
        with suppress(Unusable):
            yield from (f"{method} {path}" for method, _ in methods_of(tree, path_item(tree, path)))


def path_item(tree: dict[str, Any], path: str) -> dict[str, Any]:
    """Return what stands under a path, what is written beside its reference included; raises Unusable."""
    written = object_of(tree, "paths").get(path)
    found = resolve(tree, written, pointer("paths", path))
    beside = {key: value for key, value in written.items() if key != "$ref"} if isinstance(written, dict) else {}
    return {**found, **beside}


def read_operation(tree: dict[str, Any], method: str, path: str, found: list[Finding] | None = None) -> Operation:
    """Read an operation, and add what is odd to ``found``; raises Unusable where it cannot be called."""
    item = path_item(tree, path)
    below = next((tokens for each, tokens in methods_of(tree, item) if each == method), None)
    if below is None:
        raise Unusable(f"the path has no {method}", pointer("paths", path))
    ground = Ground(
        tree=tree,
        found=[] if found is None else found,
        place=pointer("paths", path, *below),
        operation=f"{method} {path}",
    )
    try:
        return _operation(ground, method, path, item, _at(item, below))
    except Unusable as fault:
        raise Unusable(str(fault), fault.place or ground.place) from fault


def _at(item: dict[str, Any], tokens: tuple[str, ...]) -> Any:
    found: Any = item
    for token in tokens:
        found = found[token]
    return found


def _operation(ground: Ground, method: str, path: str, item: dict[str, Any], written: Any) -> Operation:
    raw = resolve(ground.tree, written)
    _check_method(method)
    declared = declared_parameters(ground, item, raw, pointer("paths", path))
    sent = [each for each in declared if not (ground.swagger and each.where in ("body", "formData"))]
    parameters = _of_the_path(ground, path, read_parameters(ground, sent))
    headers = {each.name.lower() for each in parameters if each.place == "header"}
    body = _body(ground, method, raw, declared)
    answers = swagger.read_answers(ground, raw) if ground.swagger else bodies.read_answers(ground, raw)
    return Operation(
        method=method,
        path=path,
        operation_id=text_of(raw, "operationId"),
        summary=text_of(raw, "summary"),
        description=text_of(raw, "description"),
        tags=texts_of(raw, "tags"),
        parameters=tuple(each for each in parameters if each.place != "header" or each.name.lower() != KEY_HEADER),
        body=body,
        answers=answers,
        needs=read_needs(ground, raw),
        deprecated=raw.get("deprecated") is True,
        honours_key=KEY_HEADER in headers,
        servers=own_servers(ground, item, raw),
        pages=answers_in_pages(ground, method, raw, parameters=parameters, body=body, answers=answers),
    )


def _body(ground: Ground, method: str, raw: dict[str, Any], declared: list[Declared]) -> Body | None:
    if ground.swagger:
        return swagger.read_body(ground, raw, declared)
    return bodies.read_body(ground, method, raw)


def _check_method(method: str) -> None:
    if method == "TRACE":
        raise Unusable("TRACE would echo what is sent")
    if not _TOKEN.fullmatch(method) or method.upper() == "CONNECT":
        raise Unusable(f"{method[:40]!r} cannot be the method of a request")


def _of_the_path(ground: Ground, path: str, parameters: list[Parameter]) -> list[Parameter]:
    """Leave out path parameters that the path does not name; raises Unusable where the path is none."""
    if not is_plain(path):
        raise Unusable("its path holds a character that does not show: a control, a line separator or a direction")
    path = sent_path(path)
    named = set(TEMPLATE.findall(path))
    declared = {each.name for each in parameters if each.place == "path"}
    if named - declared:
        raise Unusable(f"the path names {sorted(named)}, but the path parameters are {sorted(declared)}")
    for name in sorted(declared - named):
        ground.warn(f"the path does not name the path parameter {name[:80]!r}; it is left out")
    fixed = TEMPLATE.sub("", path)
    if _NEVER_IN_PATHS.search(fixed) or _climbs(fixed):
        raise Unusable("its path holds ?, #, a blank, a backslash, a single brace or a dot segment")
    return [each for each in parameters if each.place != "path" or each.name in named]


def _climbs(path: str) -> bool:
    """Tell whether a path has dot segments, however often they are encoded."""
    while (decoded := unquote(path)) != path:
        path = decoded
    return any(part in (".", "..") for part in re.split(r"[/\\]", path))
