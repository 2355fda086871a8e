"""Register APIs and agents, and look at them."""

import json
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.ops.cli.conftest import Say


def test_tools_come_from_a_document_and_are_listed(up: Say) -> None:
    told = up("tools", "list").output
    assert "create_order" in told and "POST /orders" in told and "write" in told
    assert {each["api"] for each in up("tools", "list", "--json").json} >= {"shop"}


def test_a_document_is_read_from_a_file_named_after_it(say: Say, shop: str, tmp_path: Path) -> None:
    with urlopen(f"{shop}/openapi.json", timeout=60) as document:
        (tmp_path / "My shop.json").write_bytes(document.read())
    said = say("tools", "add", "My shop.json", "--scopes", "read,write", "--json")
    assert said.json["name"] == "my-shop" and said.json["tools"] == 10


def test_what_calls_would_fail_for_is_said_when_an_api_is_registered(say: Say, tmp_path: Path) -> None:
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "library", "version": "1"},
        "paths": {"/books": {"get": {"operationId": "books", "security": [{"key": []}], "responses": {}}}},
        "components": {"securitySchemes": {"key": scheme, "spare": scheme}},
    }
    (tmp_path / "library.json").write_text(json.dumps(document))
    add = ("tools", "add", "library.json", "--base-url", "http://127.0.0.1:1")
    to_bind = "not bound is key (api-key in the header X-Key): `reprise tools bind library key env:REPRISE_SECRET_…`"
    said = say(*add)
    assert "127.0.0.1 is a private address" in said.errors and "--allow-private" in said.errors
    assert to_bind in said.errors and "spare" not in said.errors
    assert "private" not in say(*add, "--allow-private").errors
    assert to_bind in say("tools", "bindings", "library").errors
    say("tools", "bind", "library", "key", "env:REPRISE_SECRET_KEY")
    assert say("tools", "bindings", "library").errors == say(*add, "--allow-private").errors == ""


def test_what_is_not_there_is_refused_with_what_shows_what_is(up: Say) -> None:
    for words, shows in {
        ("agents", "show", "nobody"): "reprise agents list",
        ("tools", "set", "nothing", "--effect", "read"): "reprise tools list",
        ("tools", "activate", "shop", "0" * 64): "reprise tools revisions shop",
    }.items():
        assert f"`{shows}` shows them." in up(*words).errors, words


def test_agents_are_defined_and_listed_beside_the_built_in_ones(up: Say) -> None:
    words = ("agents", "add", "clerk", "--role", "executor", "--prompt", "You order mugs.", "--tools", "shop/*")
    assert up(*words).output == "agent clerk is registered\n"
    told = up("agents", "list").output
    assert "clerk" in told and "planner" in told
    assert "clerk" in [each["id"] for each in up("agents", "list", "--json").json]
    again = up(*words)
    assert again.code == 1 and "clerk exists" in again.errors


def test_an_agent_is_changed_and_shown_with_its_revisions(up: Say, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("You refund what {user} asks for.")
    given = ("--role", "refunds", "--prompt", "@prompt.txt", "--tools", "refund_order,get_order", "--effects", "read")
    assert up("agents", "add", "refunder", *given, "--limit", "reply-tokens=300").code == 0
    changed = up("agents", "patch", "refunder", "--effects", "", "--policy", "strict", "--if-version", "1")
    assert changed.output == "agent refunder is at version 2: sessions that start from now on use it\n"
    shown = up("agents", "show", "refunder", "--json").json
    assert (shown["prompt_template"], shown["effects"], shown["policy"], shown["version"]) == (
        "You refund what {user} asks for.",
        [],
        "strict",
        2,
    )
    assert shown["limits"]["reply_tokens"] == 300 and [each["version"] for each in shown["revisions"]] == [1, 2]
    assert "tools   refund_order, get_order\n" in up("agents", "show", "refunder").output
    for wrong, said in (
        (("--prompt", "{usr}"), "unknown field {usr}"),
        (("--limit", "money=1"), "reply-tokens"),
        (("--effects", "reads"), "'reads'"),
        (("--tools", "refund_ordr"), "there are refund_order"),
        (("--if-version", "1", "--name", "Ann"), "it is 2"),
    ):
        refused = up("agents", "patch", "refunder", *wrong)
        assert refused.code == 1 and said in refused.errors, (wrong, refused.errors)
    assert up("agents", "patch", "refunder").code == 2
    told = up("agents", "patch", "refunder", "--model", "rules")
    assert told.code == 0 and "No model is configured" in told.errors, "the `up` of these tests has none"


def test_an_agent_is_given_no_model_that_goals_over_rest_would_be_refused_for(
    say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRISE_MODELS", "rules")
    own = ("agents", "add", "clerk", "--role", "clerk", "--prompt", "You order.", "--model")
    refused = say(*own, "openai:gpt@http://127.0.0.1:9")
    assert refused.code == 1 and "to be one of rules, but got 'openai:gpt@" in refused.errors
    assert say(*own, "rules").code == 0


def test_a_call_is_rehearsed_and_nothing_is_sent(up: Say, shop: str, tmp_path: Path) -> None:
    arguments = '{"path": {"orderId": "ord 1"}, "body": {"amountCents": 100}}'
    (tmp_path / "refund.json").write_text(arguments)
    shown = up("tools", "dry-run", "refund_order", "--arguments", "@refund.json", "--json").json
    assert (shown["method"], shown["url"]) == ("POST", f"{shop}/orders/ord%201/refunds")
    told = up("tools", "dry-run", "refund_order", "--arguments", arguments).output
    assert "verdict    ask: " in told and shown["request_digest"] in told


def test_a_call_that_would_not_be_made_is_said_so_by_the_exit_code(up: Say) -> None:
    said = up("tools", "dry-run", "refund_order", "--arguments", '{"path": {"orderId": "ord-1"}}')
    assert said.code == 1 and "would not be called" in said.output
    assert up("tools", "dry-run", "refund_order", "--arguments", "@nothing.json").code == 1
    assert up("tools", "dry-run", "refund_order", "--arguments", "{").code == 1


def test_a_tool_is_set_and_listed_as_it_was_set(say: Say, tmp_path: Path) -> None:
    (tmp_path / "wish.schema.json").write_text('{"type": "object", "description": "Note a wish."}')
    plain = ("tools", "add", "--schema", "wish.schema.json", "--name", "wish", "--url", "http://127.0.0.1:1/wish")
    assert say(*plain, "--rate-limit", "30").output.startswith("wish: 1 tool from document ")
    set_ = say("tools", "set", "wish", "--effect", "read", "--disable", "--rate-limit", "9", "--reason", "too loud")
    assert set_.output == "wish (POST /wish of wish): read, disabled, at most 9 calls a minute\n"
    assert "read, disabled" in say("tools", "list", "--api", "wish").output
    reset = say("tools", "set", "wish", "--enable", "--reset", "effect", "--json").json
    assert reset["override"] == {"enabled": True, "rate_limit": 9}
    assert say("tools", "set", "wish", "--answers", "enforce").output.endswith(
        "): write, answers enforced, at most 9 calls a minute\n"
    )
    assert "write, answers enforced" in say("tools", "list").output
    assert say("tools", "describe", "wish", "--json").json["answers"] == "enforce"
    assert (
        "answers: warn"
        in (say("tools", "set", "wish", "--reset", "answers"), say("tools", "describe", "wish"))[1].output
    )
    assert say("tools", "set", "wish", "--trusted", "--public").code == 0
    assert "answers: warn, trusted, public)" in say("tools", "describe", "wish").output
    assert say("tools", "list", "--api", "none").output == "No tools of the API none.\n"


def test_a_file_is_kept_and_saved_again_but_over_no_other(say: Say, tmp_path: Path) -> None:
    (tmp_path / "in.bin").write_bytes(b"\x00\xff of no text")
    kept = say("tools", "upload", "in.bin", "--json").json
    assert say("tools", "download", kept["digest"], "-o", "out.bin").output == "out.bin: 13 bytes\n"
    assert (tmp_path / "out.bin").read_bytes() == b"\x00\xff of no text"
    again = say("tools", "download", kept["digest"], "-o", "in.bin")
    assert again.code == 1 and "File exists" in again.errors
    assert say("tools", "download", "0" * 64, "-o", "none.bin").code == 1 and not (tmp_path / "none.bin").exists()
    assert say("tools", "download", kept["digest"]).code == 2


def test_words_that_do_not_go_together_are_refused(say: Say, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text("{}")
    for words in ((), ("a.json", "--schema", "s.json"), ("--schema", "s.json"), ("--url", "http://127.0.0.1:1/")):
        assert say("tools", "add", *words).code == 2, words
    assert say("tools", "set", "x", "--effect", "read", "--reset", "effect").code == 1
    assert "Expected something to change" in say("tools", "set", "x").errors


def test_a_tool_is_described_in_depth_or_in_part(up: Say) -> None:
    told = up("tools", "describe", "create_order", "--json").json
    assert told["operation"] == "POST /orders" and "items" in told["parameters"]["properties"]["body"]["properties"]
    part = up("tools", "describe", "create_order", "--path", "/body/items/0", "--json").json
    assert part["at"] == "/body/items/0" and part["parameters"]["required"] == ["productId", "quantity"]
    assert '"quantity": {' in up("tools", "describe", "create_order").output


def test_what_is_not_there_is_not_described(up: Say) -> None:
    nowhere = up("tools", "describe", "create_order", "--path", "/body/nothing")
    assert nowhere.code == 1 and "leads nowhere" in nowhere.errors
    assert (
        up("tools", "describe", "nothing").code == 1
        and up("tools", "describe", "create_order", "--depth", "9").code == 2
    )


def test_tools_are_searched_with_those_that_supply_their_ids(up: Say) -> None:
    found = up("tools", "search", "refund an order", "--limit", "3", "--json").json
    assert found["tools"][0]["name"] == "refund_order" and found["tools"][0]["score"] == 1000
    assert "list_orders" in [each["name"] for each in found["tools"]] and found["method"] == "words.v1"
    assert "refund_order" in up("tools", "search", "refund an order").output
    assert "shares a word with that" in up("tools", "search", "xylophone").output
