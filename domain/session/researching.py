"""Let a researcher's step take several calls that only read, one after another, before it states what it found.

Each of them is a call like any other, in a round of its own: it is chosen, checked, judged, perhaps asked about, sent
and answered by the same events, and named ``call-STEP-ROUND``. Only its answer is no result of the step. It is kept as
evidence, the next round begins, and the agent chooses again with all that it found before it: another call, while its
limit leaves one, or its findings, each with the calls that it rests on. Those rounds are nobody's rework, so they take
none from it.

A request whose answer the step has is not sent again. It is withdrawn, which takes one of the calls too: so nobody goes
in circles for ever. A call that is refused, in whatever way, takes one of them as well: why it was is evidence. Before
behaviour 3 it sent the step back as everywhere else. Where its agent's own limits leave nothing more, it is asked for
what it found so far.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from domain.content import Content
from domain.encoding import NULL
from domain.labels import GOAL
from domain.reviewing.claims import stated
from domain.session.events import (
    CallSucceeded,
    CallWithdrawn,
    ResultStated,
    ReworkRequested,
    SessionConsequence,
    Sourced,
    ToolChosen,
)
from domain.session.provenance import choice_label
from domain.session.replies import CONCLUDE, RESEARCH, ResearchReply, Unreadable, read_research
from domain.session.state import (
    Accepted,
    Asking,
    Calling,
    Checking,
    Choosing,
    Gathered,
    Judging,
    ModelCall,
    Session,
    Step,
)
from domain.session.steps import ask_for_choice

# What may still be called, and what may be named


def room(state: Session, step: Step) -> int:
    """Return how many calls a step's agent may still take in it."""
    return max(0, state.limits_of(step.plan.agent).research_calls - len(step.gathered))


def concludes(state: Session, step: Step, recipe: str) -> bool:
    """Tell whether a question asks a researcher only for what it found."""
    return recipe == CONCLUDE or (recipe == RESEARCH and not room(state, step))


def evidence(state: Session, step: Step) -> Mapping[str, Gathered]:
    """Return what a step's claims may rest on, by the names of the calls: its own, and those of what it was given."""
    given = [state.steps[number - 1] for number in step.plan.after]
    found = [each for other in given for each in (*other.gathered, *_result(other))]
    return {each.call: each for each in (*found, *step.gathered) if not each.repeats}


def says_something(found: Gathered) -> bool:
    """Tell what a tool said from why a call was refused that never was a request: that repeats what its agent said."""
    return not found.repeats and not (found.refused and not found.request_digest)


def _result(step: Step) -> tuple[Gathered, ...]:
    stage = step.stage
    if not isinstance(stage, Accepted):
        return ()
    result = Gathered(
        call=stage.call,
        tool=stage.tool,
        arguments=NULL,
        request_digest="",
        output=stage.output,
        source=stage.source,
        label=stage.label,
    )
    return (result,)


# What an answer leads to


def gathers(state: Session, step: Step, answer: CallSucceeded) -> bool:
    """Tell whether an answer is evidence and no result; one that was denied is neither."""
    return state.researches(step.plan.agent) and not state.denial_of(answer.call, answer.attempt)


def with_answer(step: Step, called: Calling | Asking, answer: CallSucceeded) -> Step:
    """Return a step whose call was answered, in its next round."""
    found = Gathered(
        call=answer.call,
        tool=called.choice.tool,
        arguments=called.choice.arguments.value,
        request_digest=called.request.digest,
        output=answer.output,
        source=answer.source,
        label=answer.label,
        mismatches=answer.mismatches,
    )
    return _with(step, found)


def _with(step: Step, found: Gathered) -> Step:
    return replace(step, stage=Choosing(), round=step.round + 1, gathered=(*step.gathered, found))


def refused(state: Session, event: ReworkRequested) -> Session:
    """Keep why a call of a step was refused as something it found, and begin its next round."""
    step = state.step(event.step)
    if step is None or not isinstance(step.stage, Checking | Judging | Asking | Calling):
        return state
    choice = step.stage.choice
    found = Gathered(
        call=choice.call,
        tool=choice.tool,
        arguments=choice.arguments.value,
        request_digest="" if isinstance(step.stage, Checking) else step.stage.request.digest,
        output=Content(text=event.instructions, size=len(event.instructions.encode())),
        source=f"tool:{choice.tool}",
        label=state.seen or GOAL,  # it may repeat what a tool said
        refused=True,
    )
    return state.with_step(replace(_with(step, found), round=event.round, instructions=""))


def on_answer(state: Session, call: str) -> Sequence[SessionConsequence]:
    """Ask a step's agent again behind the call that was answered last."""
    for step in state.open_steps:
        if step.stage == Choosing() and step.gathered and step.gathered[-1].call == call:
            return (ask_for_choice(state, step.number, step.round, step.plan.agent),)
    return ()


# What is not asked twice


def spared(state: Session, step: Step) -> Sequence[SessionConsequence]:
    """Withdraw a request whose answer the step has, and ask its agent again."""
    earlier = _earlier(state, step)
    if not earlier:
        return ()
    reason = f"it is the same as {earlier.call}, whose answer is known"
    again = ask_for_choice(state, step.number, step.round + 1, step.plan.agent)
    return (CallWithdrawn(call=step.stage.awaits, reason=reason), again)


def withdrawn(state: Session, event: CallWithdrawn) -> Session:
    """Keep that a call was not made, and begin its step's next round."""
    step = state.step_awaiting(event.call)
    earlier = _earlier(state, step) if step else None
    if step is None or earlier is None or not isinstance(step.stage, Judging):
        return state  # the step is told otherwise what becomes of it
    choice, request = step.stage.choice, step.stage.request
    spared = Gathered(
        call=choice.call,
        tool=choice.tool,
        arguments=choice.arguments.value,
        request_digest=request.digest,
        repeats=earlier.call,
    )
    return state.with_step(_with(step, spared))


def _earlier(state: Session, step: Step) -> Gathered | None:
    """Return the call that made the very request that is to be judged now."""
    if not step.gathered or not isinstance(step.stage, Judging):
        return None
    request = step.stage.request.digest
    return next((each for each in step.gathered if each.request_digest == request and not each.repeats), None)


# What the agent says


def chosen(state: Session, step: Step, model: ModelCall, reply: Content) -> SessionConsequence:
    """Choose the next call, or state what was found; raise Unreadable."""
    said = read_research(reply)
    call = f"call-{step.number}-{step.round}"
    if said.findings:
        _refuse_unknown(state, step, said)
        return ResultStated(step=step.number, call=call, output=stated(said.findings), label=choice_label(state, step))
    if concludes(state, step, model.recipe):
        raise Unreadable(f"all {len(step.gathered)} calls of this step are made: state what you found")
    arguments = Sourced(value=said.arguments, source=f"model:{model.id}")
    return ToolChosen(step=step.number, call=call, tool=said.tool, arguments=arguments)


def _refuse_unknown(state: Session, step: Step, said: ResearchReply) -> None:
    known = evidence(state, step)
    for number, claim in enumerate(said.findings, 1):
        unknown = [call for call in claim.calls if call not in known]
        if unknown:
            among = f"name some of {', '.join(known)}" if known else "none was made yet"
            raise Unreadable(f"finding {number} rests on {unknown[0][:100]!r}, but there is no such call: {among}")
