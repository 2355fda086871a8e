"""Hold what a document says, in one form for every dialect: Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2.

Schemas stay as they are written, with their references into the document's tree; `adapters.openapi.schemas` turns them
into JSON Schema 2020-12 where they are needed.
"""

import re
from typing import Any, Literal, get_args

import msgspec

Place = Literal["path", "query", "header", "cookie"]
PLACES: tuple[Place, ...] = get_args(Place)

PAGES = {"type": "integer", "minimum": 2, "maximum": 10}
"""The schema of the argument that asks for further pages, which stands beside the places."""

Severity = Literal["error", "warning", "info"]
SchemeKind = Literal["api-key", "basic", "bearer", "oauth2", "open-id-connect", "mutual-tls"]


_MARK = re.compile(r"#[A-Za-z0-9_.-]+$")


def sent_path(path: str) -> str:
    """Return a path as requests have it: without the mark, as in ``/files/{id}#copy``, that tells it from its like."""
    return _MARK.sub("", path)


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one parameter; one that is described by a media type instead of a style names it in ``media_type``.

    ``style`` is one of OpenAPI's, or for lists of Swagger 2.0 also ``tabDelimited``, and there the delimited styles
    occur in every place; ``querystring`` says that the value is the whole query (OpenAPI 3.2). ``inner`` are the
    styles of lists within the list, the outer ones first, which Swagger 2.0 alone knows.
    """

    name: str
    place: Place
    required: bool
    schema: Any
    style: str
    explode: bool
    allow_reserved: bool = False
    media_type: str = ""
    description: str = ""
    inner: tuple[str, ...] = ()


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """Say how one property of a form is written; what is empty or None follows from the property's schema."""

    name: str
    content_type: str = ""
    style: str = ""
    explode: bool | None = None
    allow_reserved: bool = False
    inner: tuple[str, ...] = ()


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """Describe what a body or an answer may be in one media type, which stands as the document writes it."""

    media_type: str
    schema: Any
    encodings: tuple[Encoding, ...] = ()


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a request's body, in each media type that the operation takes, in the document's order."""

    required: bool
    contents: tuple[Content, ...]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Describe an answer; ``status`` is a code, a range as ``2XX``, or ``default``."""

    status: str
    contents: tuple[Content, ...] = ()


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """Name a security scheme that an operation needs, with the scopes it asks of it."""

    scheme: str
    scopes: tuple[str, ...] = ()


class Scheme(msgspec.Struct, frozen=True, kw_only=True):
    """Describe a security scheme; an API key travels in ``place`` under ``field``, OAuth2 asks at ``token_url``."""

    name: str
    kind: SchemeKind
    place: Literal["", "header", "query", "cookie"] = ""
    field: str = ""
    token_url: str = ""
    scopes: tuple[str, ...] = ()


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """Describe one operation.

    ``needs`` are alternatives, of which all schemes of one must be satisfied; an empty alternative needs none, and
    no alternatives at all mean that the document says nothing. ``honours_key``: it declares ``Idempotency-Key``.
    ``pages``: it answers in pages, and says where the next one is. ``servers`` are those of its own, their variables at
    their defaults; none means that it is where its document is.
    """

    method: str
    path: str
    operation_id: str = ""
    summary: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answers: tuple[Answer, ...] = ()
    needs: tuple[tuple[Need, ...], ...] = ()
    deprecated: bool = False
    honours_key: bool = False
    pages: bool = False
    servers: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name the operation within its document."""
        return f"{self.method} {self.path}"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Report what is wrong or odd in a document, at a JSON pointer; an error blocks its ``operation``.

    Of a path that cannot be read nobody knows the methods: its operation is ``* path``.
    """

    severity: Severity
    place: str
    message: str
    operation: str = ""


class Api(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a whole document in one form.

    ``tree`` is the document with everything it refers to inside it, so that each reference is local (``#/…``).
    ``dialect`` is as in ``openapi-3.1`` or ``swagger-2.0``; ``base_url`` is as the document's first server says it:
    it may be relative, or empty where the document names none.
    """

    dialect: str
    title: str
    base_url: str
    tree: dict[str, Any]
    operations: tuple[Operation, ...]
    schemes: tuple[Scheme, ...] = ()
    findings: tuple[Finding, ...] = ()
