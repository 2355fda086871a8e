"""Register APIs and agents, and look at them."""

from pathlib import Path
from urllib.request import urlopen

from tests.ops.cli.conftest import Say


def test_tools_come_from_a_document_and_are_listed(up: Say) -> None:
    told = up("tools", "list").output
    assert "create_order" in told and "POST /orders" in told and "write" in told
    assert {each["api"] for each in up("tools", "list", "--json").json} >= {"shop"}


def test_a_document_is_read_from_a_file_named_after_it(say: Say, shop: str, tmp_path: Path) -> None:
    with urlopen(f"{shop}/openapi.json", timeout=5) as document:
        (tmp_path / "My shop.json").write_bytes(document.read())
    said = say("tools", "add", "My shop.json", "--scopes", "read,write", "--json")
    assert said.json["name"] == "my-shop" and said.json["tools"] == 10


def test_agents_are_defined_and_listed_beside_the_built_in_ones(up: Say) -> None:
    words = ("agents", "add", "clerk", "--role", "executor", "--prompt", "You order mugs.", "--tools", "shop/*")
    assert up(*words).output == "agent clerk is registered\n"
    told = up("agents", "list").output
    assert "clerk" in told and "planner" in told
    assert "clerk" in [each["id"] for each in up("agents", "list", "--json").json]
    again = up(*words)
    assert again.code == 1 and "clerk exists" in again.errors
