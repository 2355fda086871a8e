"""Decide what a dry run does in place of a call that it must not send: it says what would have been, and goes on."""

from collections.abc import Sequence

from domain.content import content
from domain.encoding import foreign
from domain.session.events import CallRehearsed, SessionConsequence, VerdictReached
from domain.session.state import Choice, Request, Session, Step
from domain.session.steps import accept


def is_rehearsed(state: Session, request: Request, verdict: VerdictReached) -> bool:
    """Tell whether a judged call is not sent: in a dry run, what may write, and what a human would be asked about."""
    return state.dry_run and (request.effect_class != "read" or verdict.decision == "ask")


def on_rehearsal(
    state: Session, step: Step, choice: Choice, request: Request, verdict: VerdictReached
) -> Sequence[SessionConsequence]:
    """Accept what stands in for the answer of a call that is not sent; nobody reviews what nobody said."""
    said = {"dryRun": True, "notSent": request.operation, "policy": verdict.decision, "request": request.digest}
    rehearsed = CallRehearsed(
        step=step.number,
        call=choice.call,
        tool=choice.tool,
        operation=request.operation,
        document=request.document,
        request_digest=request.digest,
        decision=verdict.decision,
        output=content(bytes(foreign(said))),
    )
    return (rehearsed, *accept(state, step))
