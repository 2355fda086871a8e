"""Take the files that arguments name, and find those that must be fetched."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from adapters.openapi.files import describes_file
from adapters.openapi.media import is_file, kind_of, preferred
from adapters.openapi.model import Operation
from adapters.openapi.references import Unusable, list_of, object_of, resolve
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.negotiation import MEDIA_TYPE, fits
from adapters.openapi.requests.texts import CONTROL, shown

_KEYS = {"blob", "text", "name", "type"}


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one file; ``name`` and ``type`` are empty where none was given."""

    data: bytes
    name: str
    type: str
    is_text: bool


def attached(value: Any, files: Mapping[str, bytes], at: str, declared: str = "") -> Attached:
    """Return the file that a value names, of a declared media type if any; raises Unbuildable."""
    if isinstance(value, str):
        value = {"text": value}
    if not is_file_value(value):
        raise Unbuildable(f'{at}: expected a file as {{"blob": digest}} or {{"text": …}}, with "name" and "type"')
    name, kind = value.get("name", ""), value.get("type", "")
    _check_name(name, at)
    if kind and not (MEDIA_TYPE.fullmatch(kind) and fits(kind, declared)):
        raise Unbuildable(f"{at}/type: expected a media type{f' of {declared}' if declared else ''}, not {shown(kind)}")
    return Attached(data=_data(value, files, at), name=name, type=kind, is_text="text" in value)


def is_file_value(value: Any) -> bool:
    """Tell whether a value is written as a file."""
    if not isinstance(value, dict) or not set(value) <= _KEYS or ("blob" in value) == ("text" in value):
        return False
    return all(isinstance(each, str) for each in value.values())


def _check_name(name: str, at: str) -> None:
    if CONTROL.search(name) or set("/\\") & set(name) or (name and not name.strip(". ")):
        raise Unbuildable(f"{at}/name: expected a file's name without a path, not {shown(name)}")


def _data(value: dict[str, str], files: Mapping[str, bytes], at: str) -> bytes:
    if "text" in value:
        try:
            return value["text"].encode()
        except UnicodeEncodeError as fault:
            raise Unbuildable(f"{at}/text: expected text, but it holds half of a character") from fault
    if value["blob"] not in files:
        raise Unbuildable(f"{at}/blob: there is no stored file {shown(value['blob'])}")
    return files[value["blob"]]


def named_blobs(operation: Operation, tree: dict[str, Any], arguments: Mapping[str, Any]) -> set[str]:
    """Return the digests of the blobs that a body is made of."""
    if operation.body is None or "body" not in arguments:
        return set()
    content, body = preferred(operation.body.contents), arguments["body"]
    if is_file(content.media_type):
        return _blobs([body])
    if kind_of(content.media_type) == "json" or not isinstance(body, dict):
        return set()
    fields = properties_of(tree, content.schema)
    found = [value for name, value in body.items() if may_be_file(tree, fields.get(name))]
    return _blobs([each for value in found for each in (value if isinstance(value, list) else [value])])


def _blobs(values: list[Any]) -> set[str]:
    return {each["blob"] for each in values if is_file_value(each) and "blob" in each}


def may_be_file(tree: dict[str, Any], schema: Any) -> bool:
    """Tell whether a property, or what its list holds, may be a file."""
    return any(describes_file(each) for each in _parts(tree, schema, items=True))


def is_only_file(tree: dict[str, Any], schema: Any) -> bool:
    """Tell whether a property, or what its list holds, is a file whatever else may be: none of its alternatives."""
    try:
        found = resolve(tree, schema)
        return describes_file(resolve(tree, found["items"]) if "items" in found else found)
    except Unusable:
        return False


def properties_of(tree: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Return a form's properties by name, those of its parts and alternatives included."""
    found: dict[str, Any] = {}
    for part in _parts(tree, schema):
        found = {**object_of(part, "properties"), **found}
    return found


def _parts(tree: dict[str, Any], schema: Any, *, items: bool = False) -> Iterator[dict[str, Any]]:
    """Yield a schema, its parts and its alternatives, and of lists what they hold; none of them twice."""
    seen, waiting = set[int](), [schema]
    while waiting:
        try:
            found = resolve(tree, waiting.pop())
        except Unusable:
            continue
        if id(found) not in seen:
            seen.add(id(found))
            yield found
            inner = [each for key in ("allOf", "anyOf", "oneOf") for each in list_of(found, key)]
            waiting += reversed([*inner, *([found["items"]] if items and "items" in found else [])])
