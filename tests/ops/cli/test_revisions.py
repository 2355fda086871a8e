"""Check a new revision of an API, then activate or quarantine it."""

import json
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.api.revised import Edit, edited, grow, name_customers
from tests.ops.cli.conftest import Say

Write = Callable[..., str]


@pytest.fixture
def write(shop: str, tmp_path: Path) -> Write:
    """Write the shop's document, edited, to a file; return its name."""
    with urlopen(f"{shop}/openapi.json", timeout=60) as served:
        document = json.loads(served.read())

    def written(name: str, *edits: Edit) -> str:
        (tmp_path / name).write_text(json.dumps(edited(document, *edits)))
        return name

    return written


def test_a_staged_revision_is_checked_then_activated(up: Say, write: Write) -> None:
    assert up("tools", "add", write("one.json"), "--name", "revised").code == 0
    staged = up("tools", "add", write("two.json", grow), "--name", "revised", "--stage", "--json").json["revision"]
    assert up("tools", "drift", "revised").output.startswith(f"revised: {staged['document'][:12]} (staged) beside ")
    found = up("tools", "drift", "revised", "--digest", staged["document"][:8], "--json").json
    assert (found["calls"], found["findings"], found["document"]) == (0, [], staged["document"])
    told = up("tools", "activate", "revised", staged["document"][:8], "--waiting", "migrate").output
    assert f"{staged['document'][:12]} is active" in told and "open session" in told
    statuses = [each["status"] for each in up("tools", "revisions", "revised", "--json").json]
    assert statuses == ["earlier", "active"]


def test_who_replaces_a_revision_unchecked_is_told_how_to_check_it(up: Say, write: Write) -> None:
    assert "took the place" not in up("tools", "add", write("one.json"), "--name", "replaced").output
    told = up("tools", "add", write("two.json", grow), "--name", "replaced").output
    assert "took the place of another revision: `reprise tools drift replaced --digest " in told
    digest = told.partition("--digest ")[2].partition("`")[0]
    assert up("tools", "drift", "replaced", "--digest", digest).code == 0


def test_a_quarantined_revision_says_why_it_is_refused(up: Say, write: Write) -> None:
    assert up("tools", "add", write("one.json"), "--name", "refused").code == 0
    digest = up("tools", "add", write("two.json", name_customers), "--name", "refused", "--stage", "--json").json[
        "revision"
    ]["document"]
    assert up("tools", "quarantine", "refused", digest, "--reason", "ids are numbers").code == 0
    said = up("tools", "activate", "refused", digest)
    assert said.code == 1 and "ids are numbers" in said.errors
    assert up("tools", "quarantine", "refused", digest, "--reason", "agreed with them", "--lift").code == 0
    assert up("tools", "activate", "refused", digest).code == 0


def test_the_plan_that_a_revision_would_break_is_named(up: Say, waiting: str, write: Write) -> None:
    up("tools", "add", write("two.json", name_customers), "--name", "shop", "--allow-private", "--stage")
    told = up("tools", "drift", "shop").output
    assert f"✗ waiting  {waiting} call-2-1 (POST /orders, asking): argument-refused /body/customerId" in told
    assert "✗ argument-refused  POST /orders /body/customerId" in told and f"{waiting}-call-2-1 (version" in told


def test_what_cannot_be_named_is_refused_in_a_line(up: Say, write: Write) -> None:
    assert up("tools", "add", write("one.json"), "--name", "lonely").code == 0
    for words in (("drift", "lonely"), ("drift", "nobody"), ("revisions", "nobody"), ("activate", "lonely", "12")):
        said = up("tools", *words)
        assert said.code == 1 and len(said.errors.splitlines()) == 1, words
