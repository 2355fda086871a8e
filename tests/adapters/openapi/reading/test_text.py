"""Documents are read as JSON, or as the part of YAML that is JSON, within limits."""

import json
import time
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.openapi.reading.limits import MAX_BYTES, MAX_NODES
from adapters.openapi.reading.text import read_text
from domain.encoding import parse_written
from domain.errors import Invalid, Refused, TooLarge

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def test_yaml_is_read_as_json_would_be() -> None:
    text = b"""
openapi: 3.1.0
paths:
  /a:
    get: {responses: {200: {description: on}}}
values: [yes, 2026-11-22, 0x10, 12:30:00, 1_000, -7, 1.5, true, null, ~, "null", ".inf"]
shared: &one {a: 1}
again: *one
"""
    tree = read_text(text)
    assert tree["openapi"] == "3.1.0"
    assert tree["paths"]["/a"]["get"]["responses"] == {"200": {"description": "on"}}
    expected = ["yes", "2026-11-22", "0x10", "12:30:00", "1_000", -7, 1.5, True, None, None, "null", ".inf"]
    assert tree["values"] == expected
    assert tree["again"] == tree["shared"] == {"a": 1}
    assert read_text(b" {a: [b, 'c'], \"d\": 1}") == {"a": ["b", "c"], "d": 1}


def bomb() -> bytes:
    levels = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 10)]
    return b"\n".join(levels)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "it is empty"),
        (b"- a\n- b", "an object, not a list"),
        (b'{\n "openapi": "3.1.0"', "Expected JSON, but Input data was truncated, in line 2, column 20"),
        (b'{"openapi": "3.1', "truncated, in line 1, column 17"),
        (b'{"a": NaN}', "invalid character .byte 6., in line 1, column 7"),
        (b'{"a":\n [Infinity]}', "in line 2, column 3"),
        (b'{"a": -Infinity}', "Expected JSON, but"),
        (b'{"a": "\xff"}', "UTF-8, but .* in line 1, column 8"),
        (b'{"a": "\\ud800"}', "Expected JSON, but"),
        (b'{"a": {"b": 1,\n "b": 2}}', "'b' stands twice at /a, in line 2, column 2"),
        (b'{"a": 1, "\\u0061": 2}', "'a' stands twice at /, in line 1, column 10"),
        (b'{"a": [1, {"x": "}", "b": {"c": 1e999}}]}', "double, but at /a/1/b/c, in line 1, column 33, stands 1e999"),
        (b'{"a": 1' + b"0" * 100 + b"}", "at most 100 digits .* at /a, in line 1, column 7, stands 1000"),
        (b'{"a": ' + b"1" * 5000 + b"}", "at most 100 digits .* at /a, in line 1, column 7, stands 1111"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "at most 100 digits"),
        (b"a: [1", "line 1, column"),
        (b"a: {b: 1,\n    b: 2}", "'b' stands again in line 2, column 5"),
        (b"200: 1\n'200': 2", "'200' stands again in line 2, column 1"),
        (b"a: {b: .nan}", "number that JSON has, not .nan in line 1, column 8; text goes in quotes"),
        (b"a: [1, -.INF]", "number that JSON has, not -.INF in line 1, column 8"),
        (b"a: 1e999", "double, not 1e999… in line 1, column 4"),
        (b"a: " + b"1" * 101, "at most 100 digits"),
        (b"a: !!int abc", "not tag:yaml.org,2002:int in line 1"),
        (b"a: !!bool maybe", "not tag:yaml.org,2002:bool in line 1"),
        (b"a: !<x:int> 5", "not x:int in line 1"),
        (b"a: !!python/object/apply:os.system [ls]", "a value that JSON has, not"),
        (b"a: !!binary aGk=", "not tag:yaml.org,2002:binary in line 1"),
        (b"a: !!set {b, c}", "not tag:yaml.org,2002:set in line 1"),
        (b"a: !!timestamp 2026-11-28", "not tag:yaml.org,2002:timestamp in line 1"),
        (b"<<: {a: 1}", "merge keys .* write out what is merged"),
        (b"? [a, b]\n: 1", "plain key in line 1"),
        (b"a: &a [*a]", "nested at most"),
        (b"a: 1\n---\nb: 2", "single document"),
        (b"\xff\xfe\x00", "save it as UTF-8"),
        *(('{"openapi": "3.1.0"}'.encode(form), "save it as UTF-8") for form in ("utf-16", "utf-16-be", "utf-32-le")),
        (b"a: \xe9", "in UTF-8, but .* save it as UTF-8"),
        (b"a: \x00", "JSON or YAML"),
        (b"[" * 5000, "JSON|deep"),
        (b"a: " + b"[" * 5000 + b"]" * 5000, "deep"),
        (b'{"a":' + b"[" * 150 + b"]" * 150 + b"}", "nested at most"),
    ],
)
def test_what_is_not_a_document_is_refused_with_the_place(text: bytes, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        read_text(text)


@pytest.mark.parametrize("text", [b"a: " + b"[" * 300_000, b"- " * 300_000, b"a: " + b"{a: " * 60_000])
def test_what_is_nested_without_end_ends_neither_the_process_nor_the_day(text: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Invalid, match="nested at most 100 deep"):
        read_text(text)
    assert time.process_time() - started < 20


def test_the_same_key_may_stand_in_many_objects_and_quotes_in_texts_are_no_keys() -> None:
    tree = {"a": {"a": [{"a": 1}, {"a": 2}]}, "b": '"a": "\\', 'c":': 'x\\"a":', "": {"": ""}, "n": 10**99}
    assert read_text(json.dumps(tree).encode()) == tree
    assert read_text(b"\xef\xbb\xbf" + json.dumps(tree, indent=1).encode()) == tree


@pytest.mark.parametrize(
    "text", [bomb(), b'{"a": [' + b"[]," * 3_000_000 + b"1]}", b'{"a": [' + b"[[[[]]]]," * 1_600_000 + b"1]}"]
)
def test_too_many_values_are_refused_soon(text: bytes) -> None:
    started = time.process_time()
    with pytest.raises(TooLarge, match=f"at most {MAX_NODES} values"):
        read_text(text)
    assert time.process_time() - started < 20


def test_too_long_a_yaml_is_refused_before_it_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.openapi.reading.yaml_text.MAX_NODES", 1000)
    with pytest.raises(TooLarge, match="but there are more in line 1"):
        read_text(b"a: [" + b"a," * 3000 + b"} not even YAML")


def test_aliases_of_aliases_are_counted_before_anything_is_built_of_them() -> None:
    started = time.process_time()
    with pytest.raises(TooLarge, match="but there are more in line 7, column 5"):
        read_text(bomb())
    with pytest.raises(Invalid, match="nested at most 100 deep"):
        read_text(b"a: &a [*a, *a]")
    assert time.process_time() - started < 20


@pytest.mark.parametrize("times", ["*a", "{*a : 1}"])
def test_a_text_that_is_repeated_by_aliases_counts_each_time(times: str) -> None:
    text = f"a: {{? &a {'x' * 100_000} : 1}}\nb: [{','.join([times] * 1000)}]"
    with pytest.raises(TooLarge, match="characters with all aliases expanded, but there are more in line 2"):
        read_text(text.encode())


def test_a_doubled_key_is_found_soon_among_many() -> None:
    lines = [f"k{n}: 1" for n in range(30_000)]
    started = time.process_time()
    with pytest.raises(Invalid, match="'k29999' stands again in line 30001, column 1"):
        read_text("\n".join([*lines, "k29999: 2"]).encode())
    with pytest.raises(Invalid, match="'k29999' stands there again"):
        parse_written(json.dumps(dict.fromkeys(line[:-3] for line in lines))[:-1] + ', "k29999": 2}')
    assert time.process_time() - started < 20


@pytest.mark.parametrize("first", [b" ", b"{", b"a"])
def test_a_document_that_is_too_large_is_refused(first: bytes) -> None:
    with pytest.raises(TooLarge, match="split it"):
        read_text(first * (MAX_BYTES + 1))


@settings(max_examples=150)
@given(JSON)
def test_whatever_json_says_is_read_as_it_stands(value: Any) -> None:
    tree = {"a": value}
    assert read_text(json.dumps(tree).encode()) == tree
    assert read_text(json.dumps(tree, ensure_ascii=False, indent=2).encode()) == tree


@settings(max_examples=150)
@given(JSON)
def test_whatever_yaml_says_of_it_is_the_same(value: Any) -> None:
    tree = {"a": value}
    text = yaml.safe_dump(tree, allow_unicode=True, default_style='"')
    assert read_text(text.encode()) == tree


@settings(max_examples=300)
@given(JSON, st.data())
def test_a_text_cut_anywhere_is_refused_with_the_place(value: Any, data: st.DataObject) -> None:
    text = json.dumps({"a": value}, indent=1).encode()
    cut = text[: data.draw(st.integers(1, len(text) - 1))]
    with pytest.raises(Invalid, match=r"line \d+, column \d+"):
        read_text(cut)


@settings(max_examples=500)
@given(st.binary(max_size=80) | st.text("{}[]:,\"\\'&*!|>-?#%@ \n\tab01.eE<~", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        assert isinstance(read_text(text), dict)
    except Refused:
        return
