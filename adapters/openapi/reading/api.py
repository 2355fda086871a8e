"""Read a whole document into the one form, with a report of what is wrong in it."""

from collections import Counter
from typing import Any

from adapters.openapi.model import Api, Finding, Operation
from adapters.openapi.reading.broken import check_schemas
from adapters.openapi.reading.dangling import check_references
from adapters.openapi.reading.ground import Ground
from adapters.openapi.reading.operations import methods_of, path_item, read_operation, unknown_in
from adapters.openapi.reading.security import read_schemes
from adapters.openapi.reading.servers import read_base_url
from adapters.openapi.references import Unusable, object_of, text_of
from domain.errors import Invalid
from domain.pointers import pointer


def read_api(tree: dict[str, Any]) -> Api:
    """Read a document's tree; a fault blocks its operation, and raises Invalid only where it is no document at all."""
    dialect = dialect_of(tree)
    found: list[Finding] = []
    ground = Ground(tree=tree, found=found)
    operations = [each for path in object_of(tree, "paths") for each in _path(tree, path, found)]
    found += [*check_references(tree, operations), *check_schemas(tree, operations), *_same_ids(operations)]
    blocked = {each.operation for each in found if each.severity == "error"}
    return Api(
        dialect=dialect,
        title=text_of(object_of(tree, "info"), "title"),
        base_url=read_base_url(ground),
        tree=tree,
        operations=tuple(each for each in operations if each.name not in blocked),
        schemes=read_schemes(ground),
        findings=tuple(found),
    )


def dialect_of(tree: dict[str, Any]) -> str:
    """Return ``openapi-3.x`` or ``swagger-2.0``; raises Invalid."""
    version = tree.get("openapi", tree.get("swagger"))
    match str(version).split("."):
        case ["3", ("0" | "1" | "2") as minor, *_] if "openapi" in tree and "swagger" not in tree:
            return f"openapi-3.{minor}"
        case ["2", "0", *_] if "swagger" in tree and "openapi" not in tree:
            return "swagger-2.0"
        case _:
            raise Invalid(f"Expected 'openapi: 3.x' or 'swagger: 2.0' at the document's top, not {version!r}.")


def _path(tree: dict[str, Any], path: str, found: list[Finding]) -> list[Operation]:
    if not path.startswith("/"):
        if not path.startswith("x-"):
            message = "a path begins with a slash; what stands under it is left out"
            found.append(Finding(severity="warning", place=pointer("paths", path), message=message))
        return []
    try:
        item = path_item(tree, path)
    except Unusable as fault:
        found.append(Finding(severity="error", place=fault.place, message=str(fault), operation=f"* {path}"))
        return []
    methods = [method for method, _ in methods_of(tree, item)]
    for key in unknown_in(tree, item):
        message = f"{key[:40]!r} is no method here, and methods are written in lower case; it is left out"
        found.append(Finding(severity="warning", place=pointer("paths", path, key), message=message))
    return [operation for method in methods if (operation := _read(tree, method, path, found))]


def _read(tree: dict[str, Any], method: str, path: str, found: list[Finding]) -> Operation | None:
    try:
        return read_operation(tree, method, path, found)
    except Unusable as fault:
        name = f"{method} {path}"
        found.append(Finding(severity="error", place=fault.place, message=str(fault), operation=name))
        return None


def _same_ids(operations: list[Operation]) -> list[Finding]:
    counts = Counter(each.operation_id for each in operations if each.operation_id)
    return [
        Finding(
            severity="warning",
            place=pointer("paths", each.path, each.method.lower(), "operationId"),
            message=f"{counts[each.operation_id]} operations have the operationId {each.operation_id[:80]!r}",
            operation=each.name,
        )
        for each in operations
        if counts[each.operation_id] > 1
    ]
