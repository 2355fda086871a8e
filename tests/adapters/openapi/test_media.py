"""Of several media types, one is written; and what is a file is told from what is a value."""

from typing import Any

import pytest

from adapters.openapi.files import describes_file
from adapters.openapi.media import Kind, kind_of, preferred
from adapters.openapi.model import Content


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [("application/json; charset=utf-8", "json"), ("Application/Merge-Patch+JSON", "json"), ("*/*", "json"),
     ("application/x-www-form-urlencoded", "form"), ("multipart/form-data", "multipart"), ("text/csv", "text"),
     ("application/xml", "text"), ("application/octet-stream", "binary"), ("image/*", "binary"), ("", "binary")],
)  # fmt: skip
def test_a_media_type_says_how_a_body_is_written(media_type: str, kind: Kind) -> None:
    assert kind_of(media_type) == kind


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (["image/png", "text/plain", "multipart/form-data", "application/vnd.a+json", "text/json"], 3),
        (["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"], 2),
        (["image/png", "image/jpeg"], 0),
        (["image/png", "text/plain"], 1),
    ],
)
def test_json_comes_first_then_forms_then_files(offered: list[str], chosen: int) -> None:
    contents = [Content(media_type=each, schema={}) for each in offered]
    assert preferred(contents) is contents[chosen]


@pytest.mark.parametrize(
    ("schema", "is_one"),
    [({"type": "string", "format": "binary"}, True), ({"type": "file"}, True), ({"contentMediaType": "a/b"}, True),
     ({"type": "string"}, False), ({"type": "string", "format": "byte"}, False), ({}, False),
     ({"type": "string", "contentMediaType": "a/b", "contentEncoding": "base64"}, False)],
)  # fmt: skip
def test_a_schema_of_raw_bytes_describes_a_file(schema: dict[str, Any], is_one: bool) -> None:
    assert describes_file(schema) is is_one
