"""Follow where values come from: what a session has read, what a model put into words, and what a call is made of.

A model's words come from all that its question showed it. What the plan bound does not, nor does what a human wrote.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from domain.catalog.events import Tool
from domain.catalog.sinks import Argument, Sinks, sinks_of
from domain.encoding import parse
from domain.labels import (
    GOAL,
    UNKNOWN,
    ArgumentLabel,
    InPlan,
    Label,
    Provenance,
    from_source,
    human,
    joined,
)
from domain.pointers import pointer, tokens
from domain.session.events import CallFailed, CallSucceeded
from domain.session.slots import binds_slots
from domain.session.state import Accepted, Calling, Choice, Failed, Session, Step


def heard(state: Session, event: CallSucceeded | CallFailed) -> Session:
    """Return a session that was told something by a tool: an answer, or why there is none."""
    if isinstance(event, CallSucceeded):
        label = event.label
    else:
        step = state.step_awaiting(event.call) if binds_slots(state) else None
        calling = step.stage if step else None
        label = Label(sources=(f"tool:{calling.choice.tool}",)) if isinstance(calling, Calling) else None
    if label is None:
        return state
    return replace(state, seen=joined([state.seen, label] if state.seen else [label]))


def choice_label(state: Session, step: Step) -> Label:
    """Label what an agent says in a step: it was shown the goal, memories, what was found, and why it is asked again.

    Why it is asked again may repeat what a tool or a reviewer said, so it counts as all that the session has read.
    """
    shown = [GOAL, *(_output_label(state, number) for number in step.plan.after)]
    shown += [each.label or UNKNOWN for each in step.gathered if not each.repeats]
    if step.recalled:
        shown.append(step.recalled)
    if step.round > 1 and state.seen:
        shown.append(state.seen)
    return from_source(joined(shown), f"model:choose-{step.number}-{step.round}")


def answer_label(state: Session) -> Label:
    """Label the answer to the goal: it is written from the goal and every step's result."""
    results = (_output_label(state, step.number) for step in state.steps)
    return from_source(joined([GOAL, *results]), "model:answer")


def _output_label(state: Session, number: int) -> Label:
    stage = state.steps[number - 1].stage
    return (stage.label if isinstance(stage, Accepted) else None) or UNKNOWN


def provenance(state: Session, choice: Choice, tool: Tool, *, reads: bool) -> Provenance:
    """Return where a call that a step waits for comes from; of one that none waits for, nothing is known."""
    step = state.step_awaiting(choice.call)
    if step is None:
        return Provenance()
    words = choice_label(state, step)
    sinks = sinks_of(tool, parse(bytes(choice.arguments.value)), reads=reads)
    labelled = tuple(_arguments(choice, words, sinks))
    return Provenance(
        arguments=labelled,
        label=joined(each.label for each in labelled) if labelled else words,
        seen=state.seen or GOAL,
        plan=_in_plan(state, step, choice, reads=reads),
        bound=all(each.bound for each in labelled if each.sink),
        sends=sinks.sends,
    )


def _arguments(choice: Choice, words: Label, sinks: Sinks) -> Iterator[ArgumentLabel]:
    """Label each argument that a call gives, by everything inside it."""
    kind, _, who = choice.arguments.source.partition(":")
    filled = {tokens(slot.argument): slot.label for slot in choice.filled}
    by_argument: dict[str, list[tuple[Argument, Label]]] = {}
    for each in sinks.arguments:
        label = human(who) if kind == "human" else _filled(filled, each.path, words)
        by_argument.setdefault(pointer(*each.path[:2]), []).append((each, label))
    for argument, parts in by_argument.items():
        deciding = [label for part, label in parts if part.sink]
        yield ArgumentLabel(
            argument=argument,
            label=joined(label for _, label in parts),
            sink=bool(deciding),
            bound=all(_binds(label) for label in deciding or [label for _, label in parts]),
        )


def _filled(filled: Mapping[tuple[str, ...], Label], path: Sequence[str], words: Label) -> Label:
    return next((label for bound, label in filled.items() if tuple(path[: len(bound)]) == bound), words)


def _binds(label: Label) -> bool:
    """Tell whether a value is the word of the goal, a human or a trusted output, and no model's."""
    return label.trusted and not any(source.startswith("model:") for source in label.sources)


def _wrote(state: Session) -> bool:
    """Tell whether a step in whose place another was planned may have changed something, which that would do again."""
    doubted = {setback.step for setback in state.setbacks}  # a reviewer may have been talked into it
    return any(step.wrote for step in state.steps if isinstance(step.stage, Failed) or step.number in doubted)


def _in_plan(state: Session, step: Step, choice: Choice, *, reads: bool) -> InPlan:
    """Tell whether a call is the one that its step's plan names, with all that the plan bound, for the first time.

    What a human edited, he vouches for: only the tool must be the one that was planned.
    """
    if not any(each.plan.tool for each in state.steps):
        return "open"
    if reads and not step.plan.tool and state.researches(step.plan.agent):
        return "open"  # which reads a researcher takes is what such a step leaves to it
    whole = choice.arguments.source.startswith("human:") or len(choice.filled) == len(step.plan.slots)
    again = step.stage.repeats if isinstance(step.stage, Calling) else step.sent  # its own attempts are no other call
    named = step.plan.tool == choice.tool and whole and (reads or not (again or _wrote(state)))
    return "inside" if named else "outside"
