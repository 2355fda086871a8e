"""A document is reported on whatever is wrong with it, with a second opinion where one is asked for."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from adapters.openapi.check import Report, check_document
from adapters.openapi.documents import OpenApiDocuments
from adapters.openapi.ingest import examine, read_document
from adapters.openapi.model import Finding
from adapters.openapi.opinion import MOST, second_opinion
from adapters.openapi.reading.api import read_api
from adapters.openapi.reading.source import read_source
from domain.errors import Invalid
from ops.bootstrap.checking import ENVIRONMENT
from tests.adapters.openapi.reading.documents import openapi


def check(tree: Any) -> Report:
    return check_document("a.json", json.dumps(tree).encode())


def test_a_report_counts_what_would_be_registered() -> None:
    report = check(openapi({"/a": {"get": {}, "trace": {}}, "/b": {"get": {}, "post": {"requestBody": "x"}}}))
    assert (report.ok, report.dialect) == (True, "openapi-3.1")
    assert (report.operations, report.tools, report.skipped) == (4, 2, 2)
    assert [(each.severity, each.place, each.operation) for each in report.diagnostics] == [
        ("error", "/paths/~1a/trace", "TRACE /a"), ("error", "/paths/~1b/post/requestBody", "POST /b"),
    ]  # fmt: skip


def test_a_path_that_cannot_be_read_is_skipped_as_one_operation_and_told_of_when_it_is_registered() -> None:
    tree = openapi({"/a": {"$ref": "gone.yaml"}, "/b": {"get": {}}})
    report = check(tree)
    assert (report.ok, report.operations, report.tools, report.skipped) == (True, 2, 1, 1)
    assert [(each.place, each.operation) for each in report.diagnostics] == [("/paths/~1a", "* /a")]
    (skipped,) = OpenApiDocuments().ingest(json.dumps(tree).encode(), api="a", base_url="").skipped
    assert skipped.startswith("* /a: the reference 'gone.yaml' is not local")


def test_a_document_without_a_server_is_one_and_one_without_operations_is_not() -> None:
    lone = check(openapi({"/a": {"get": {}}}, servers=[]))
    assert lone.ok and "names no server" in lone.diagnostics[0].message
    empty = check(openapi({}))
    assert not empty.ok and empty.diagnostics[0].place == "/paths" and empty.dialect == "openapi-3.1"
    assert not check(openapi({"/a": {"trace": {}}})).ok
    assert not check([]).ok and not check_document("a", b"").ok


@pytest.mark.parametrize(
    "url", ["http://a.example@b.example", "ftp://a.example", "http://a.example/x?y=1", "http://a/.."]
)
def test_an_address_to_which_no_call_can_go_is_told_and_may_be_replaced(url: str) -> None:
    tree = openapi({"/a": {"get": {}}}, servers=[{"url": url}])
    told = check(tree)
    assert told.ok and [(each.severity, each.place) for each in told.diagnostics] == [("warning", "/servers")]
    assert "name it by --base-url" in told.diagnostics[0].message
    data = json.dumps(tree).encode()
    assert check_document("a.json", data, base_url="http://a.example").diagnostics == ()
    with pytest.raises(Invalid) as refused:
        read_document(data, api="a", base_url=url)
    asked = check_document("a.json", data, base_url=url)
    assert not asked.ok and asked.diagnostics[0].message == str(refused.value)


def test_a_document_of_webhooks_alone_is_whole_and_gives_no_tools() -> None:
    hears: dict[str, Any] = {"openapi": "3.1.0", "info": {}, "webhooks": {"paid": {"post": {}}}}
    report = check({**hears, "servers": [{"url": "https://api.example.com"}]})
    assert (report.ok, report.operations, report.tools) == (True, 0, 0)
    assert [(each.severity, each.place) for each in report.diagnostics] == [("warning", "/webhooks")]
    assert not check({**hears, "paths": {"/a": {"trace": {}}}}).ok
    assert not check({**hears, "paths": {"/a": {"$ref": "gone.yaml"}}}).ok
    assert not check({**hears, "webhooks": {}}).ok


def opinion(tree: dict[str, Any], monkeypatch: pytest.MonkeyPatch, seconds: float = 60) -> list[Finding]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    api = read_api(tree)
    return list(second_opinion(api.tree, api.dialect, seconds=seconds))


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
def test_a_second_opinion_is_information(monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    good = openapi({"/a": {"get": {"responses": {"200": {"description": "ok"}}}}}, version)
    assert opinion(good, monkeypatch) == []
    found = opinion({**good, "info": {}}, monkeypatch)
    assert found and {each.severity for each in found} == {"info"} and not any(each.operation for each in found)
    assert all(each.message.startswith("openapi-spec-validator: ") for each in found)


def test_a_second_opinion_reads_nothing_from_outside_and_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"$ref": "http://127.0.0.1:9/never.json"}
    get = {"parameters": [{"name": "q", "in": "query", "schema": schema}], "responses": {"200": {"description": "ok"}}}
    outside = opinion(openapi({"/a": {"get": get}}), monkeypatch)
    assert not any("onnection" in each.message for each in outside)
    many = openapi({f"/{n}": {"get": {"responses": {"200": {}}}} for n in range(400)})
    well = openapi({f"/{n}": {"get": {"responses": {"200": {"description": "ok"}}}} for n in range(1_000)})
    assert "gave up after" in opinion(well, monkeypatch, seconds=0.01)[-1].message
    assert len(opinion(many, monkeypatch)) <= MOST + 1


CORPUS = Path(os.environ.get("REPRISE_EVAL_DATA", "/nowhere")) / "openapi"
NO_DOCUMENTS = {"stripe-fixtures.json"}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="REPRISE_EVAL_DATA names no folder with real documents in openapi/")
def test_every_operation_of_every_real_document_becomes_a_tool_or_has_a_reason() -> None:
    for path in sorted(CORPUS.iterdir()):
        data = path.read_bytes()
        report = check_document(path.name, data)
        assert report.ok is (path.name not in NO_DOCUMENTS), report
        if report.ok:
            found = examine(read_source(data), api="a")
            names = [each.name for each in found.tools]
            assert len(set(names)) == len(names) == report.tools and report.operations == written(path.name, data)
            blocked = [each.operation for each in report.diagnostics if each.severity == "error"]
            assert len(set(blocked)) == len(blocked) == report.skipped


def written(name: str, data: bytes) -> int:
    """Count the operations of a document independently."""
    import yaml  # type: ignore[import-untyped]

    tree = json.loads(data) if name.endswith("json") else yaml.load(data, Loader=yaml.CBaseLoader)
    methods = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
    return sum(method in methods for item in tree.get("paths", {}).values() for method in item)
