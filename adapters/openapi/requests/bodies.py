"""Write the body of a request in the media type that is preferred of those that the operation takes."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias

from adapters.openapi.media import Kind, essence, kind_of, preferred
from adapters.openapi.model import Body, Content
from adapters.openapi.requests.attached import (
    Attached,
    attached,
    is_file_value,
    is_only_file,
    may_be_file,
    properties_of,
)
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.fields import Field, fields, form_pairs, items, styled_pairs, value_text
from adapters.openapi.requests.multipart import Part, write_multipart
from adapters.openapi.requests.negotiation import content_type
from adapters.openapi.requests.texts import json_bytes, percent

Written: TypeAlias = tuple[str, bytes]
"""A content type and the bytes."""
IsFile: TypeAlias = Callable[[Any], bool]


def write_body(body: Body, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    """Return how a body is sent, ``files`` being the stored ones that it names; raises Unbuildable."""
    content = preferred(body.contents)
    return _WRITERS[kind_of(content.media_type)](content, tree, value, files)


def _json(content: Content, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    return content_type(content.media_type), json_bytes(value, "/body")


def _form(content: Content, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    pairs = []
    for field, is_file in _fields(content, tree, value):
        if any(map(is_file, items(field))):
            pairs += [(percent(field.name), _form_text(field, each, files, is_file)) for each in items(field)]
        else:
            pairs += form_pairs(field)
    return content_type(content.media_type), "&".join(f"{name}={text}" for name, text in pairs).encode()


def _form_text(field: Field, value: Any, files: Mapping[str, bytes], is_file: IsFile) -> str:
    return percent(attached(value, files, field.at).data if is_file(value) else value_text(field, value))


def _multipart(content: Content, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    parts = [part for field, is_file in _fields(content, tree, value) for part in _parts(field, is_file, files)]
    boundary, data = write_multipart(parts)
    kind = "multipart/form-data" if "*" in content.media_type else content_type(content.media_type)
    return f"{kind.partition(';')[0].strip()}; boundary={boundary}", data


def _fields(content: Content, tree: dict[str, Any], value: Any) -> Iterator[tuple[Field, IsFile]]:
    """Yield the fields of a form, each with what tells which of its values are files."""
    if not isinstance(value, dict):
        raise Unbuildable(f"/body: expected an object, for it is written as {content.media_type}")
    described = properties_of(tree, content.schema)
    for field in fields(content, value):
        schema = described.get(field.name)
        possible, only = may_be_file(tree, schema), is_only_file(tree, schema)
        yield field, partial(_is_file, possible=possible, only=only)


def _is_file(value: Any, *, possible: bool, only: bool) -> bool:
    """Tell whether a value is a file: one that is written so, or a text where nothing but a file is described."""
    return (only and isinstance(value, str)) or (possible and is_file_value(value))


def _parts(field: Field, is_file: IsFile, files: Mapping[str, bytes]) -> Iterator[Part]:
    if field.styled and not any(map(is_file, items(field))):
        yield from (Part(name=name, data=text.encode()) for name, text in styled_pairs(field, raw=True))
        return
    for each in items(field):
        if is_file(each):
            yield _file_part(field, attached(each, files, field.at, field.encoding.content_type))
        else:
            yield _value_part(field, each)


def _value_part(field: Field, value: Any) -> Part:
    declared = field.encoding.content_type
    default = "application/json" if isinstance(value, dict | list) else ""
    kind = content_type(declared.partition(",")[0]) if declared else default
    if isinstance(value, dict | list) and "xml" in essence(kind):
        raise Unbuildable(f"{field.at}: expected a text, for the document says that it is {kind}: write the XML out")
    return Part(name=field.name, data=value_text(field, value).encode(), type=kind)


def _file_part(field: Field, file: Attached) -> Part:
    declared = field.encoding.content_type.partition(",")[0].strip()
    usual = "text/plain" if file.is_text else "application/octet-stream"
    kind = _file_type(declared or usual, file)
    return Part(name=field.name, data=file.data, filename=file.name or field.name, type=kind)


def _file_type(declared: str, file: Attached) -> str:
    """Return the media type of a file; nobody says of one in another encoding that it is UTF-8."""
    kind = content_type(declared, file.type)
    try:
        file.data.decode()
    except UnicodeDecodeError:
        return kind if file.type or ";" in declared else kind.partition(";")[0]
    return kind


def _file(content: Content, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    file = attached(value, files, "/body", content.media_type)
    return _file_type(content.media_type, file), file.data


_WRITERS: dict[Kind, Callable[[Content, dict[str, Any], Any, Mapping[str, bytes]], Written]] = {
    "json": _json,
    "form": _form,
    "multipart": _multipart,
    "text": _file,
    "binary": _file,
}
