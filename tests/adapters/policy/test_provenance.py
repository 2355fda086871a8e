"""Whatever a call looks like, what may not be trusted leads it nowhere: the default set on cases without number."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.policy.cedar import DEFAULT, SHIPPED, CedarJudge
from domain.catalog.events import Tool
from domain.content import content
from domain.encoding import foreign
from domain.labels import GOAL, UNKNOWN, ArgumentLabel, FilledSlot, Label, Provenance
from domain.session.events import EffectClass, PlannedStep, Slot, Sourced
from domain.session.provenance import provenance
from domain.session.state import Accepted, Checking, Choice, Executing, Session, Step
from tests.adapters.policy.cases import case
from tests.domain.story import given as story
from tests.domain.story import goal

JUDGE = CedarJudge()
EFFECTS: list[EffectClass] = ["read", "idempotent-write", "write", "destructive"]
NAMES = ["to", "recipient", "url", "file_id", "text", "subject", "amount", "start_day", "colour", "channel", "note"]
TOOL_NAMES = ["send_mail", "get_page", "add", "read_mail", "share_file", "update"]
LABELS = st.builds(
    Label,
    sources=st.sampled_from([("goal",), ("tool:get_day",), ("tool:mail",), ("human:ada",), ("model:plan",)]),
    trusted=st.sampled_from([True, True, False]),
    private=st.booleans(),
)
VALUES: st.SearchStrategy[Any] = st.sampled_from(
    ["x", "ann@example.com", 5, True, ["a", "b"], {"address": "a"}, "", None]
)


@st.composite
def sessions(draw: st.DrawFn) -> tuple[Session, Choice, Tool, EffectClass]:
    """Draw a session whose agent, having read an answer that others wrote, makes any call."""
    body = draw(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
    effect, name = draw(st.sampled_from(EFFECTS)), draw(st.sampled_from(TOOL_NAMES))
    slots = draw(st.lists(st.sampled_from(sorted(body) or NAMES), unique=True, max_size=3))
    left_out = draw(st.sampled_from([(), (), (), tuple(slots[:1])]))
    filled = tuple(FilledSlot(argument=f"/body/{each}", label=draw(LABELS)) for each in slots if each not in left_out)
    planned = PlannedStep(
        goal="g",
        agent="executor",
        after=(1,),
        tool=draw(st.sampled_from([name, name, name, "another", ""])),
        slots=tuple(Slot(argument=f"/body/{each}", step=1) for each in slots),
    )
    choice = Choice(
        call="call-2-1", tool=name, arguments=Sourced(value=foreign({"body": body}), source="model:x"), filled=filled
    )
    read = Accepted(call="call-1-1", tool="mail", output=content(b"{}"), source="tool:mail", label=UNKNOWN)
    steps = (
        Step(number=1, plan=PlannedStep(goal="r", agent="executor", tool="mail"), stage=read),
        Step(number=2, plan=planned, stage=Checking(choice=choice), sent=draw(st.sampled_from([False, False, True]))),
    )
    state = replace(story(goal()).session, stage=Executing(), steps=steps, open=(2,), seen=UNKNOWN)
    tool = Tool(
        name=name, api="a", operation="POST /x", document="d", description="", effect_class=effect, repeatable=False
    )
    return state, choice, tool, effect


def bound_to(choice: Choice, argument: str) -> Label | None:
    """Return the label of what the plan bound an argument to, if it did."""
    return next((slot.label for slot in choice.filled if slot.argument == argument), None)


@given(sessions())
@settings(max_examples=1_500, deadline=None)
def test_no_untrusted_value_decides_where_an_allowed_call_goes(
    drawn: tuple[Session, Choice, Tool, EffectClass],
) -> None:
    state, choice, tool, effect = drawn
    seen = provenance(state, choice, tool, reads=effect == "read")
    ruling = JUDGE.judge(DEFAULT, case("POST /x", effect, provenance=seen))
    if ruling.decision != "allow":
        return
    assert effect != "destructive"
    for each in seen.arguments:
        label = bound_to(choice, each.argument)
        if each.sink:
            assert label and label.trusted
            # A planner that was shown nothing but the goal may say what is read, and not whom a write reaches.
            assert effect == "read" or not label.sources[0].startswith("model:")
    if effect != "read":
        step = state.steps[1]
        assert (step.plan.tool, step.sent, len(choice.filled)) == (choice.tool, False, len(step.plan.slots))


@given(st.sampled_from(EFFECTS), st.sampled_from(SHIPPED), st.builds(Provenance, sends=st.booleans()))
@settings(max_examples=100, deadline=None)
def test_of_what_nothing_is_known_nothing_is_allowed(effect: EffectClass, policy_set: Any, seen: Provenance) -> None:
    assert JUDGE.judge(policy_set, case("POST /x", effect, provenance=seen)).decision != "allow"


def test_a_rule_reads_the_label_of_an_argument_that_its_set_declares() -> None:
    rules = """
    // argument body.amount integer
    @id("all") permit (principal, action, resource);
    @id("amount") forbid (principal, action, resource)
    when { context.labels.body has amount && !context.labels.body.amount.trusted };
    """
    policy_set = type(DEFAULT)(name="amounts", text=rules)
    for label, decision in ((GOAL, "allow"), (UNKNOWN, "deny")):
        seen = Provenance(arguments=(labelled(label),))
        ruling = JUDGE.judge(policy_set, case("POST /x", "write", arguments={"body": {"amount": 5}}, provenance=seen))
        assert ruling.decision == decision, ruling.reason


def labelled(label: Label) -> ArgumentLabel:
    """Label the amount."""
    return ArgumentLabel(argument="/body/amount", label=label)
