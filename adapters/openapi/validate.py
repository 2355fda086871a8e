"""Hold arguments against an operation's schemas and say in words what does not fit.

A regular expression counts only where matching it surely ends soon (`adapters.openapi.patterns`). Where a schema has
patterns for names, only what matches them is checked, and what no keyword evaluated is not counted.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import referencing
from referencing.jsonschema import DRAFT202012

from adapters.openapi.files import FILE, describes_file
from adapters.openapi.media import is_file, preferred
from adapters.openapi.model import PLACES, Operation
from adapters.openapi.patterns import matches, mismatches
from adapters.openapi.requests.attached import is_file_value

DOCUMENT = "urn:reprise:document"
_MOST = 10
_TEXT = 300


class ArgumentsValidator:
    """Check arguments of one operation, written as plain JSON values grouped by place."""

    def __init__(self, tree: dict[str, Any], operation: Operation) -> None:
        registry: referencing.Registry[Any] = referencing.Registry()
        document = DRAFT202012.create_resource(tree)
        registry = registry.with_resource(DOCUMENT, document)
        self._validator = _OpenApiValidator(_schema(operation), registry=registry)

    def problems(self, arguments: Any) -> tuple[str, ...]:
        """Return at most ten problems, each with the JSON pointer of its place; none means that all fits."""
        try:
            errors = sorted(self._validator.iter_errors(arguments), key=lambda error: error.json_path)
        except (referencing.exceptions.Unresolvable, jsonschema.exceptions.UnknownType) as fault:
            return (f"the document's own schema cannot be used: {str(fault)[:_TEXT]}",)
        except RecursionError:
            return ("the arguments or the document's schema are nested too deeply",)
        return tuple(_message(error) for error in errors[:_MOST])


def _message(error: jsonschema.ValidationError) -> str:
    deepest = _deepest(error)
    pointer = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in deepest.absolute_path)
    text = deepest.message
    shown = text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
    return f"{pointer or '/'}: {shown}"


def _deepest(error: jsonschema.ValidationError) -> jsonschema.ValidationError:
    """Follow alternatives to the one that came furthest; the library's own choice stumbles over malformed schemas."""
    while error.context:
        error = max(error.context, key=lambda each: len(each.absolute_path))
    return error


def _schema(operation: Operation) -> dict[str, Any]:
    groups: dict[str, Any] = {}
    required: list[str] = []
    for place in PLACES:
        members = [each for each in operation.parameters if each.place == place]
        needed = [each.name for each in members if each.required]
        groups[place] = _object({each.name: _rebased(each.schema) for each in members}, needed)
        required += [place] if needed else []
    if operation.body:
        content = preferred(operation.body.contents)
        groups["body"] = FILE if is_file(content.media_type) else _rebased(content.schema)
        required += ["body"] if operation.body.required else []
    return _object(groups, required)


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _rebased(schema: Any) -> Any:
    """Let local references point into the document, for the schema is checked outside of it."""
    match schema:
        case dict():
            return {
                key: f"{DOCUMENT}{value}" if key == "$ref" and str(value).startswith("#") else _rebased(value)
                for key, value in schema.items()
            }
        case list():
            return [_rebased(each) for each in schema]
        case _:
            return schema


def _lenient(check: Any) -> Any:
    """Let ``nullable`` admit null whatever else a schema says, and let a malformed keyword say nothing."""

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if instance is None and schema.get("nullable") is True:
            return
        # Real documents hold bounds written as strings and expressions of other dialects: the API itself will judge.
        with suppress(TypeError, ValueError, AttributeError, ArithmeticError, re.error):
            yield from check(validator, value, instance, schema) or ()

    return checked


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if isinstance(instance, str) and mismatches(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _named_by_pattern(validator: Any, patterns: Any, instance: Any, schema: Any) -> Iterator[Any]:
    for pattern, sketch in patterns.items() if isinstance(instance, dict) else ():
        for name in instance:
            if matches(pattern, name):
                yield from validator.descend(instance[name], sketch, path=name, schema_path=pattern)


def _additional(validator: Any, sketch: Any, instance: Any, schema: Any) -> Any:
    # The library would match the names by itself, without any bound.
    check = jsonschema.Draft202012Validator.VALIDATORS["additionalProperties"]
    return () if "patternProperties" in schema else check(validator, sketch, instance, schema)


def _unchecked(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    yield from ()


def _required(validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[jsonschema.ValidationError]:
    if not isinstance(instance, dict) or not isinstance(names, list):
        return
    properties = schema.get("properties", {})
    for name in names:
        sketch = properties.get(name)
        if name not in instance and not (isinstance(sketch, dict) and sketch.get("readOnly") is True):
            yield jsonschema.ValidationError(f"{name!r} is a required property")


def _type(validator: Any, kind: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not (describes_file(schema) and is_file_value(instance)):
        yield from jsonschema.Draft202012Validator.VALIDATORS["type"](validator, kind, instance, schema)


def _exclusive(keyword: str, bound: str) -> Any:
    modern = jsonschema.Draft202012Validator.VALIDATORS[keyword]

    def checked(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        if isinstance(value, bool):
            return modern(validator, schema[bound], instance, schema) if value and bound in schema else ()
        return modern(validator, value, instance, schema)

    return checked


_KEYWORDS = jsonschema.Draft202012Validator.VALIDATORS | {
    "type": _type,
    "pattern": _pattern,
    "patternProperties": _named_by_pattern,
    "additionalProperties": _additional,
    "unevaluatedProperties": _unchecked,
    "required": _required,
    "exclusiveMinimum": _exclusive("exclusiveMinimum", "minimum"),
    "exclusiveMaximum": _exclusive("exclusiveMaximum", "maximum"),
}
_OpenApiValidator = jsonschema.validators.extend(
    jsonschema.Draft202012Validator,
    {keyword: _lenient(check) for keyword, check in _KEYWORDS.items()},
)
