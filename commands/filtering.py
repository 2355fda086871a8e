"""Let content filters look at what comes in, after it was redacted; each says for itself what it thinks, on record.

A filter may deny or label, never change. One that fails, or takes too long, has denied.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from commands.ports import ContentFilter, Looked, Opinion
from commands.shell import Shell
from domain.catalog.events import Tool
from domain.errors import NotPossible
from domain.labels import Label
from domain.session.events import (
    ArgumentsChecked,
    CallFailed,
    CallSucceeded,
    ContentFiltered,
    FilteredPlace,
    GoalSubmitted,
    MemoriesRecalled,
    ModelReplied,
    Purpose,
    SessionFact,
    ToolDescribed,
)
from domain.session.filtering import BEFORE_ATTEMPTS, NO_ATTEMPT
from domain.session.planning import pending_model_call
from domain.session.state import Session

PATIENCE_SECONDS = 5.0
MOST_REASON = 300
_PLACES: dict[Purpose, FilteredPlace] = {
    "plan": "plan",
    "replan": "plan",
    "choose": "arguments",
    "repair": "arguments",
    "review": "review",
    "answer": "answer",
}
_OURS = ("not-sent", "unanswered")
"""Failures of which no tool has said anything: their words are our own."""

logger = logging.getLogger(__name__)


class _Seen(NamedTuple):
    place: FilteredPlace
    text: str
    call: str = ""
    attempt: int = 0
    tool: str = ""


async def opinions(shell: Shell, state: Session | None, fact: SessionFact) -> Sequence[ContentFiltered]:
    """Return what every filter says of a fact, as facts; nothing of what filters do not look at."""
    seen = _seen(state, fact) if shell.filters else None
    if seen is None:
        return ()
    session, tenant = (state.id, state.tenant) if state else _begun(fact)
    looked = Looked(tenant=tenant, session=session, place=seen.place, text=seen.text, tool=seen.tool)
    found = await asyncio.gather(*(_opinion(each, looked) for each in shell.filters))
    return [
        ContentFiltered(
            place=seen.place,
            call=seen.call,
            attempt=seen.attempt,
            filter=by.name,
            decision=opinion.decision,
            labels=opinion.labels,
            reason=shell.redactor.blanked(opinion.reason)[:MOST_REASON],
        )
        for by, opinion in zip(shell.filters, found, strict=True)
    ]


def labelled(fact: SessionFact, said: Sequence[ContentFiltered]) -> SessionFact:
    """Return an answer whose own label says what filters found: that it is not to be trusted, or that it is private."""
    labels = {label for each in said for label in each.labels}
    if not isinstance(fact, CallSucceeded) or not labels & {"untrusted", "private"}:
        return fact
    label = fact.label or Label(sources=(fact.source,), trusted=True, private=False)
    trusted, private = label.trusted and "untrusted" not in labels, label.private or "private" in labels
    return replace(fact, label=replace(label, trusted=trusted, private=private))


def _seen(state: Session | None, fact: SessionFact) -> _Seen | None:
    match fact:
        case GoalSubmitted():
            return _Seen("goal", f"{fact.goal}\n{bytes(fact.context).decode()}")
        case CallSucceeded():
            return _Seen("output", fact.output.text, fact.call, fact.attempt, fact.source.removeprefix("tool:"))
        case CallFailed() if state and fact.failure not in _OURS:
            return _Seen("error", fact.reason, fact.call, fact.attempt, state.tool_of(fact.call))
        case ToolDescribed():
            return _Seen("description", fact.text, fact.call, NO_ATTEMPT, fact.tool)
        case ArgumentsChecked() if state and fact.described:
            wanted = "\n".join(f"{each.at} {each.schema}" for each in fact.described)
            return _Seen("description", wanted, fact.call, NO_ATTEMPT, state.tool_of(fact.call))
        case MemoriesRecalled() if fact.memories:
            told = (f"{each.subject}\n{each.text}".strip() for each in fact.memories)
            return _Seen("memory", "\n\n".join(told), fact.call, BEFORE_ATTEMPTS)
        case ModelReplied() if state:
            model, _ = pending_model_call(state, fact.call)
            return _Seen(_PLACES[model.purpose], fact.reply.text, fact.call, fact.attempt) if model else None
        case _:
            return None


async def refuse_denied_tools(shell: Shell, tenant: str, api: str, tools: Sequence[Tool]) -> None:
    """Raise NotPossible where a filter denies what a document says about its tools, before any model is shown it."""
    text = "\n".join(f"{tool.name}: {tool.description} {bytes(tool.parameters).decode()}" for tool in tools)
    looked = Looked(tenant=tenant, session="", place="description", text=text)
    for by in shell.filters:
        opinion = await _opinion(by, looked)
        if opinion.decision == "deny":
            raise NotPossible(
                f"Expected a document that may be shown to models, but the filter {by.name} denied what {api} says "
                f"about its tools: {shell.redactor.blanked(opinion.reason)[:MOST_REASON]}. Nothing was registered."
            )


def _begun(fact: SessionFact) -> tuple[str, str]:
    assert isinstance(fact, GoalSubmitted), "a session begins with its goal"
    return fact.session, fact.tenant


async def _opinion(by: ContentFilter, looked: Looked) -> Opinion:
    try:
        return await asyncio.wait_for(by.look(looked), PATIENCE_SECONDS)
    except TimeoutError:
        return Opinion(decision="deny", reason=f"it said nothing within {PATIENCE_SECONDS:g} s")
    except Exception as fault:
        logger.exception("the filter %s failed", by.name)
        return Opinion(decision="deny", reason=f"it failed: {type(fault).__name__}")
