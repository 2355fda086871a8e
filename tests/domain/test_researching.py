"""A researcher takes several calls that read in one step, one after another, and says what each claim rests on."""

from msgspec.structs import replace

from domain.agents import AgentLimits
from domain.catalog.defaults import DEFAULT_AGENTS
from domain.catalog.state import Document, Snapshot
from domain.encoding import parse
from domain.labels import Label
from domain.session.effects import AskModel, CheckResult
from domain.session.events import (
    ArgumentsChecked,
    BudgetSpent,
    CallRequested,
    CallWithdrawn,
    ContentFiltered,
    Limits,
    ModelCallRequested,
    ModelRetryScheduled,
    OutcomeReported,
    ResultStated,
    ReworkRequested,
    SessionFact,
    SessionFailed,
    StepFailed,
    ToolChosen,
)
from domain.session.forms import reply_form
from domain.session.prompt import prompt
from domain.session.provenance import choice_label, provenance
from domain.session.researching import says_something
from domain.session.state import Accepted, Checking, Inspecting
from tests.domain.story import (
    RESEARCHER,
    TEAM,
    Story,
    attempted,
    chooses,
    failed,
    fits,
    given,
    goal,
    looked,
    replied,
    request_digest,
    reviewed,
    succeeded,
    verdict,
)
from tests.domain.test_prompt import tool

CATALOG = Snapshot(
    agents=tuple(DEFAULT_AGENTS.values()),
    documents=(
        Document(
            api="shop", document="d", base_url="http://localhost", tools=(replace(tool("look"), effect_class="read"),)
        ),
    ),
)
PLAN = '{"steps": [{"goal": "find out", "agent": "researcher"}, {"goal": "order it", "after": [1]}]}'
MUG = '{"name": "mug", "price": 4.2}'
CUP = '{"name": "cup", "price": 3}'


def begun(limits: Limits | None = None, own: AgentLimits | None = None) -> Story:
    """Begin a story whose first step is a researcher's."""
    team = (*TEAM, replace(RESEARCHER, limits=own))
    return given(goal(agents=team, limits=limits or Limits()), replied("plan", PLAN))


def called(story: Story, round: int, *, text: str = MUG, label: Label | None = None) -> Story:
    """Let the researcher's call of a round be made and answered."""
    answered = replace(succeeded(round=round, text=text), label=label)
    for fact in (
        chooses(round=round),
        fits(round=round, repeatable=True),
        verdict(round=round),
        attempted(round=round),
    ):
        story = story.when(fact)
    return story.when(answered)


def finds(*findings: str, round: int) -> SessionFact:
    """Let the researcher state what it found."""
    return replied(f"choose-1-{round}", f'{{"findings": [{", ".join(findings)}]}}')


def claim(text: str, *calls: str) -> str:
    named = ", ".join(f'"{call}"' for call in calls)
    return f'{{"claim": "{text}", "calls": [{named}]}}'


def asked(story: Story) -> str:
    effect = story.owed()
    assert isinstance(effect, AskModel)
    return prompt(story.session, effect.model, CATALOG).messages[1].text


# Several calls


def test_an_answer_is_evidence_and_the_researcher_chooses_again() -> None:
    story = called(begun(), 1)
    again = ModelCallRequested(call="choose-1-2", purpose="choose", agent="researcher", recipe="research.v1", step=1)
    story.then(again).owes("choose-1-2-m1")
    story.when(chooses(round=2)).then_only(BudgetSpent, ToolChosen).owes("check-call-1-2")


def test_an_executor_still_takes_one_call() -> None:
    story = given(goal(), replied("plan", PLAN.replace("researcher", "executor")))
    assert isinstance(called(story, 1).session.steps[0].stage, Inspecting)


def test_each_question_shows_what_all_calls_so_far_answered() -> None:
    story = called(called(begun(), 1), 2, text=CUP)
    text = asked(story)
    assert f'ANSWER of call-1-1, create_order {{"body": {{}}}}\n{MUG}' in text
    assert f'ANSWER of call-1-2, create_order {{"body": {{}}}}\n{CUP}' in text
    assert "up to 6 more calls" in text and text.endswith("TASK purpose=choose step=1 round=3 attempt=1")


def test_retries_are_those_of_every_call() -> None:
    story = begun().when(chooses()).when(fits(repeatable=True)).when(verdict()).when(attempted())
    story = story.when(failed("server-error")).owes("call-1-1-a2").when(attempted(2)).when(succeeded(2))
    story.owes("choose-1-2-m1")


def denied(story: Story, round: int) -> Story:
    """Let the researcher's call of a round be denied."""
    return story.when(chooses(round=round)).when(fits(round=round)).when(verdict("deny", round=round))


def test_a_call_that_is_refused_is_shown_as_something_that_it_found() -> None:
    story = denied(called(begun(), 1), 2).then_only(ReworkRequested, ModelCallRequested)
    assert 'NO ANSWER of call-1-2, create_order {"body": {}}\nIt was refused: the policy denied' in asked(story)
    assert MUG in asked(story) and "up to 6 more calls" in asked(story) and "not right" not in asked(story)
    story = story.when(finds(claim("Orders cannot be seen.", "call-1-2"), round=3))
    story.then_only(BudgetSpent, ResultStated)


def test_why_a_call_fits_no_schema_is_shown_and_supports_no_claim() -> None:
    misfit = ArgumentsChecked(call="call-1-2", operation="POST /x", document="d", problems=("'O-999' is no number",))
    story = called(begun(), 1).when(chooses(round=2)).when(misfit)
    assert "O-999" in asked(story)
    story = denied(story, 3)
    told = {each.call: says_something(each) for each in story.session.steps[0].gathered}
    assert told == {"call-1-1": True, "call-1-2": False, "call-1-3": True}


def test_a_call_that_was_refused_is_not_tried_again() -> None:
    again = replace(fits(round=2), request_digest=request_digest(1, 1))
    story = denied(begun(), 1).when(chooses(round=2)).when(again)
    story.then_only(CallWithdrawn, ModelCallRequested)
    assert "It was not made: it is the same as call-1-1." in asked(story)


def test_what_a_tool_says_in_a_refusal_labels_what_comes_after() -> None:
    story = begun().when(chooses()).when(fits()).when(verdict()).when(attempted()).when(failed("rejected"))
    story.then_only(ReworkRequested, ModelCallRequested)
    label = choice_label(story.session, story.session.steps[0])
    assert not label.trusted and "tool:create_order" in label.sources


def test_calls_that_answer_or_are_refused_take_no_round_from_the_rework() -> None:
    story = begun(Limits(rework_rounds=1, research_calls=4))
    story = denied(denied(called(called(story, 1), 2), 3), 4)
    assert "State now what you found" in asked(story)
    for round_ in (5, 6):
        story = story.when(finds(claim("A mug.", "call-1-1"), round=round_)).when(looked("wrong", round=round_))
    assert "after 2 rounds" in story.then_only(StepFailed, SessionFailed).last.reason


def test_before_behaviour_3_a_call_that_is_refused_sends_the_step_back() -> None:
    team = (*TEAM, RESEARCHER)
    story = given(goal(agents=team, limits=Limits(rework_rounds=1), behaviour=2), replied("plan", PLAN))
    story = denied(called(story, 1), 2).then_only(ReworkRequested, ModelCallRequested)
    assert "The last round was not right: the policy denied" in asked(story) and MUG in asked(story)
    assert "after 2 rounds" in denied(story, 3).then_only(StepFailed, SessionFailed).last.reason


def test_an_answer_that_a_filter_denied_is_no_evidence() -> None:
    story = begun().when(chooses()).when(fits()).when(verdict()).when(attempted())
    denied = ContentFiltered(place="output", call="call-1-1", attempt=1, filter="odd", decision="deny", reason="odd")
    story.when(denied).when(succeeded()).then_only(StepFailed, SessionFailed)


def test_a_person_who_says_that_a_call_happened_lets_the_researcher_go_on() -> None:
    story = begun().when(chooses()).when(fits()).when(verdict()).when(attempted()).when(failed("unanswered"))
    approval = story.last.approval
    happened = OutcomeReported(call="call-1-1", approval=approval, outcome="happened", by="ada", reason="seen")
    story.when(happened).owes("choose-1-2-m1")


def test_a_late_answer_asks_nobody_again() -> None:
    story = called(begun(), 1)
    story.when(succeeded()).then().owes("choose-1-2-m1")
    assert story.when(succeeded()).session.late_answers == 1


# Bounds


def test_behind_its_last_call_the_researcher_must_conclude() -> None:
    story = called(called(begun(Limits(research_calls=2)), 1), 2)
    assert "All calls that this step may take are made" in asked(story) and "TOOLS" not in asked(story)
    effect = story.owed()
    assert isinstance(effect, AskModel) and reply_form(story.session, effect.model, CATALOG).tools == ()
    story = story.when(chooses(round=3)).then_only(BudgetSpent, ModelRetryScheduled)
    assert story.last.fault == "all 2 calls of this step are made: state what you found"


def test_an_agents_own_limit_bounds_its_calls_too() -> None:
    story = called(begun(own=AgentLimits(research_calls=1)), 1)
    assert "All calls that this step may take are made" in asked(story)


def test_a_request_whose_answer_is_known_is_not_made_again() -> None:
    story = called(begun(Limits(research_calls=2)), 1).when(chooses(round=2))
    story = story.when(replace(fits(round=2), request_digest=request_digest()))
    story.then_only(CallWithdrawn, ModelCallRequested).owes("choose-1-3-m1")
    assert story.consequences[0] == CallWithdrawn(
        call="call-1-2", reason="it is the same as call-1-1, whose answer is known"
    )
    assert "It was not made: it is the same as call-1-1." in asked(story)
    assert "All calls that this step may take are made" in asked(story)


# Findings


def test_findings_become_the_steps_output_with_the_calls_that_they_rest_on() -> None:
    story = called(called(begun(), 1), 2).when(finds(claim("A mug costs 4.20.", "call-1-1", "call-1-2"), round=3))
    story.then_only(BudgetSpent, ResultStated)
    effect = story.owed()
    assert isinstance(effect, CheckResult) and effect.id == "inspect-call-1-3"
    expected = {"findings": [{"claim": "A mug costs 4.20.", "calls": ["call-1-1", "call-1-2"]}]}
    assert parse(effect.output.text) == expected
    story = story.when(looked(round=3)).when(reviewed(round=3))
    assert isinstance(story.session.steps[0].stage, Accepted)
    assert "RESULT of step 1 (find out), from model" in asked(story)


def test_a_reference_to_no_call_is_sent_back_with_the_calls_there_are() -> None:
    story = called(begun(), 1).when(finds(claim("A mug costs 4.20.", "call-1-7"), round=2))
    story.then_only(BudgetSpent, ModelRetryScheduled)
    assert story.last.fault == "finding 1 rests on 'call-1-7', but there is no such call: name some of call-1-1"


def test_a_call_that_was_not_made_is_no_reference() -> None:
    story = called(begun(), 1).when(chooses(round=2)).when(replace(fits(round=2), request_digest=request_digest()))
    story.when(finds(claim("It is so.", "call-1-2"), round=3)).then_only(BudgetSpent, ModelRetryScheduled)


def test_findings_may_rest_on_what_the_step_was_given() -> None:
    both = '{"steps": [{"goal": "look"}, {"goal": "find out", "agent": "researcher", "after": [1]}]}'
    story = given(goal(agents=(*TEAM[:2], RESEARCHER)), replied("plan", both))
    for fact in (chooses(), fits(), verdict(), attempted(), succeeded(text=MUG), looked()):
        story = story.when(fact)
    assert "from tool:create_order, call-1-1\n" in asked(story)
    stated = replied("choose-2-1", f'{{"findings": [{claim("A mug costs 4.20.", "call-1-1")}]}}')
    story.when(stated).then_only(BudgetSpent, ResultStated)


def test_words_without_findings_are_no_result_of_a_researcher() -> None:
    begun().when(replied("choose-1-1", '{"result": "mugs are cheap"}')).then_only(BudgetSpent, ModelRetryScheduled)


def test_the_reviewer_sees_what_the_calls_answered_and_may_have_more_looked_for() -> None:
    story = called(begun(), 1).when(finds(claim("A mug costs 4.20.", "call-1-1"), round=2)).when(looked(round=2))
    assert f"{MUG}\n\nRESULT of the agent\n" in asked(story)
    story = story.when(reviewed("rework", "look at cups too", round=2))
    story.then_only(BudgetSpent, ReworkRequested, ModelCallRequested)
    assert MUG in asked(story) and "up to 7 more calls" in asked(story)
    called(story, 3, text=CUP).owes("choose-1-4-m1")


# Labels


def test_whatever_a_call_answered_labels_the_next_call_and_the_findings() -> None:
    public, secret = Label(sources=("tool:a",), trusted=True, private=False), Label(sources=("tool:b",))
    story = called(called(begun(), 1, label=secret), 2, label=public)
    label = choice_label(story.session, story.session.steps[0])
    assert (label.trusted, label.private) == (False, True) and {"tool:a", "tool:b"} <= set(label.sources)
    stated = story.when(finds(claim("It is public.", "call-1-2"), round=3)).last.label
    assert stated == label  # though it names the public call alone


def test_an_answer_of_which_nothing_is_known_is_neither_trusted_nor_public() -> None:
    story = called(begun(), 1)
    label = choice_label(story.session, story.session.steps[0])
    assert (label.trusted, label.private) == (False, True)


def test_sessions_of_the_first_behaviour_take_one_call() -> None:
    team = (*TEAM, RESEARCHER)
    story = given(goal(agents=team, behaviour=1), replied("plan", PLAN))
    assert isinstance(called(story, 1).session.steps[0].stage, Inspecting)
    assert not any(isinstance(each, CallRequested) for each in story.consequences)


# What the plan leaves open


def in_plan(plan: str, *, reads: bool = True) -> str:
    """Tell how a researcher's first call stands to a plan."""
    story = given(goal(agents=(*TEAM, RESEARCHER)), replied("plan", plan), chooses("look"))
    stage = story.session.steps[0].stage
    assert isinstance(stage, Checking)
    return provenance(story.session, stage.choice, tool("look"), reads=reads).plan


def test_a_plan_that_names_no_tool_for_a_researchers_step_leaves_its_reads_open() -> None:
    mixed = PLAN.replace('"order it"', '"order it", "tool": "create_order"')
    assert (in_plan(mixed), in_plan(mixed, reads=False)) == ("open", "outside")
    assert in_plan(mixed.replace('"researcher"', '"executor"')) == "outside"
    assert in_plan(mixed.replace('"agent"', '"tool": "other", "agent"')) == "outside"


def test_a_researcher_is_told_what_the_plan_reads_from_its_findings() -> None:
    slot = '{"argument": "/body/sku", "step": 1, "pointer": "/findings/0/value"}'
    story = given(
        goal(agents=(*TEAM, RESEARCHER)),
        replied("plan", PLAN.replace('"order it"', f'"order it", "tool": "create_order", "slots": [{slot}]')),
    )
    assert "THE PLAN READS FROM YOUR FINDINGS\n- /findings/0/value for /body/sku of create_order" in asked(story)
