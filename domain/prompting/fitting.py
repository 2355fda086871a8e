"""Choose how much of earlier results a question shows, so that it keeps to its budget of tokens.

The choice is made once, when the question is claimed, and recorded there. The bytes follow from it, so they can be
derived again at any time.
"""

from typing import NamedTuple

from msgspec.structs import replace

from domain.catalog.state import Snapshot
from domain.prompting.results import EXCERPT
from domain.prompting.tokens import estimated_tokens
from domain.session.events import Strategy
from domain.session.prompt import Prompt, prompt, results_shown
from domain.session.state import ModelCall, Session

SHORTENED: tuple[Strategy, ...] = ("fields", "summary", "window")
"""From the one that loses least to the one that loses most."""


class Fitted(NamedTuple):
    """Hold a strategy, and about how many tokens the question has by it."""

    strategy: Strategy
    tokens: int


def fitted(state: Session, call: ModelCall, catalog: Snapshot) -> Fitted:
    """Return the strategy that loses least of what fits into the budget; the last one where none does.

    A question that was claimed before stays as it was: whoever claimed it may still bring the answer.
    """
    if call.worker:
        return Fitted(call.strategy, size_of(prompt(state, call, catalog)))
    results = results_shown(state, call)
    whole: Strategy = "whole" if any(len(text) > EXCERPT for text in results) else ""
    budget = state.limits_of(call.agent).prompt_tokens
    chosen = Fitted(whole, size_of(prompt(state, replace(call, strategy=whole), catalog)))
    for strategy in SHORTENED if results else ():
        if chosen.tokens <= budget:
            break
        chosen = Fitted(strategy, size_of(prompt(state, replace(call, strategy=strategy), catalog)))
    return chosen


def size_of(asked: Prompt) -> int:
    """Return about how many tokens a prompt has."""
    return sum(estimated_tokens(message.text) for message in asked.messages)
