"""Read what an operation of Swagger 2.0 sends and answers."""

from typing import Any

from adapters.openapi.media import essence
from adapters.openapi.model import Answer, Body, Content, Encoding
from adapters.openapi.reading.bodies import FORMS, check_media_type, check_status
from adapters.openapi.reading.ground import Ground
from adapters.openapi.reading.parameters import COLLECTION_STYLES, Declared, inner_styles
from adapters.openapi.references import Unusable, object_of, resolve, text_of, texts_of

URLENCODED, MULTIPART = FORMS
_OWN_KEYS = frozenset({"name", "in", "required", "collectionFormat", "allowEmptyValue"})


def read_body(ground: Ground, raw: dict[str, Any], declared: list[Declared]) -> Body | None:
    """Read the body, None where there is none; raises Unusable where it is said in two ways."""
    bodies = [each for each in declared if each.where == "body"]
    fields = [each for each in declared if each.where == "formData"]
    if len(bodies) > 1 or (bodies and fields):
        raise Unusable("its body is described more than once", bodies[-1].place)
    consumes = _media_types(ground, raw, "consumes")
    if fields:
        return _form(consumes, fields)
    if not bodies:
        return None
    schema = bodies[0].raw.get("schema", {})
    contents = tuple(Content(media_type=each, schema=schema) for each in consumes or ("application/json",))
    return Body(required=bodies[0].required, contents=contents)


def read_answers(ground: Ground, raw: dict[str, Any]) -> tuple[Answer, ...]:
    """Read the answers; one that cannot be read is left out with a warning, for the call is possible without."""
    # Where a document does not say what it produces, an answer may be anything.
    produces = _media_types(ground, raw, "produces") or ("*/*",)
    found = []
    for status, response in object_of(raw, "responses").items():
        here = ground.at("responses", status)
        if (code := check_status(here, status)) is None:
            continue
        try:
            answer = resolve(ground.tree, response, here.place)
        except Unusable as fault:
            here.warn(f"{fault}; the answer is left out", fault.place)
        else:
            media_types = produces if "schema" in answer else ()
            contents = tuple(Content(media_type=each, schema=_file(answer["schema"])) for each in media_types)
            found.append(Answer(status=code, contents=contents))
    return tuple(found)


def _media_types(ground: Ground, raw: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return what an operation consumes or produces; its own list replaces the document's."""
    written = texts_of(raw, key) if key in raw else texts_of(ground.tree, key)
    return tuple(each for each in written if check_media_type(ground.at(key), each))


def _form(consumes: tuple[str, ...], fields: list[Declared]) -> Body:
    schema: dict[str, Any] = {"type": "object", "properties": {each.name: _field(each) for each in fields}}
    required = [each.name for each in fields if each.required]
    if required:
        schema["required"] = required
    files = any(text_of(each.raw, "type") == "file" for each in fields)
    possible = (MULTIPART,) if files else FORMS
    media_types = tuple(each for each in consumes if essence(each) in possible) or possible[:1]
    encodings = tuple(_encoding(each) for each in fields if text_of(each.raw, "type") == "array")
    contents = tuple(Content(media_type=each, schema=schema, encodings=encodings) for each in media_types)
    return Body(required=bool(required), contents=contents)


def _field(field: Declared) -> Any:
    return _file({key: value for key, value in field.raw.items() if key not in _OWN_KEYS})


def _file(schema: Any) -> Any:
    if isinstance(schema, dict) and schema.get("type") == "file":
        return {**schema, "type": "string", "format": "binary"}
    return schema


def _encoding(field: Declared) -> Encoding:
    written = text_of(field.raw, "collectionFormat")
    style, inner = COLLECTION_STYLES.get(written, "form"), inner_styles(field.raw)
    return Encoding(name=field.name, style=style, explode=written == "multi", inner=inner)
