"""Apply what happens to the steps of a plan, from the plan itself to the end of each."""

from msgspec.structs import replace

from domain.session import filtering, mending, researching
from domain.session.events import (
    DescriptionRequested,
    PlanProposed,
    ResultChecked,
    ResultStated,
    ReworkRequested,
    StepAccepted,
    StepFailed,
    StepStarted,
    ToolChosen,
    ToolDescribed,
)
from domain.session.state import (
    Accepted,
    Checking,
    Choice,
    Choosing,
    Describing,
    Executing,
    Failed,
    Inspecting,
    Planning,
    Reviewing,
    Session,
    Step,
    StepStage,
    Told,
    Waiting,
)


def planned(state: Session, event: PlanProposed) -> Session:
    """Begin to execute a plan, none of whose steps has started."""
    if not isinstance(state.stage, Planning):
        return state
    steps = tuple(Step(number=number, plan=plan, stage=Waiting()) for number, plan in enumerate(event.steps, 1))
    return replace(state, stage=Executing(), steps=steps)


def started(state: Session, event: StepStarted) -> Session:
    """Open a step."""
    if state.step(event.step) is None or event.step in state.open:
        return state
    return staged(replace(state, open=(*state.open, event.step)), event.step, Choosing())


def asked_for_more(state: Session, event: DescriptionRequested) -> Session:
    """Look up more of a tool."""
    return staged(state, event.step, Describing(call=event.call, tool=event.tool, at=event.at))


def told(state: Session, event: ToolDescribed) -> Session:
    """Tell a step's agent more of a tool, and let it choose again."""
    step = state.step(event.step)
    if step is None or not isinstance(step.stage, Describing) or step.stage.call != event.call:
        return state
    more = Told(tool=event.tool, at=event.at, text=filtering.told(state, event))
    return state.with_step(replace(step, stage=Choosing(), told=(*step.told, more)))


def chosen(state: Session, event: ToolChosen) -> Session:
    """Hold a choice against its operation."""
    choice = Choice(
        call=event.call,
        tool=event.tool,
        arguments=event.arguments,
        consent=event.consent,
        earlier=event.earlier,
    )
    return staged(mending.chosen(state, event), event.step, Checking(choice=choice))


def stated(state: Session, event: ResultStated) -> Session:
    """Review what an agent states without another call."""
    result = Inspecting(call=event.call, tool="", output=event.output, source="model", label=event.label)
    return staged(state, event.step, result)


def inspected(state: Session, event: ResultChecked) -> Session:
    """Keep what code found in a result for the model that reviews it next."""
    step = state.step_awaiting(event.call)
    if not event.findings or step is None or not isinstance(step.stage, Inspecting):
        return state
    return state.with_stage(step, replace(step.stage, findings=event.findings))


def accepted(state: Session, event: StepAccepted) -> Session:
    """Let a result stand, and its step end."""
    step = state.step(event.step)
    match step.stage if step else None:
        case (
            Inspecting(call=call, tool=tool, output=output, source=source, label=label)
            | Reviewing(call=call, tool=tool, output=output, source=source, label=label)
        ):
            stands = Accepted(call=call, tool=tool, output=output, source=source, label=label)
            return closed(staged(state, event.step, stands), event.step)
        case _:
            return state


def reworked(state: Session, event: ReworkRequested) -> Session:
    """Let a step's agent choose in another round."""
    if event.counted:
        return researching.refused(state, event)
    step = state.step(event.step)
    if step is None:
        return state
    return state.with_step(replace(step, stage=Choosing(), round=event.round, instructions=event.instructions))


def failed(state: Session, event: StepFailed) -> Session:
    """End a step without a result."""
    return closed(staged(state, event.step, Failed(reason=event.reason)), event.step)


def staged(state: Session, number: int, stage: StepStage) -> Session:
    """Move the step of this number, if there is one, to another stage."""
    step = state.step(number)
    return state.with_stage(step, stage) if step else state


def closed(state: Session, number: int) -> Session:
    """Wait no longer for the end of a step."""
    return replace(state, open=tuple(other for other in state.open if other != number))
