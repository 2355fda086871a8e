"""Facts: what became of questions to models."""

from datetime import datetime

from domain.budget.amounts import Amounts
from domain.content import Content
from domain.session.asking import Asked
from domain.session.events.shapes import Fact
from domain.session.events.vocabulary import Permille, Strategy


class ModelCallAttempted(Fact, frozen=True, kw_only=True, tag="session.model-call-attempted.v1"):
    """A worker claimed a question until its lease ends, so that no other asks, and pays for, the same.

    ``reserved`` is the most that the answer may cost, where the session is metered. ``strategy`` is how earlier results
    are shown in the question, "" for their beginnings, so that its ``prompt_tokens``, an estimate, are within limits.
    ``model`` is named where it is the agent's own. ``settles``: what the question shows stays as it was then until the
    answer comes; claims that do not say so were made by earlier releases, from what their worker had seen before.
    """

    call: str
    attempt: int
    worker: str
    lease_until: datetime
    reserved: Amounts | None = None
    strategy: Strategy = ""
    prompt_tokens: int = 0
    model: str = ""
    settles: bool = False


class ModelReplied(Fact, frozen=True, kw_only=True, tag="session.model-replied.v1"):
    """A model answered a prompt whose bytes have this digest; ``cost`` is in millionths, by the pinned prices.

    ``asked`` says how, where there was more than one way.
    """

    call: str
    attempt: int
    reply: Content
    prompt_digest: str
    tokens_in: int = 0
    tokens_out: int = 0
    latency_ms: int = 0
    cost: int = 0
    asked: Asked | None = None


class ModelFailed(Fact, frozen=True, kw_only=True, tag="session.model-failed.v1"):
    """A model could not be asked or did not answer; ``jitter_permille`` is the draw for the next try's delay.

    ``uncertain``: it may have been asked all the same, and what that costs is not known.
    """

    call: str
    attempt: int
    reason: str
    retryable: bool
    jitter_permille: Permille = 0
    retry_after_ms: int = 0
    uncertain: bool = False
