"""Read one operation of a document, OpenAPI 3.x or Swagger 2.0, into one form."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from adapters.openapi.bodies import Body, json_answers, read_body
from adapters.openapi.parameters import Parameter, declared_parameters, read_parameters
from adapters.openapi.references import Unusable, object_of, resolve, text_of

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
TEMPLATE = re.compile(r"\{([^{}]+)\}")
KEY_HEADER = "idempotency-key"


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one operation; ``json_answers`` are the status codes, or ranges as 2XX, that promise JSON."""

    method: str
    path: str
    operation_id: str
    description: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    json_answers: frozenset[str]
    honours_key: bool

    @property
    def name(self) -> str:
        """Name the operation within its document."""
        return f"{self.method} {self.path}"

    def promises_json(self, status: int) -> bool:
        """Tell whether an answer with this status should be JSON."""
        return bool({str(status), f"{status // 100}XX"} & self.json_answers)


def operation_names(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the method and path of every operation, in the document's order."""
    for path, item in object_of(tree, "paths").items():
        if path.startswith("/"):
            try:
                found = resolve(tree, item)
            except Unusable:
                continue
            yield from ((method.upper(), path) for method in METHODS if method in found)


def read_operation(tree: dict[str, Any], method: str, path: str) -> Operation:
    """Read an operation; raises Unusable where it cannot be called as the document says."""
    item = resolve(tree, tree["paths"][path])
    raw = resolve(tree, item[method.lower()])
    _same_server(tree, item, raw)
    parameters = read_parameters(tree, item, raw)
    headers = {each.name.lower() for each in parameters if each.place == "header"}
    operation = Operation(
        method=method,
        path=path,
        operation_id=text_of(raw, "operationId"),
        description=text_of(raw, "summary") or text_of(raw, "description"),
        parameters=tuple(each for each in parameters if each.name.lower() != KEY_HEADER),
        body=read_body(tree, method, raw, declared_parameters(tree, item, raw)),
        json_answers=json_answers(tree, raw),
        honours_key=KEY_HEADER in headers,
    )
    _check_path(operation)
    return operation


def _same_server(tree: dict[str, Any], item: dict[str, Any], raw: dict[str, Any]) -> None:
    own = raw.get("servers") or item.get("servers")
    if own and own != tree.get("servers"):
        raise Unusable("it has a server of its own, and requests go to the document's base URL only")


def _check_path(operation: Operation) -> None:
    declared = {each.name for each in operation.parameters if each.place == "path"}
    named = set(TEMPLATE.findall(operation.path))
    if named != declared:
        raise Unusable(f"the path names {sorted(named)}, but the path parameters are {sorted(declared)}")
    fixed = TEMPLATE.sub("", operation.path)
    if set("?#{}\\") & set(fixed) or any(part in (".", "..") for part in fixed.split("/")):
        raise Unusable("its path holds ?, #, a backslash, a single brace or a dot segment")
    if operation.method == "TRACE":
        raise Unusable("TRACE would echo what is sent")
