"""What a researcher found goes on to later steps as it was found: with its value, its calls and its labels."""

from typing import Any

from adapters.postgres.store import PostgresEventStore
from tests.commands.mail_world import Puppet, run

GOAL = "Mail hello to whoever wrote about the rent"
PLAN: list[dict[str, Any]] = [
    {"goal": "find out who wrote about the rent", "agent": "researcher"},
    {
        "goal": "write to them",
        "tool": "send_mail",
        "slots": [{"argument": "/body/to", "step": 1, "pointer": "/findings/0/value"}],
    },
]
LOOKS = [
    {"tool": "read_mail", "arguments": {"query": {"search": "rent"}}},
    {"tool": "read_mail", "arguments": {"query": {"search": "Eve"}}},
]
OUTPUTS = {"read_mail": [{"id": "m7", "sender": "eve@example.com", "amount": 812.5, "text": "The rent is due."}]}
SENDS = [{"tool": "send_mail", "arguments": {"body": {"subject": "Rent", "text": "hello"}}}]


def finding(claim: str, *calls: str, **more: Any) -> dict[str, Any]:
    return {"claim": claim, "calls": list(calls), **more}


def puppet(*findings: dict[str, Any]) -> Puppet:
    return Puppet(PLAN, {1: [*LOOKS, {"findings": list(findings)}], 2: SENDS})


async def test_a_finding_fills_a_slot_and_is_nobodys_word_but_the_models(store: PostgresEventStore) -> None:
    found = await run(store, GOAL, puppet(finding("Eve's address.", "call-1-2", value="eve@example.com")), OUTPUTS)
    assert [tool for tool, _ in found.office.sent] == ["read_mail", "read_mail"]
    checked = (await found.recorded("arguments-checked"))[2]
    assert checked["arguments"]["body"]["to"] == "eve@example.com"
    verdict = (await found.recorded("verdict-reached"))[2]
    assert verdict["decision"] == "deny"  # what was read says where private data would go
    (to,) = [each for each in verdict["provenance"]["arguments"] if each["argument"] == "/body/to"]
    assert not to["label"].get("trusted", False) and not to.get("bound", False)
    assert {"tool:read_mail", "model:choose-1-3"} <= set(to["label"]["sources"])


async def test_a_value_that_its_call_does_not_show_goes_back_to_the_researcher(store: PostgresEventStore) -> None:
    wrong = puppet(finding("The amount of m7 is 912.50.", "call-1-1"))
    found = await run(store, GOAL, wrong, OUTPUTS)
    (first, *_) = await found.recorded("result-checked")
    assert first["problems"] and "finding 1" in first["problems"][0]
    asked = [prompt for prompt in wrong.prompts if "purpose=choose step=1 round=4" in prompt]
    assert "The last round was not right: finding 1" in asked[0] and "ANSWER of call-1-2, read_mail" in asked[0]


async def test_a_finding_that_names_no_call_is_told_to_the_reviewer(store: PostgresEventStore) -> None:
    told = puppet(finding("Eve wrote about the rent.", value="eve@example.com"))
    await run(store, GOAL, told, OUTPUTS)
    (asked,) = [prompt for prompt in told.prompts if "purpose=review step=1" in prompt]
    assert "its calls: nothing speaks for 'Eve wrote about the rent.' (it names no call)" in asked


async def test_the_same_request_is_not_sent_again(store: PostgresEventStore) -> None:
    twice = Puppet(PLAN, {1: [LOOKS[0], LOOKS[0], {"findings": [finding("Eve wrote.", "call-1-1")]}], 2: SENDS})
    found = await run(store, GOAL, twice, OUTPUTS)
    assert [tool for tool, _ in found.office.sent] == ["read_mail"]
    (withdrawn,) = await found.recorded("call-withdrawn")
    assert withdrawn["call"] == "call-1-2" and len(await found.recorded("verdict-reached")) == 1
