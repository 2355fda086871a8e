"""Name what models are asked, what they answer, and who hears it meanwhile."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol, TypeAlias
from uuid import UUID

import msgspec

from domain.session.asking import Asked
from domain.session.forms import ReplyForm
from domain.session.prompt import Prompt

Telling: TypeAlias = Callable[[str], Awaitable[None]]
"""Hears what a model says while it says it: provisional, for its reply may still fail. It never raises."""


async def unheard(said: str) -> None:
    """Tell nobody."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Ask a model, named as ``scripted:FILE`` or ``openai:NAME@BASE_URL``, one prompt.

    ``most_tokens`` bounds the reply, 0 leaves that to the model. ``form`` is made for those that can be told it. In its
    session the question is ``attempt`` of ``call``.
    """

    model: str
    prompt: Prompt
    timeout_ms: int
    most_tokens: int = 0
    tenant: str = "local"
    call: str = ""
    attempt: int = 1
    form: Callable[[], ReplyForm] | None = None
    telling: Telling = unheard


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a model answered, what it cost, and where there is more than one way, how it was asked."""

    text: str
    tokens_in: int
    tokens_out: int
    latency_ms: int
    asked: Asked | None = None


class ModelFault(Exception):
    """Report that a model did not answer; ``retryable`` tells whether asking again can help.

    ``uncertain``: it may have answered all the same, and then that has its price.
    """

    def __init__(self, reason: str, *, retryable: bool, retry_after_ms: int = 0, uncertain: bool = False):
        super().__init__(reason)
        self.retryable = retryable
        self.uncertain = uncertain
        self.retry_after_ms = retry_after_ms


class Models(Protocol):
    """Answer prompts."""

    def known(self, model: str) -> None:
        """Raise Refused with the choices where no adapter can serve this name."""
        ...

    async def ask(self, question: Question) -> Reply:
        """Ask once; raises ModelFault."""
        ...


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Be a part of what a model says, provisional until its reply is recorded; parts of an attempt count from 1."""

    call: str
    attempt: int
    part: int
    text: str


class Live(Protocol):
    """Tell whoever watches a session what a model is saying; nobody misses what is lost."""

    async def tell(self, session: UUID, said: Said) -> None:
        """Tell it, or drop it; never raises."""
        ...

    def follow(self, session: UUID) -> AsyncGenerator[Said]:
        """Yield what the models of a session say from now on, as far as it arrives; raises Unavailable.

        Close it when done.
        """
        ...
