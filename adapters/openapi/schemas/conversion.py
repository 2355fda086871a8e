"""Convert a document's schemas to JSON Schema 2020-12, each once and never inlined: references stay references.

Whatever a document says in the manner of another dialect is said in that of 2020-12: ``nullable`` admits null beside
anything, bounds are numbers, a property that only the other side writes is not demanded. A discriminator is a hint
alone, so a broken one leaves plain alternatives. Formats are annotations, as 2020-12 has them.
"""

import re
from typing import Any, Literal, TypeAlias

from adapters.openapi.files import FILE, describes_file
from adapters.openapi.references import Unusable, list_of, object_of, resolve, target
from adapters.openapi.schemas.expressions import usable
from adapters.openapi.schemas.keywords import MANY, NAMED, NOTHING, ONE, is_number, is_schema, plain_value

Direction = Literal["request", "response"]
Schema: TypeAlias = dict[str, Any] | bool

BROKEN = "$comment"
_LEVELS = 9
_REFERENCES_ALONE = frozenset({"swagger-2.0", "openapi-3.0"})
_NOT_SENT = {"request": "readOnly", "response": "writeOnly"}
_NULLABLE = ("nullable", "x-nullable")
# What can refuse null: every other keyword speaks of values of one type only.
_JUDGES_ALL = frozenset({"$ref", "allOf", "anyOf", "const", "else", "if", "not", "oneOf", "then"})
_UNSUITED = re.compile(r"[^A-Za-z0-9_.-]")


class Conversion:
    """Convert the schemas of one document; what they refer to is converted once, under a name, and shared by them all.

    ``tree`` is the document with local references only. ``files`` lets what a form describes as bytes be a file.
    """

    def __init__(self, tree: dict[str, Any], *, dialect: str, direction: Direction, files: bool = False) -> None:
        self._tree = tree
        self._references_alone = dialect in _REFERENCES_ALONE
        self._not_sent = _NOT_SENT[direction]
        self._files = files
        self._names: dict[str, str] = {}
        self._references: dict[str, str] = {}
        self._definitions: dict[str, Schema] = {}
        self._needed: dict[str, frozenset[str]] = {}
        self._met: set[str] = set()

    def whole(self, schema: Any) -> Schema:
        """Return a schema of the document in the form of 2020-12, with everything that it reaches under ``$defs``."""
        root, needed = self._converted(schema)
        return root if isinstance(root, bool) or not needed else {**root, "$defs": self._reached(needed)}

    def _converted(self, schema: Any) -> tuple[Schema, frozenset[str]]:
        """Convert a schema and say which definitions it refers to."""
        self._met = set()
        return self._schema(schema), frozenset(self._met)

    def _reached(self, needed: frozenset[str]) -> dict[str, Schema]:
        reached: dict[str, Schema] = {}
        waiting = sorted(needed)
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached[name] = self._definition(name)
                waiting += sorted(self._needed[name] - reached.keys())
        return reached

    def _definition(self, name: str) -> Schema:
        if name not in self._definitions:
            raw = target(self._tree, self._references[name])
            self._definitions[name], self._needed[name] = self._converted(raw)
        return self._definitions[name]

    def _schema(self, raw: Any, inherited: frozenset[str] = frozenset()) -> Schema:
        """Convert one schema; ``inherited`` are properties that the schema around it says are not sent."""
        if not isinstance(raw, dict):
            return raw if isinstance(raw, bool) else True
        out: dict[str, Any] = {}
        reference = raw.get("$ref")
        if isinstance(reference, str):
            out |= self._reference(reference)
        if not isinstance(reference, str) or not self._references_alone:
            out |= self._keywords(raw, inherited)
        if self._files and describes_file(raw):
            out = FILE if raw.get("type") == "file" else {"anyOf": [out, FILE]}
        return self._nullable(raw, out)

    def _keywords(self, raw: dict[str, Any], inherited: frozenset[str]) -> dict[str, Any]:
        not_sent = inherited | self._unsent(raw)
        out: dict[str, Any] = {}
        for keyword, value in raw.items():
            said = self._said(keyword, value, not_sent)
            if said is not NOTHING:
                out[keyword] = said
        _bounds(raw, out)
        self._items(raw, out)
        self._dependencies(raw, out)
        self._named_by_pattern(raw, out)
        if not_sent and "required" in out:
            out["required"] = [name for name in out["required"] if name not in not_sent]
        return out

    def _said(self, keyword: str, value: Any, not_sent: frozenset[str]) -> Any:
        if keyword in ONE:
            return self._schema(value) if is_schema(value) else NOTHING
        if keyword in MANY:
            if not isinstance(value, list) or not value or not all(map(is_schema, value)):
                return NOTHING
            return [self._schema(each, not_sent if keyword == "allOf" else frozenset()) for each in value]
        if keyword in NAMED:
            return {name: self._schema(each) for name, each in value.items()} if isinstance(value, dict) else NOTHING
        return plain_value(keyword, value)

    def _items(self, raw: dict[str, Any], out: dict[str, Any]) -> None:
        """Say a list of items as 2020-12 does."""
        first, rest = raw.get("items"), raw.get("additionalItems")
        if isinstance(first, list) and first and all(map(is_schema, first)):
            out["prefixItems"] = [self._schema(each) for each in first]
            if is_schema(rest):
                out["items"] = self._schema(rest)

    def _dependencies(self, raw: dict[str, Any], out: dict[str, Any]) -> None:
        """Say a draft 4 ``dependencies`` as 2020-12 does."""
        both = raw.get("dependencies")
        for name, needed in both.items() if isinstance(both, dict) else ():
            if isinstance(needed, dict):
                out.setdefault("dependentSchemas", {})[name] = self._schema(needed)
            elif isinstance(needed, list):
                names = [each for each in needed if isinstance(each, str)]
                out.setdefault("dependentRequired", {})[name] = names

    def _named_by_pattern(self, raw: dict[str, Any], out: dict[str, Any]) -> None:
        patterns = raw.get("patternProperties")
        if not isinstance(patterns, dict):
            return
        known = {pattern: self._schema(each) for pattern, each in patterns.items() if usable(pattern)}
        if known:
            out["patternProperties"] = known
        if len(known) < len(patterns):
            # Any name may match what cannot be matched here, so that no name counts as unexpected.
            out["additionalProperties"] = True

    def _unsent(self, raw: dict[str, Any]) -> frozenset[str]:
        """Return the properties that a schema and the parts it is made of let only the other side write."""
        names, seen, level = set[str](), set[int](), [raw]
        for _ in range(_LEVELS):
            fresh = {id(each): each for each in level if id(each) not in seen}
            seen |= fresh.keys()
            own = (each for found in fresh.values() for each in object_of(found, "properties").items())
            names |= {name for name, each in own if self._is_unsent(each)}
            parts = (self._resolved(part) for found in fresh.values() for part in list_of(found, "allOf"))
            level = [part for part in parts if part is not None]
        return frozenset(names)

    def _is_unsent(self, raw: Any) -> bool:
        if isinstance(raw, dict) and raw.get(self._not_sent) is True:
            return True
        found = self._resolved(raw)
        return found is not None and found.get(self._not_sent) is True

    def _resolved(self, raw: Any) -> dict[str, Any] | None:
        try:
            return resolve(self._tree, raw)
        except Unusable:
            return None

    def _reference(self, reference: str) -> dict[str, Any]:
        try:
            self._check(reference)
        except Unusable as fault:
            return {"not": {BROKEN: f"the document's own schema cannot be used: {fault}"}}
        if reference not in self._names:
            self._names[reference] = name = self._name(reference)
            self._references[name] = reference
        self._met.add(self._names[reference])
        return {"$ref": f"#/$defs/{self._names[reference]}"}

    def _check(self, reference: str) -> None:
        """Follow a reference and those that it leads to, to their end; raises Unusable."""
        if not isinstance(target(self._tree, reference), bool):
            resolve(self._tree, {"$ref": reference})

    def _name(self, reference: str) -> str:
        short = _UNSUITED.sub("_", reference.rpartition("/")[2]) or "root"
        return short if short not in self._references else f"{short}.{len(self._references)}"

    def _nullable(self, raw: dict[str, Any], out: dict[str, Any]) -> Schema:
        if not any(raw.get(word) is True for word in _NULLABLE):
            return out
        if _JUDGES_ALL & out.keys():
            return {"anyOf": [{"type": "null"}, out]}
        if "type" in out:
            named = out["type"] if isinstance(out["type"], list) else [out["type"]]
            out = {**out, "type": list(dict.fromkeys((*named, "null")))}
        return {**out, "enum": [*out["enum"], None]} if "enum" in out and None not in out["enum"] else out


def _bounds(raw: dict[str, Any], out: dict[str, Any]) -> None:
    """Say the bounds that OpenAPI 3.0 excludes by a flag as 2020-12 does, by a number."""
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if raw.get(flag) is True and is_number(raw.get(bound)):
            out[flag] = out.pop(bound)
