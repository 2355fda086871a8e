"""An approval is bound to its terms: what is sent is what was allowed, by whom it may be, or nothing is."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.encoding import foreign
from domain.errors import Forbidden, Invalid, NotFound, NotPossible, Stale
from domain.session.commands import DenyApproval, GrantApproval, ReportOutcome
from domain.session.effects import SendCall
from domain.session.events import (
    ApprovalRequested,
    BudgetSpent,
    CallDeadLettered,
    CallOutcomeUnknown,
    CallRequested,
    CallWithdrawn,
    ModelCallRequested,
    ReworkRequested,
    SessionFailed,
    Sourced,
    StepFailed,
    ToolChosen,
    VerdictReached,
)
from domain.session.proof import Demand, Difference, drift
from tests.domain.story import (
    ASKING,
    CHOSEN,
    JUDGING,
    NOW,
    SESSION,
    attempted,
    failed,
    fits,
    given,
    goal,
    granted,
    request_digest,
    succeeded,
    terms,
    verdict,
)

APPROVAL = f"{SESSION}-call-1-1"
AGAIN = f"{APPROVAL}-2"
GRANTED = (*ASKING, granted())
OTHER = foreign({"body": {"quantity": 1}})
TWO_DAYS_ON = NOW + timedelta(days=2)


def demanding(*demands: Demand, round: int = 1) -> VerdictReached:
    return replace(verdict("ask", round=round), demands=demands)


def second(decision: Any = "ask", **changed: Any) -> VerdictReached:
    """Judge the approved call again, right before it is sent."""
    return replace(verdict(decision), **changed)


def differing(fact: VerdictReached) -> list[str]:
    story = given(*GRANTED).when(fact).then_only(ApprovalRequested)
    assert (story.last.approval, story.last.supersedes) == (AGAIN, APPROVAL)
    story.owes(f"expire-{AGAIN}")
    return [each.field for each in story.last.differences]


def test_every_term_is_part_of_the_proof() -> None:
    proof = terms().proof
    others: dict[str, Any] = {
        "session": "s-2",
        "approval": "x",
        "requester": "bob",
        "operation": "PUT /orders",
        "document": "e",
        "arguments": "a",
        "request_digest": "r",
        "policy_set": "q",
        "rules": ("other",),
        "demands": ("reason",),
        "expires_at": TWO_DAYS_ON,
    }
    assert others.keys() == set(terms().__struct_fields__)
    assert len({proof, *(terms(**{name: value}).proof for name, value in others.items())}) == len(others) + 1


def test_an_answer_to_other_terms_sends_nothing() -> None:
    story = given(*ASKING).when(replace(granted(), proof="another"))
    story.then_only(ReworkRequested, ModelCallRequested)


def test_a_human_who_saw_other_terms_is_refused() -> None:
    given(*ASKING).refuses(GrantApproval(approval=APPROVAL, by="bob", proof="old"), Stale, "read the approval again")


def test_an_approval_counts_in_its_own_session_only() -> None:
    elsewhere = replace(granted(agreed=terms(session="s-2")), approval=APPROVAL)
    given(*ASKING).when(elsewhere).then_only(ReworkRequested, ModelCallRequested)


def test_four_eyes_are_not_the_requesters() -> None:
    story = given(*JUDGING, demanding("four-eyes"))
    story.refuses(GrantApproval(approval=APPROVAL, by="ada"), Forbidden, "somebody else than ada")
    story.ordered(GrantApproval(approval=APPROVAL, by="bob")).then_only(CallRequested)


def test_whoever_asks_may_still_say_no_where_four_eyes_are_demanded() -> None:
    given(*JUDGING, demanding("four-eyes")).ordered(DenyApproval(approval=APPROVAL, by="ada")).owes()


def test_a_reason_is_given_where_a_rule_demands_one() -> None:
    story = given(*JUDGING, demanding("reason"))
    story.refuses(GrantApproval(approval=APPROVAL, by="bob", reason="  "), Invalid, "says why")
    story.ordered(GrantApproval(approval=APPROVAL, by="bob", reason="due")).then_only(CallRequested)


def test_a_call_is_requested_under_the_terms_that_were_agreed_to() -> None:
    story = given(*GRANTED).then_only(CallRequested)
    assert story.last.approved == terms()
    owed = story.owed()
    assert isinstance(owed, SendCall) and owed.approved == terms()


def test_a_call_that_needed_no_approval_is_not_judged_twice() -> None:
    owed = given(*JUDGING, verdict()).owed()
    assert isinstance(owed, SendCall) and owed.approved is None


def test_a_second_attempt_is_judged_again_like_the_first() -> None:
    owed = given(*GRANTED, attempted(), failed("not-sent")).owed()
    assert isinstance(owed, SendCall) and (owed.attempt, owed.approved) == (2, terms())


NOT_SENT = (*GRANTED, attempted(), failed("not-sent"))


def test_a_later_attempt_that_the_rules_deny_by_now_is_not_made() -> None:
    story = given(*NOT_SENT).when(second("deny", reason="closed")).then_only(ReworkRequested, ModelCallRequested)
    story.owes("choose-1-2-m1")


def test_a_later_attempt_is_asked_about_again_where_anything_changed_and_keeps_its_number() -> None:
    again = given(*NOT_SENT).when(second(policy_set="q" * 64)).then_only(ApprovalRequested)
    assert [each.field for each in again.last.differences] == ["policy_set"]
    story = again.ordered(GrantApproval(approval=AGAIN, by="ada")).then_only(CallRequested).owes("call-1-1-a2")
    assert story.last.idempotency_key == given(*GRANTED).last.idempotency_key
    story.when(second(policy_set="q" * 64)).then().owes("call-1-1-a2")


def test_an_answer_that_comes_while_people_are_asked_again_settles_the_call() -> None:
    again = given(*NOT_SENT).when(second(policy_set="q" * 64))
    again.when(succeeded()).refuses(GrantApproval(approval=AGAIN, by="ada"), NotFound, "overtaken")


IN_DOUBT = (*CHOSEN, fits(repeatable=True), verdict("ask"), granted(), attempted(), failed("unanswered"))


@pytest.mark.parametrize("decision", ["deny", "ask"])
def test_a_later_attempt_of_what_may_have_happened_asks_about_that_first(decision: Any) -> None:
    story = (
        given(*IN_DOUBT).when(second(decision, policy_set="q" * 64)).then_only(CallOutcomeUnknown, ApprovalRequested)
    )
    assert (story.last.question, story.consequences[0].attempt) == ("outcome", 1)  # type: ignore[union-attr]
    assert [each.field for each in story.last.differences] == (["policy_set"] if decision == "ask" else [])


def test_whoever_has_it_sent_again_does_so_under_the_terms_of_then() -> None:
    asked = given(*IN_DOUBT).when(second(policy_set="q" * 64, request_digest="other"))
    outcome = asked.last.approval
    story = asked.ordered(ReportOutcome(approval=outcome, by="bob", outcome="send-again"), TWO_DAYS_ON)
    owed = story.owed()
    assert isinstance(owed, SendCall) and owed.approved is not None
    assert (owed.attempt, owed.request.digest, owed.approved.policy_set) == (2, "other", "q" * 64)
    assert owed.approved.expires_at > TWO_DAYS_ON
    later = replace(second(policy_set="q" * 64, request_digest="other"))
    story.when(later, TWO_DAYS_ON).then().owes("call-1-1-a2")
    story.when(replace(later, rules=("rule", "more")), TWO_DAYS_ON).then_only(ApprovalRequested)


def test_a_second_verdict_that_says_the_same_lets_the_call_be_sent() -> None:
    story = given(*GRANTED).when(second()).then().owes("call-1-1-a1")
    story.when(attempted()).then(BudgetSpent(tool_calls=1)).owes("lapse-call-1-1-a1")


def test_rules_that_allow_it_by_now_need_no_approval() -> None:
    given(*GRANTED).when(second("allow", rules=("reads",), policy_set="q" * 64)).then().owes("call-1-1-a1")


def test_rules_that_allow_another_request_do_not_let_the_approved_one_pass() -> None:
    assert differing(second("allow", request_digest="other")) == ["request_digest"]


def test_a_second_verdict_that_denies_stops_the_call() -> None:
    story = given(*GRANTED).when(second("deny", reason="the shop is closed"))
    story.then_only(ReworkRequested, ModelCallRequested)
    assert "denied create_order after all: the shop is closed" in story.session.steps[0].instructions


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"request_digest": "other"}, "request_digest"),
        ({"policy_set": "q" * 64}, "policy_set"),
        ({"rules": ("rule", "another")}, "rules"),
        ({"demands": ("four-eyes",)}, "demands"),
        ({"withdrawn": "it was revoked"}, "standing"),
    ],
)
def test_anything_that_changed_asks_again_and_says_what(changed: dict[str, Any], field: str) -> None:
    assert differing(second(**changed)) == [field]


def test_an_approval_that_expired_before_it_was_used_asks_again() -> None:
    story = given(*GRANTED).when(second(), TWO_DAYS_ON).then_only(ApprovalRequested)
    assert [each.field for each in story.last.differences] == ["expires_at"]
    assert story.last.expires_at == TWO_DAYS_ON + timedelta(days=1)


def test_rules_that_ask_no_more_are_no_difference() -> None:
    asked = given(*JUDGING, replace(verdict("ask"), rules=("a", "b"), demands=("reason",)))
    story = asked.ordered(GrantApproval(approval=APPROVAL, by="bob", reason="due"))
    story.when(second(rules=("b",))).then().owes("call-1-1-a1")


def test_what_is_asked_again_is_allowed_under_its_new_terms_and_only_there() -> None:
    again = given(*GRANTED).when(second(policy_set="q" * 64))
    again.refuses(GrantApproval(approval=APPROVAL, by="ada"), NotPossible, f"decide on {AGAIN}")
    again.when(granted()).then()
    story = again.ordered(GrantApproval(approval=AGAIN, by="ada")).then_only(CallRequested)
    assert story.last.approved == terms(approval=AGAIN, policy_set="q" * 64)
    story.when(second(policy_set="q" * 64)).then().owes("call-1-1-a1")
    third = story.when(second(policy_set="r" * 64)).then_only(ApprovalRequested)
    assert (third.last.approval, third.last.supersedes) == (f"{APPROVAL}-3", AGAIN)


def test_a_request_that_was_built_otherwise_is_the_one_that_is_then_allowed() -> None:
    story = given(*GRANTED).when(second(request_digest="other")).ordered(GrantApproval(approval=AGAIN, by="ada"))
    assert story.last.request_digest == "other"
    owed = story.owed()
    assert isinstance(owed, SendCall) and owed.request.digest == "other"


def test_a_second_verdict_after_the_claim_changes_nothing() -> None:
    given(*GRANTED, attempted()).when(second("deny")).then()


def edited(by: str = "bob", reason: str = "one will do") -> GrantApproval:
    return GrantApproval(approval=APPROVAL, by=by, reason=reason, arguments=OTHER)


def test_arguments_that_a_human_changed_are_chosen_and_checked_anew() -> None:
    story = given(*ASKING).ordered(edited())
    story.then_only(CallWithdrawn, ReworkRequested, ToolChosen).owes("check-call-1-2")
    assert story.last.arguments == Sourced(value=OTHER, source="human:bob")
    assert story.last.consent.changed == (Difference(field="/body/quantity", before="", now="1"),)


def test_changed_arguments_that_the_rules_ask_about_were_allowed_by_who_changed_them() -> None:
    story = given(*ASKING).ordered(edited()).when(fits(round=2)).when(verdict("ask", round=2)).then_only(CallRequested)
    assert story.last.request_digest == request_digest(1, 2)
    assert (story.last.approved.approval, story.last.approved.request_digest) == (
        f"{SESSION}-call-1-2",
        request_digest(1, 2),
    )
    assert story.last.approved.arguments != terms().arguments


def test_changed_arguments_that_the_policy_denies_stay_denied() -> None:
    story = given(*ASKING).ordered(edited()).when(fits(round=2)).when(verdict("deny", round=2))
    story.then_only(ReworkRequested, ModelCallRequested)


@pytest.mark.parametrize(
    ("editor", "reason", "demand"), [("ada", "mine", "four-eyes"), ("bob", "", "reason")], ids=["eyes", "reason"]
)
def test_changed_arguments_are_asked_about_where_who_changed_them_may_not_allow_them(
    editor: str, reason: str, demand: Demand
) -> None:
    checked = given(*ASKING).ordered(edited(editor, reason)).when(fits(round=2))
    story = checked.when(demanding(demand, round=2)).then_only(ApprovalRequested)
    assert story.last.supersedes == APPROVAL
    fields = [each.field for each in story.last.differences]
    assert fields == ["arguments", "request_digest", "demands", "/body/quantity"]


def test_changed_arguments_are_judged_again_before_they_are_sent() -> None:
    story = given(*ASKING).ordered(edited()).when(fits(round=2)).when(verdict("ask", round=2))
    again = story.when(replace(verdict("ask", round=2), policy_set="q" * 64)).then_only(ApprovalRequested)
    assert again.last.approval == f"{SESSION}-call-1-2-2"


@pytest.mark.parametrize("command", [edited(), GrantApproval(approval=APPROVAL, by="ada")])
def test_an_answer_is_given_once(command: GrantApproval) -> None:
    given(*ASKING).ordered(command).refuses(command, NotFound, "was answered")


def test_an_answer_after_the_expiry_is_refused() -> None:
    given(*ASKING).refuses(edited(), NotPossible, "it expired", at=TWO_DAYS_ON)


def test_sessions_of_the_first_behaviour_ask_as_they_did() -> None:
    before = (goal(behaviour=1), *CHOSEN[1:], fits(), verdict("ask"))
    asked = given(*before)
    assert (asked.last.terms, asked.last.proof) == (None, "")
    asked.refuses(edited(), NotPossible, "before arguments could be changed")
    story = asked.ordered(GrantApproval(approval=APPROVAL, by="ada")).then_only(CallRequested)
    assert story.last.approved is None
    story.when(second("deny")).then().owes("call-1-1-a1")


def test_terms_that_are_as_they_were_do_not_drift() -> None:
    assert drift(terms(), terms(approval=AGAIN), NOW) == ()


def test_who_has_a_call_sent_again_that_nobody_had_to_allow_is_held_to_the_rules_of_then() -> None:
    doubted = given(*JUDGING, verdict(), attempted(), failed("unanswered"))
    order = ReportOutcome(approval=f"{SESSION}-outcome-1-1-1", by="bob", outcome="send-again")
    story = doubted.ordered(order, TWO_DAYS_ON)
    story.when(verdict(), TWO_DAYS_ON).then().owes("call-1-1-a2")
    story.when(verdict("deny"), TWO_DAYS_ON).then_only(CallDeadLettered, StepFailed, SessionFailed)
    again = story.when(replace(verdict("ask"), rules=("new",)), TWO_DAYS_ON).then_only(ApprovalRequested)
    assert ([each.field for each in again.last.differences], again.last.approval) == (["rules"], AGAIN)
    again.ordered(GrantApproval(approval=AGAIN, by="bob"), TWO_DAYS_ON).then_only(CallRequested).owes("call-1-1-a2")
