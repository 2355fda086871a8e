"""What is wrong with a dataset's file is said, all of it and with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.errors import Invalid
from ops.evaluation.tasks.reading import read_dataset
from ops.evaluation.tasks.suite import SMOKE

CASE = {"id": "a", "goal": "look"}


def refused(folder: Path, written: bytes) -> str:
    file = folder / "own.json"
    file.write_bytes(written)
    with pytest.raises(Invalid, match=r"own\.json, but ") as caught:
        read_dataset(file)
    return str(caught.value)


def test_the_shipped_dataset_is_one() -> None:
    assert len(read_dataset(SMOKE).cases) == 4


@pytest.mark.parametrize(
    "written",
    [b"", b"[]", b"{}", b"\xff\xfe", b'{"name": "\xff", "cases": []}', b'{"name": 1, "cases": []}', b"[" * 100_000],
)
def test_what_is_no_dataset_at_all_is_refused(tmp_path: Path, written: bytes) -> None:
    assert "it cannot be read: " in refused(tmp_path, written)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "its name is empty"),
        ({"cases": []}, "it has no cases"),
        ({"cases": [CASE, {"id": "a", "goal": "y"}, {"id": "b", "goal": "z"}]}, "2 cases have the id 'a'"),
        ({"cases": [{"id": "a"}]}, "missing required field `goal`"),
        ({"cases": [CASE | {"rubrik": "y"}]}, "unknown field `rubrik`"),
        ({"cases": [CASE | {"rubric": "polite"}]}, "Expected `array`, got `str` - at `$.cases[0].rubric`"),
        ({"document": "api.json"}, "it names a document or a base_url: expected both"),
    ],
)
def test_what_is_wrong_with_all_is_said(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    assert words in refused(tmp_path, json.dumps({"name": "own", "cases": [CASE], **changes}).encode())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": ""}, "its id is not of 1 to 100 characters"),
        ({"id": "a\u0000"}, "its id is not of 1 to 100 characters"),
        ({"goal": "  "}, "its goal is empty"),
        ({"calls": [{"tool": "find", "arguments": {"url": {}}}]}, "find has arguments in 'url': expected path, query"),
        ({"state": {"orders": {"/id": 1}}}, "its state names 'orders': expected a path of the API"),
        ({"state": {"@elsewhere/": {"/id": 1}}}, "its state names '@elsewhere/': expected a path of the API"),
        ({"state": {"/orders": {}}}, "its state expects nothing of /orders"),
        ({"state": {"/orders": {"id": 1}}}, "its state of /orders: Expected a JSON pointer"),
        ({"answer": {"type": "strin"}}, "its answer is no JSON Schema, at /type: "),
        ({"answer": {"pattern": "("}}, "its answer is no JSON Schema, at /pattern: "),
        ({"answer": {"$ref": "#/$defs/nothing"}}, "its answer is no JSON Schema, at /: "),
        ({"answer": {"$ref": "#"}}, "it refers to itself without end"),
        ({"answer": {"$ref": "http://127.0.0.1:1/schema"}}, "its answer is no JSON Schema, at /: Resource"),
        ({"rubric": [""]}, "a criterion of its rubric, or one of its tools, is empty"),
    ],
)
def test_what_is_wrong_with_a_case_is_said_with_its_id(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    case = {"id": "a", "goal": "look", **changes}
    said = refused(tmp_path, json.dumps({"name": "own", "cases": [case]}).encode())
    assert words in said and f"case {case['id']!r}: " in said


def test_everything_wrong_is_said_at_once_within_bounds(tmp_path: Path) -> None:
    cases = [{"id": str(number), "goal": ""} for number in range(15)]
    said = refused(tmp_path, json.dumps({"name": "", "cases": cases}).encode())
    assert said.count("its goal is empty") == 9 and said.endswith("; and 6 more.")
