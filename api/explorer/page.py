"""Serve the explorer: its page and the files that it is made of, and nothing that could make it load more."""

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Redirect

from domain.errors import NotFound

FOLDER = files("api.explorer").joinpath("files")
MEDIA_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml; charset=utf-8"}
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""Whatever text a goal or a tool brings in, the browser runs, loads and sends nothing but what is served here."""


@get("/", opt={"open": True, "html": True}, include_in_schema=False, sync_to_thread=False)
def home() -> Redirect:
    """Lead to the explorer."""
    return Redirect("/explorer", status_code=307)


@get("/explorer", opt={"open": True, "html": True}, include_in_schema=False, sync_to_thread=False)
def explorer(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give the page; it is for every caller, for what it shows is asked for with a token of its reader's."""
    return _file(request, "index.html")


@get("/explorer/{name:str}", opt={"open": True, "html": True}, include_in_schema=False, sync_to_thread=False)
def explorer_file(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """Give one of the page's files."""
    return _file(request, name)


def _file(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    held = _contents().get(name)
    if held is None:
        raise NotFound(f"Expected a file of the explorer, but there is none named {name[:100]!r}.")
    body, etag = held
    headers = {**HEADERS, "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers=headers)
    return Response(body, media_type=MEDIA_TYPES[name.rpartition(".")[2]], headers=headers)


@cache
def _contents() -> dict[str, tuple[bytes, str]]:
    """Read the files once, each with its ETag: what is served are these names and no paths."""
    read = {file.name: file.read_bytes() for file in FOLDER.iterdir()}
    return {name: (body, f'"{sha256(body).hexdigest()[:32]}"') for name, body in read.items()}
