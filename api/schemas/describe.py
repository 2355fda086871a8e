"""Describe our types as JSON Schema (2020-12), with their docstrings.

msgspec's own generator cannot write a default that is foreign JSON, and publishes docstrings as they are indented.
"""

import inspect
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
from msgspec import inspect as kinds

from domain.encoding import encode, parse

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
BOUNDS = {"ge": "minimum", "le": "maximum", "min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}


@dataclass(frozen=True)
class Definitions:
    """Hold the types that a schema refers to, under ``place``."""

    place: str
    held: dict[type, Schema] = field(default_factory=dict)

    def named(self) -> dict[str, Schema]:
        """Return them by name; raise TypeError where two are called alike."""
        named = {kind.__name__: schema for kind, schema in self.held.items()}
        if len(named) < len(self.held):
            raise TypeError(f"Expected a name of its own for each type, but two are called alike: {[*self.held]}.")
        return named


def described(kind: Any, name: str, description: str) -> Schema:
    """Return the schema of a Struct as a document of its own, which is served at ``/schemas/<name>``."""
    root, definitions = kinds.type_info(kind), Definitions("#/$defs/")
    if not isinstance(root, kinds.StructType):
        raise TypeError(f"Expected a Struct to publish as {name}, but got {kind}.")
    head = {"$schema": DIALECT, "$id": f"/schemas/{name}", "title": name, "description": description}
    schema = {**_struct(root, definitions), **head}
    return {**schema, "$defs": definitions.named()} if definitions.held else schema


def reference(kind: Any, definitions: Definitions) -> Schema:
    """Return a reference to a type, which then stands with all that it holds among the definitions."""
    return _type(kinds.type_info(kind), definitions)


def words(docstring: str | None) -> str:
    """Return a docstring as plain text: one line a paragraph, code between single backticks."""
    paragraphs = inspect.cleandoc(docstring or "").split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs).replace("``", "`")


def _struct(kind: kinds.StructType, definitions: Definitions) -> Schema:
    tag = {str(kind.tag_field): {"const": kind.tag}} if kind.tag_field else {}
    schema: Schema = {
        "type": "object",
        "description": words(kind.cls.__doc__),
        "properties": {**tag, **{each.encode_name: _field(each, definitions) for each in kind.fields}},
        "required": [*tag, *(each.encode_name for each in kind.fields if each.required)],
    }
    return {**schema, "additionalProperties": False} if kind.forbid_unknown_fields else schema


def _field(held: kinds.Field, definitions: Definitions) -> Schema:
    schema = _type(held.type, definitions)
    return schema if held.default is msgspec.NODEFAULT else {**schema, "default": parse(encode(held.default))}


def _type(kind: kinds.Type, definitions: Definitions) -> Schema:
    match kind:
        case kinds.AnyType() | kinds.RawType():
            return {}
        case kinds.NoneType():
            return {"type": "null"}
        case kinds.BoolType():
            return {"type": "boolean"}
        case kinds.IntType(gt=None, lt=None, multiple_of=None):
            return {"type": "integer", **_bounds(kind)}
        case kinds.FloatType(gt=None, lt=None, multiple_of=None):
            return {"type": "number", **_bounds(kind)}
        case kinds.StrType():
            return {"type": "string", **_bounds(kind)}
        case kinds.BytesType(None, None):
            return {"type": "string", "contentEncoding": "base64"}
        case kinds.DateTimeType():
            return {"type": "string", "format": "date-time"}
        case kinds.UUIDType():
            return {"type": "string", "format": "uuid"}
        case kinds.LiteralType(values):
            return {"enum": list(values)}
        case kinds.VarTupleType(item, None, None) | kinds.ListType(item, None, None):
            return {"type": "array", "items": _type(item, definitions)}
        case kinds.DictType(_, value, None, None):
            return {"type": "object", "additionalProperties": _type(value, definitions)}
        case kinds.UnionType(choices):
            return {"anyOf": [_type(each, definitions) for each in choices]}
        case kinds.StructType():
            return _reference(kind, definitions)
        case _:
            raise TypeError(f"Expected a type that is described here, but got {kind}: add it.")


def _bounds(kind: kinds.IntType | kinds.FloatType | kinds.StrType) -> Schema:
    found = {keyword: getattr(kind, name, None) for name, keyword in BOUNDS.items()}
    return {keyword: bound for keyword, bound in found.items() if bound is not None}


def _reference(kind: kinds.StructType, definitions: Definitions) -> Schema:
    if kind.cls not in definitions.held:
        definitions.held[kind.cls] = {}  # so that a type which holds itself ends
        definitions.held[kind.cls].update(_struct(kind, definitions))
    return {"$ref": f"{definitions.place}{kind.cls.__name__}"}
