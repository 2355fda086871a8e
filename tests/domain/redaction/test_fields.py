"""Of a fact everything is looked through that can hold what somebody else wrote, and nothing else is walked."""

from typing import get_args

import pytest

from domain.content import content
from domain.encoding import foreign
from domain.labels import ArgumentLabel, Provenance
from domain.redaction.facts import OURS, hide_fact, texts_of
from domain.redaction.hiding import Hider
from domain.redaction.patterns import RECOGNISERS
from domain.session.events import (
    ApprovalExpired,
    ArgumentsChecked,
    CallAttempted,
    CallExpired,
    CallSucceeded,
    Fact,
    LeaseLapsed,
    ModelCallAttempted,
    ModelReplied,
    SessionFact,
    ToolDescribed,
    VerdictReached,
)

FACTS = get_args(SessionFact)


@pytest.mark.parametrize("kind", [ApprovalExpired, CallAttempted, CallExpired, LeaseLapsed, ModelCallAttempted])
def test_what_we_claim_ourselves_holds_nothing_that_is_looked_through(kind: type[Fact]) -> None:
    assert texts_of(kind) == ()


@pytest.mark.parametrize("kind", FACTS)
def test_every_text_is_looked_through_but_what_we_call_things_and_our_own_words(kind: type[Fact]) -> None:
    annotations = {name: str(kind.__annotations__.get(name)) for name in kind.__struct_fields__}
    texts = {name for name, words in annotations.items() if "str" in words or "Json" in words or "Content" in words}
    assert texts - OURS <= set(texts_of(kind))


@pytest.mark.parametrize(
    "fact",
    [
        ModelReplied(call="c", attempt=1, reply=content(b"ada@example.org"), prompt_digest="d"),
        CallSucceeded(call="c", attempt=1, output=content(b'{"to": "ada@example.org"}'), source="tool:x", status=200),
        CallSucceeded(call="c", attempt=1, output=content(b""), source="", status=1, mismatches=("ada@example.org",)),
        ArgumentsChecked(call="c", arguments=foreign({"to": "ada@example.org"})),
        ToolDescribed(step=1, call="c", tool="t", at="/ada@example.org", text=""),
        VerdictReached(
            call="c",
            request_digest="r",
            decision="allow",
            rules=(),
            policy_set="p",
            reason="",
            provenance=Provenance(arguments=(ArgumentLabel(argument="/body/ada@example.org"),)),
        ),
    ],
    ids=lambda fact: type(fact).__name__,
)
def test_a_value_is_hidden_wherever_a_fact_holds_it(fact: Fact) -> None:
    hidden = hide_fact(Hider(RECOGNISERS), fact)
    assert "ada@example.org" not in str(hidden) and sum(place.count for place in hidden.redacted) == 1
