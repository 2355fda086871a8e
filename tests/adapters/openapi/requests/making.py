"""Describe operations and build their requests, for the tests beside this file."""

from typing import Any

from adapters.openapi.model import Operation
from adapters.openapi.reading.operations import read_operation
from adapters.openapi.requests.build import build
from adapters.openapi.requests.built import Built

BASE = "http://127.0.0.1:1/v1"


def document(path: str, *parameters: dict[str, Any], method: str = "get", **more: Any) -> dict[str, Any]:
    """Return a document with one operation."""
    version = more.pop("version", "3.2.0")
    return {"openapi": version, "paths": {path: {method: {"parameters": list(parameters), **more}}}}


def operation(path: str, *parameters: dict[str, Any], method: str = "get", **more: Any) -> Operation:
    """Return the operation of such a document."""
    return read_operation(document(path, *parameters, method=method, **more), method.upper(), path)


def parameter(name: str, place: str, **more: Any) -> dict[str, Any]:
    """Describe a parameter that takes anything."""
    return {"name": name, "in": place, **({} if "content" in more else {"schema": {}}), **more}


def built(found: Operation, *, base: str = BASE, files: dict[str, bytes] | None = None, **arguments: Any) -> Built:
    """Build a request of an operation that refers to nothing."""
    return build(found, {}, base, arguments, files=files)


def with_body(media_type: str, value: Any, schema: Any = None, encoding: Any = None, **more: Any) -> Built:
    """Build a request with a body in one media type."""
    content = {media_type: {"schema": schema or {}, "encoding": encoding or {}}}
    return built(operation("/a", method="post", requestBody={"content": content}), body=value, **more)


def header(request: Built, name: str) -> str:
    """Return a header of a request, or an empty text."""
    return next((value for key, value in request.headers if key.lower() == name), "")
