"""Write the body of a request in the media type that is preferred of those that the operation takes."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from adapters.openapi.media import Kind, kind_of, preferred
from adapters.openapi.model import Body, Content
from adapters.openapi.requests.attached import Attached, attached, is_file_value, may_be_file, properties_of
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.fields import Field, fields, form_pairs, items, styled_pairs, value_text
from adapters.openapi.requests.multipart import Part, write_multipart
from adapters.openapi.requests.negotiation import content_type
from adapters.openapi.requests.texts import json_bytes, percent

Written: TypeAlias = tuple[str, bytes]
"""A content type and the bytes."""


def write_body(body: Body, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    """Return how a body is sent, ``files`` being the stored ones that it names; raises Unbuildable."""
    content = preferred(body.contents)
    return _WRITERS[kind_of(content.media_type)](content, tree, value, files)


def _json(content: Content, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    return content_type(content.media_type), json_bytes(value, "/body")


def _form(content: Content, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    pairs = []
    for field, is_file in _fields(content, tree, value):
        if is_file:
            held = [attached(each, files, field.at) for each in items(field)]
            pairs += [(percent(field.name), percent(each.data)) for each in held]
        else:
            pairs += form_pairs(field)
    return content_type(content.media_type), "&".join(f"{name}={text}" for name, text in pairs).encode()


def _multipart(content: Content, tree: dict[str, Any], value: Any, files: Mapping[str, bytes]) -> Written:
    parts = [part for field, is_file in _fields(content, tree, value) for part in _parts(field, is_file, files)]
    boundary, data = write_multipart(parts)
    kind = "multipart/form-data" if "*" in content.media_type else content_type(content.media_type)
    return f"{kind.partition(';')[0].strip()}; boundary={boundary}", data


def _fields(content: Content, tree: dict[str, Any], value: Any) -> Iterator[tuple[Field, bool]]:
    if not isinstance(value, dict):
        raise Unbuildable(f"/body: expected an object, for it is written as {content.media_type}")
    described = properties_of(tree, content.schema)
    for field in fields(content, value):
        named = all(is_file_value(each) for each in items(field))
        yield field, named and may_be_file(tree, described.get(field.name))


def _parts(field: Field, is_file: bool, files: Mapping[str, bytes]) -> Iterator[Part]:
    declared = field.encoding.content_type
    if is_file:
        for each in items(field):
            yield _file_part(field, attached(each, files, field.at, declared))
    elif field.styled:
        yield from (Part(name=name, data=text.encode()) for name, text in styled_pairs(field, raw=True))
    else:
        for each in items(field):
            default = "application/json" if isinstance(each, dict | list) else ""
            kind = content_type(declared.partition(",")[0]) if declared else default
            yield Part(name=field.name, data=value_text(field, each).encode(), type=kind)


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
