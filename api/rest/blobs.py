"""Keep files that calls may carry, and hand out those that they answered: each goes by its digest."""

from typing import Any

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath

from api.answers import Output, answer
from api.bodies import Input, body_of
from api.reads import Reading
from api.services import Given
from api.writes import Writing
from commands.files import keep_file, kept_file
from domain.errors import Invalid

EXAMPLE = {"content": "aGVsbG8="}
# What a tool answered may be a page: a browser is to save it, and never to show it as one of ours.
AS_A_FILE = {
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


class BlobInput(Input, frozen=True, kw_only=True):
    """Hold a file's ``content`` in base64, or its ``text``."""

    content: bytes | msgspec.UnsetType = msgspec.UNSET
    text: str | msgspec.UnsetType = msgspec.UNSET


class BlobWritten(Output, frozen=True, kw_only=True):
    """Name a kept file by its SHA-256, as which a call's arguments name it, and count its bytes."""

    digest: str
    bytes: int


async def add_blob(request: Request[Any, Any, Any], services: Given, write: Writing) -> Response[BlobWritten]:
    """Keep a file; the same file is kept once."""
    body = await body_of(request, BlobInput)
    context = await write.context("operate")
    data = _data(body)
    digest = await keep_file(services.shell, context.tenant, data)
    return answer(BlobWritten(digest=digest, bytes=len(data)), status=201)


@get("/blobs/{digest:str}", tags=["tools"], opt={"bytes": True})
async def show_blob(services: Given, read: Reading, digest: FromPath[str]) -> Response[bytes]:
    """Give a file as it is kept, byte for byte: one that was uploaded, or what a call answered."""
    data = await kept_file(services.shell, read.tenant, digest)
    return Response(data, media_type="application/octet-stream", headers=AS_A_FILE)


def _data(body: BlobInput) -> bytes:
    if (body.content is msgspec.UNSET) == (body.text is msgspec.UNSET):
        raise Invalid("Expected either `content` or `text`.")
    data = body.text.encode() if isinstance(body.text, str) else body.content
    assert isinstance(data, bytes), "one of both is there"
    return data
