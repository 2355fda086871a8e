"""Decide what becomes of a session that goes on with another revision of an API.

What a model is being asked is asked anew, for it chooses out of the tools that its prompt names. A call that was chosen
but not requested yet is taken back and chosen again word for word: it is checked, judged and, where the policy asks,
approved as the request that it makes now, under names of its own, so that no answer to the old question can reach it.
A call that is owed belongs to the revision that it was requested in: while there is one, the session stays.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from domain.errors import NotPossible, Stale
from domain.session.commands import MigrateCatalog
from domain.session.events import (
    CatalogMigrated,
    ModelRetryScheduled,
    SessionConsequence,
)
from domain.session.state import (
    Asking,
    Calling,
    Checking,
    Choosing,
    Executing,
    Judging,
    ModelCall,
    Planning,
    Session,
    Step,
)
from domain.session.steps import choose_again


def owed_calls(state: Session) -> tuple[str, ...]:
    """Name the calls that were requested and have no answer yet."""
    return tuple(step.stage.choice.call for step in state.open_steps if isinstance(step.stage, Calling))


def admit_migration(state: Session, command: MigrateCatalog) -> CatalogMigrated:
    """Return the fact that a migration becomes; raise Stale, NotPossible."""
    if command.catalog == state.catalog:
        raise NotPossible(f"Expected a session with another catalogue, but this one uses {command.catalog} already.")
    if command.before != state.catalog:
        raise Stale(f"Expected the catalogue {command.before}, but the session uses {state.catalog} by now: try again.")
    owed = owed_calls(state)
    if owed:
        raise NotPossible(
            f"Expected no call that is owed, but {', '.join(owed)} was requested and has no answer yet: "
            "try again when it has."
        )
    return CatalogMigrated(
        api=command.api,
        document=command.document,
        catalog=command.catalog,
        before=command.before,
        by=command.by,
        reason=command.reason,
    )


def on_migration(state: Session, fact: CatalogMigrated, at: datetime) -> Sequence[SessionConsequence]:
    """Ask models anew, and choose again what was chosen but not requested yet."""
    match state.stage:
        case Planning(model=ModelCall() as model):
            return (_ask_again(model, at),)
        case _:
            reason = f"{fact.api} is called as its document {fact.document[:12]} says from here on"
            replan = state.stage.replan if isinstance(state.stage, Executing) else None
            asked = (_ask_again(replan, at),) if replan else ()
            return (*asked, *(consequence for step in state.open_steps for consequence in _moved(step, reason, at)))


def _moved(step: Step, reason: str, at: datetime) -> Sequence[SessionConsequence]:
    match step.stage:
        case Choosing(model=ModelCall() as model):
            return (_ask_again(model, at),)
        case Checking(choice=choice) | Judging(choice=choice):
            return choose_again(step, replace(choice, consent=None), reason)
        case Asking(choice=choice, approval=approval):
            return choose_again(step, replace(choice, consent=None, earlier=approval.terms), reason)
        case _:
            return ()


def _ask_again(model: ModelCall, at: datetime) -> ModelRetryScheduled:
    return ModelRetryScheduled(call=model.id, attempt=model.attempt + 1, not_before=at, fault=model.fault)
