"""Show what the rules make of a suite's tools, from names, methods, paths and schemas alone.

`annotations.json` holds it for every suite, so that a change of a rule shows what it changes.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from commands.catalogue import Documents
from domain.catalog.events import Tool
from domain.catalog.outputs import output_label
from domain.catalog.sinks import sinks_of
from domain.pointers import pointer
from ops.evaluation.injection.cases import PlainTool, Setting
from ops.evaluation.injection.documents import document_of

KEPT = Path(__file__).parents[1] / "annotations.json"
NOWHERE = "http://127.0.0.1"
_GIVEN: dict[str, Any] = {"integer": 1, "number": 1, "boolean": True, "array": ["text"], "object": {"text": "text"}}


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """Say what a tool does, which arguments decide where something goes, and what its answers are."""

    setting: str
    tool: str
    effect: str
    sinks: tuple[str, ...]
    sends: bool
    trusted: bool
    private: bool


def annotations(settings: Iterable[Setting], documents: Documents) -> list[Annotation]:
    """Return what the rules make of every tool, by setting and name."""
    found = []
    for setting in settings:
        read = documents.ingest(document_of(setting.suite, setting.tools), api=setting.suite, base_url=NOWHERE)
        named = {tool.operation.partition("/")[2]: tool for tool in read.tools}
        found += [_annotation(setting, plain, named[plain.name]) for plain in setting.tools]
    return sorted(found, key=lambda each: (each.setting, each.tool))


def _annotation(setting: Setting, plain: PlainTool, tool: Tool) -> Annotation:
    reads, label = tool.effect_class == "read", output_label(tool)
    sinks = sinks_of(tool, {"body": _given(plain)}, reads=reads)
    return Annotation(
        setting=setting.suite,
        tool=plain.name,
        effect=tool.effect_class,
        sinks=tuple(dict.fromkeys(pointer(*each.path[:2]) for each in sinks.arguments if each.sink)),
        sends=sinks.sends,
        trusted=label.trusted,
        private=label.private,
    )


def _given(plain: PlainTool) -> dict[str, Any]:
    """Return a call that gives every argument."""
    return {name: _value(schema) for name, schema in plain.parameters.get("properties", {}).items()}


def _value(schema: dict[str, Any]) -> Any:
    kinds = [each.get("type") for each in (schema, *schema.get("anyOf", ()))]
    return next((_GIVEN[kind] for kind in kinds if kind in _GIVEN), "text")


def kept(suite: str) -> list[Annotation]:
    """Return what was made of a suite's tools before."""
    return msgspec.json.decode(KEPT.read_bytes(), type=dict[str, list[Annotation]]).get(suite, [])


def keep(suite: str, found: Sequence[Annotation]) -> None:
    """Write down what is made of a suite's tools now, a line a tool."""
    every = msgspec.json.decode(KEPT.read_bytes()) if KEPT.exists() else {}
    every[suite] = [msgspec.to_builtins(each) for each in found]
    suites = [
        f"{json.dumps(name)}: [\n" + ",\n".join(f"  {json.dumps(row)}" for row in rows) + "\n]"
        for name, rows in sorted(every.items())
    ]
    KEPT.write_text("{\n" + ",\n".join(suites) + "\n}\n")
