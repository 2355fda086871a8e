"""Register APIs and plain tools, and check documents without registering them."""

from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
import strawberry
from strawberry import UNSET, field

from api.graphql.context import Info
from api.graphql.dead_letters import Key
from api.graphql.scalars import Position
from api.graphql.writing import context_of_write, said
from api.rest.registering import CheckInput, DocumentInput, added, checked
from domain.encoding import Json, encode, parse
from domain.errors import Invalid

Body = TypeVar("Body", DocumentInput, CheckInput)
_SCHEMAS = ("schema", "output_schema")
_TEXT = "A document's text, JSON or YAML; one too long for a request here goes over REST, or is named by its `url`."


@strawberry.input(description="A document that is only checked: its text, or where it is.")
class DocumentGiven:
    document: str | None = field(default=UNSET, description=_TEXT)
    url: str | None = field(default=UNSET, description="Where it is.")
    base_url: str | None = field(default=UNSET, description="Replaces the document's server.")
    allow_private: bool | None = field(default=UNSET, description="Whether `url` may be a private address.")
    allow_origins: list[str] | None = field(
        default=UNSET, description="Places beside the API's own where operations with servers of their own may be."
    )


@strawberry.input(
    description="An API that is registered: a document, or without one a JSON Schema of what is posted to `url`."
)
class ApiDefinition:
    name: str = field(description="What to call the API.")
    document: str | None = field(default=UNSET, description=_TEXT)
    schema: str | None = field(default=UNSET, description="The text of a JSON Schema of what is posted to `url`.")
    output_schema: str | None = field(default=UNSET, description="The text of a JSON Schema of what that answers.")
    description: str | None = field(default=UNSET, description="What a tool without a document does.")
    url: str | None = field(default=UNSET, description="Where the document is, or the tool without one.")
    base_url: str | None = field(default=UNSET, description="Replaces the document's server.")
    scopes: list[str] | None = field(default=UNSET, description="Scopes that its credentials are granted.")
    rate_limit: int | None = field(default=UNSET, description="Calls a minute of all its tools, 0 for any number.")
    allow_private: bool | None = field(default=UNSET, description="Whether it may be at a private address.")
    allow_origins: list[str] | None = field(
        default=UNSET, description="Places beside its own where operations with servers of their own may be."
    )
    stage: bool | None = field(default=UNSET, description="Put it beside the revision in force, to be activated later.")


@strawberry.type(description="What is wrong or odd in a document; an error keeps its operation from being a tool.")
class Diagnostic:
    severity: str = field(description="error, warning or info.")
    place: str = field(description="A JSON pointer into the document.")
    operation: str = field(description="METHOD path, empty where it is none's alone.")
    message: str = field(description="What it is, in words.")


@strawberry.type(description="What a document would give if it was registered.")
class DocumentReport:
    ok: bool = field(description="Whether it could be registered.")
    dialect: str = field(description="As openapi-3.1 or swagger-2.0.")
    operations: int = field(description="How many operations it has.")
    tools: int = field(description="How many of them would be tools.")
    skipped: int = field(description="How many would not.")
    diagnostics: list[Diagnostic] = field(description="What is wrong or odd.")
    view_bytes: int = field(description="How much of all its tools a model is sent.")
    view_median: int = field(description="And of the one in the middle.")


@strawberry.type(description="What a registration gave.")
class ApiWritten:
    api_id: str = field(name="api", description="The API.")
    digest: str = field(name="openapiRef", description="The digest of its document.")
    status: str = field(description="active, or staged: then it gives no tools yet.")
    tools: int = field(description="How many tools it gives.")
    skipped: int = field(description="How many of its operations are no tools.")
    reasons: list[str] = field(description="Why each of these is none.")
    version: int = field(description="The number of the newest event of the API.")
    position: Position = field(description="Where that stands in the log.")


Given: TypeAlias = Annotated[DocumentGiven, strawberry.argument(description="The document.")]
Defined: TypeAlias = Annotated[ApiDefinition, strawberry.argument(description="The API.")]


async def check_document(info: Info, document: Given) -> Any:
    """Check a document; raise Forbidden, Invalid, TooLarge."""
    asked = _input(CheckInput, _filled(document))
    return await checked(info.context.services, info.context.principal, asked)


async def add_tools(info: Info, api: Defined, idempotency_key: Key = None) -> Any:
    """Register an API; raise Refused."""
    given = _filled(api)
    context = context_of_write(info, "administer", given, idempotency_key)
    return await added(info.context.services, _input(DocumentInput, given), context)


def _filled(given: DocumentGiven | ApiDefinition) -> dict[str, Any]:
    return {name: value for name, value in said(given).items() if value is not None}


def _input(kind: type[Body], given: dict[str, Any]) -> Body:
    """Return what was given as REST takes it, whose rules then hold here too; raises Invalid."""
    names = dict(zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True))
    body = {names[name]: _schema(value) if name in _SCHEMAS else value for name, value in given.items()}
    try:
        return msgspec.json.decode(encode(body), type=kind)
    except msgspec.MsgspecError as fault:
        raise Invalid(f"Expected an API as its input describes it, but {fault}.") from fault


def _schema(text: str) -> Json:
    parse(text)
    return msgspec.Raw(text.encode())
