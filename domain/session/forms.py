"""Say in which form a reply is read, for models that can be held to one: as a JSON Schema, or as tools to call.

The schema is made of the structs that read the reply, so it cannot say anything else than they do.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect

from domain.catalog.events import Tool
from domain.catalog.state import Snapshot
from domain.encoding import Json
from domain.session.events import Purpose
from domain.session.prompt import shown_tools
from domain.session.replies import RESEARCH, reply_types
from domain.session.researching import concludes
from domain.session.state import ModelCall, Session

Schema: TypeAlias = dict[str, Any]


class ReplyForm(msgspec.Struct, frozen=True, kw_only=True):
    """Name a form, its JSON Schema, and the tools of which one may be called instead of writing it.

    ``findings``: what is said without calling any of them are findings, and no result in one text.
    """

    name: Purpose
    schema: Json
    tools: tuple[Tool, ...] = ()
    findings: bool = False


def reply_form(state: Session, call: ModelCall, catalog: Snapshot) -> ReplyForm:
    """Return the form of the reply to a pending model call."""
    return ReplyForm(
        name=call.purpose,
        schema=reply_schema(call.purpose, call.recipe),
        tools=tuple(_tools(state, call, catalog)) if call.purpose == "choose" else (),
        findings=call.recipe == RESEARCH,
    )


@lru_cache(maxsize=64)
def reply_schema(purpose: Purpose, recipe: str) -> Json:
    """Return the JSON Schema of a reply, an object; where several structs may read it, with the fields of all."""
    schemas = [_object(kind) for kind in reply_types(purpose, recipe)]
    properties = {name: each for schema in schemas for name, each in schema["properties"].items()}
    required = schemas[0]["required"] if len(schemas) == 1 else []
    # In the order of the fields: models write what comes first, first.
    return msgspec.Raw(msgspec.json.encode({"type": "object", "properties": properties, "required": required}))


def _tools(state: Session, call: ModelCall, catalog: Snapshot) -> Sequence[Tool]:
    if call.step and concludes(state, state.steps[call.step - 1], call.recipe):
        return ()  # it is to say what it found
    agent = catalog.agent(call.agent)
    return shown_tools(agent, state.steps[call.step - 1], call, catalog) if agent and call.step else ()


def _object(kind: type[msgspec.Struct]) -> Schema:
    found = inspect.type_info(kind)
    assert isinstance(found, inspect.StructType), "replies are read by structs"
    return _struct(found)


def _struct(kind: inspect.StructType) -> Schema:
    return {
        "type": "object",
        "properties": {field.encode_name: _schema(field.type) for field in kind.fields},
        "required": [field.encode_name for field in kind.fields if field.required],
    }


def _schema(kind: inspect.Type) -> Schema:
    """Return the schema of a field; what is not said, its reader judges."""
    match kind:
        case inspect.StructType():
            return _struct(kind)
        case inspect.StrType():
            return {"type": "string"}
        case inspect.IntType():
            return {"type": "integer"}
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.LiteralType():
            return {"enum": list(kind.values)}
        case inspect.VarTupleType() | inspect.ListType():
            return {"type": "array", "items": _schema(kind.item_type)}
        case inspect.Metadata():
            return _schema(kind.type)
        case _:
            return {}
