"""Consequences: what models are to be asked."""

from datetime import datetime

from domain.session.events.shapes import Consequence
from domain.session.events.vocabulary import Purpose


class ModelCallRequested(Consequence, frozen=True, kw_only=True, tag="session.model-call-requested.v1"):
    """A model is to be asked; the prompt is derived from the state by this recipe and never stored."""

    call: str
    purpose: Purpose
    agent: str
    recipe: str
    step: int = 0


class ModelRetryScheduled(Consequence, frozen=True, kw_only=True, tag="session.model-retry-scheduled.v1"):
    """The same question will be asked again, with the fault of the last reply where there was one."""

    call: str
    attempt: int
    not_before: datetime
    fault: str
