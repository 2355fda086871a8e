"""Documents are read as JSON, or as the part of YAML that is JSON, within limits."""

import pytest

from adapters.openapi.reading.text import MAX_BYTES, read_text
from domain.errors import Invalid, TooLarge


def test_yaml_is_read_as_json_would_be() -> None:
    text = b"""
openapi: 3.1.0
paths:
  /a:
    get: {responses: {200: {description: on}}}
values: [yes, 2026-11-22, 0x10, 12:30:00, 1_000, -7, 1.5, true, null, ~, "null", .inf]
shared: &one {a: 1}
again: *one
"""
    tree = read_text(text)
    assert tree["openapi"] == "3.1.0"
    assert tree["paths"]["/a"]["get"]["responses"] == {"200": {"description": "on"}}
    expected = ["yes", "2026-11-22", "0x10", "12:30:00", "1_000", -7, 1.5, True, None, None, "null", ".inf"]
    assert tree["values"] == expected
    assert tree["again"] == tree["shared"] == {"a": 1}


def bomb() -> bytes:
    levels = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 10)]
    return b"\n".join(levels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "it is empty"),
        (b"- a\n- b", "an object, not list"),
        (b'{"openapi": "3.1.0"', "Expected JSON, but"),
        (b'{"a": NaN}', "Expected JSON, but"),
        (b"a: [1", "line 1, column"),
        (b"a: !!python/object/apply:os.system [ls]", "a value that JSON has, not"),
        (b"a: !!binary aGk=", "not tag:yaml.org,2002:binary in line 1"),
        (b"<<: {a: 1}", "merge keys"),
        (b"? [a, b]\n: 1", "plain key in line 1"),
        (b"a: &a [*a]", "nested at most"),
        (b"\xff\xfe\x00", "JSON or YAML"),
        (bomb(), "aliases expanded"),
        (b"[" * 5000, "JSON|deep"),
        (b'{"a":' + b"[" * 150 + b"]" * 150 + b"}", "nested at most"),
    ],
)
def test_what_is_not_a_document_is_refused_with_the_place(text: bytes, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read_text(text)


def test_a_document_that_is_too_large_is_refused() -> None:
    with pytest.raises(TooLarge, match="split it"):
        read_text(b" " * (MAX_BYTES + 1))
