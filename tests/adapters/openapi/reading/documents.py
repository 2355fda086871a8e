"""Write small documents."""

from typing import Any

from adapters.openapi.model import Api, Finding, Operation
from adapters.openapi.reading.api import read_api


def openapi(paths: dict[str, Any], version: str = "3.1.0", **more: Any) -> dict[str, Any]:
    """Return a document with these paths, and one server."""
    servers = [{"url": "https://api.example.com/v1"}]
    return {"openapi": version, "info": {"title": "T", "version": "1"}, "servers": servers, "paths": paths, **more}


def swagger(paths: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a document of Swagger 2.0 with these paths."""
    info = {"title": "T", "version": "1"}
    return {"swagger": "2.0", "info": info, "host": "api.example.com", "paths": paths, **more}


def read(raw: dict[str, Any], path: str = "/a", method: str = "post", version: str = "3.1.0", **more: Any) -> Operation:
    """Read the one operation of a document of OpenAPI 3."""
    (operation,) = read_api(openapi({path: {method: raw}}, version, **more)).operations
    return operation


def read_swagger(raw: dict[str, Any], path: str = "/a", method: str = "post", **more: Any) -> Operation:
    """Read the one operation of a document of Swagger 2.0."""
    (operation,) = read_api(swagger({path: {method: raw}}, **more)).operations
    return operation


def findings(api: Api, severity: str) -> list[Finding]:
    """Return an API's findings of one severity."""
    return [each for each in api.findings if each.severity == severity]
