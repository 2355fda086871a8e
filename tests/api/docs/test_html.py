"""Whatever stands in a document comes out as text."""

from api.docs.calls import curl, example, operations
from api.docs.html import Html, markup, prose, tag
from api.docs.operations import section, type_section
from api.docs.types import Schema, fields, kind

EVIL = """<script>alert('1')</script>"><img src=x onerror=alert(1)> `<b>code</b>`"""
HOSTILE: Schema = {
    "paths": {
        f"/things/{{{EVIL}}}": {
            "post": {
                "tags": [EVIL],
                "description": f"{EVIL}\n\n{EVIL}",
                "parameters": [
                    {
                        "name": EVIL,
                        "in": "path",
                        "required": True,
                        "description": EVIL,
                        "schema": {"enum": [EVIL], "default": EVIL},
                    }
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{EVIL}"}}},
                },
                "responses": {EVIL: {"content": {EVIL: {"schema": {"type": EVIL}}}}},
            }
        }
    },
    "components": {
        "schemas": {
            EVIL: {
                "type": "object",
                "description": EVIL,
                "properties": {EVIL: {"type": "string", "description": EVIL, "default": EVIL}},
                "required": [EVIL],
            }
        }
    },
}


def test_text_and_attributes_are_escaped_and_markup_is_kept() -> None:
    assert tag("p", EVIL, tag("b", "&")).count("<") == 4
    assert tag("a", "x", href=EVIL, title=None) == f'<a href="{markup(EVIL)}">x</a>'
    assert markup(["<", Html("<br>"), None, ["&"]]) == "&lt;<br>&amp;"
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_paragraphs_and_code_are_marked() -> None:
    assert prose("One\n`two` & ``three``.\n\nFour") == (
        "<p>One\n<code>two</code> &amp; <code>three</code>.</p><p>Four</p>"
    )
    assert prose("") == ""


def test_a_hostile_document_is_shown_as_text() -> None:
    types = HOSTILE["components"]["schemas"]
    shown = [section(name, held, types, "http://x") for name, held in operations(HOSTILE).items()]
    page = markup([*shown, type_section(types)])
    assert "<script" not in page and "<img" not in page and "<b>" not in page
    assert page.count("&lt;script&gt;") > 10


def test_types_are_named_as_one_would_say_them() -> None:
    assert kind({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}) == "UUID or null"
    assert kind({"type": "array", "items": {"$ref": "#/components/schemas/A"}}) == 'list of <a href="#type-A">A</a>'
    assert kind({"type": "integer", "minimum": 1, "maximum": 1_000}) == "integer from 1 to 1,000"
    assert kind({"type": "integer", "minimum": 0.0}) == "integer, at least 0"
    assert kind({"const": "ok"}) == "<code>ok</code>"
    assert kind({}) == "any JSON"
    assert fields({"type": "object"}) == ""


def test_a_command_line_is_safe_to_paste() -> None:
    (held,) = operations(HOSTILE).values()
    line = curl(held[0], HOSTILE["components"]["schemas"], "http://127.0.0.1:1")
    assert """-d '{"<script>alert('"'"'1'"'"')</script>""" in line


def test_an_example_has_what_is_required_and_no_more() -> None:
    schema = {
        "type": "object",
        "required": ["a", "b", "c", "d"],
        "properties": {
            "a": {"type": "string"},
            "b": {"type": "integer", "minimum": 3},
            "c": {"anyOf": [{"type": "array"}, {"type": "null"}]},
            "d": {"enum": ["x", "y"]},
            "e": {"type": "boolean"},
        },
    }
    assert example(schema, {}) == {"a": "…", "b": 3, "c": [], "d": "x"}
