"""What the policy said is told as a person understands it: why, by which rules, and where each argument came from."""

from domain.labels import ArgumentLabel, Label, Provenance
from domain.redaction.recorded import HiddenPlace
from domain.session.events import ApprovalRequested, VerdictReached
from domain.session.proof import Difference
from projections.explaining import of_hidden, of_verdict, title_of
from projections.wording import words

READ = Label(sources=("model:choose-1-1", "tool:read_mail"))
VERDICT = VerdictReached(
    call="call-1-1",
    request_digest="r",
    decision="ask",
    rules=("writes-ask",),
    policy_set="p" * 64,
    reason="It may change something.",
    demands=("four-eyes",),
    observed=("private-data-stays",),
    provenance=Provenance(plan="outside", arguments=(ArgumentLabel(argument="/body/to", label=READ, sink=True),)),
)


def test_a_verdict_says_why_by_which_rules_and_whose_word_each_argument_was() -> None:
    assert words(VERDICT).detail.splitlines() == list(of_verdict(VERDICT)) == [
        "It may change something.",
        "Rules: writes-ask (set pppppppppppp).",
        "Whoever allows it: four-eyes.",
        "Only observed: private-data-stays.",
        "The plan does not name this call.",
        "body.to: from model:choose-1-1, tool:read_mail (untrusted, private), decides where it goes and is not bound.",
    ]  # fmt: skip


def test_a_refused_order_names_who_gave_it() -> None:
    refused = VerdictReached(
        call="call-1-1", request_digest="r", decision="deny", rules=(), policy_set="p", reason="No.", refused="eve"
    )
    assert title_of(refused) == "eve ordered it sent again, and the policy says deny"


def test_what_is_asked_again_says_field_by_field_what_changed_with_digests_cut() -> None:
    asked = ApprovalRequested(
        approval="a",
        question="call",
        step=1,
        call="call-1-1",
        request_digest="r",
        reason="It pays.",
        proof="f" * 64,
        differences=(
            Difference(field="policy_set", before="a" * 64, now="b" * 64),
            Difference(field="/body/amount", before="", now="9"),
        ),
    )
    said = words(asked)
    assert said.title == "A human is asked to allow the call again, for this changed: policy_set, /body/amount"
    assert said.detail.splitlines() == [
        "It pays.",
        "policy_set: aaaaaaaaaaaa → bbbbbbbbbbbb",
        "/body/amount: nothing → 9",
        "Proof: ffffffffffff.",
    ]


def test_what_was_hidden_is_told_by_kind_number_and_place() -> None:
    places = (HiddenPlace(kind="email", at="/goal", count=2), HiddenPlace(kind="card", at="/reply/body/n"))
    assert of_hidden(places) == ["Hidden: 2 email at /goal; 1 card at /reply/body/n."]
