"""Bound what one agent may take of its sessions' limits."""

from typing import Annotated

import msgspec

AtLeastOne = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=365 * 86_400_000)]


class AgentLimits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tighten the limits of the same names for one agent; None leaves the session's, and a wider one changes nothing.

    ``steps`` is how many steps of one plan it may be given; ``reply_tokens`` bounds each reply, whether or not the
    session is metered. ``model_calls``, ``tool_calls`` and ``tokens`` are what it may use in one session in all. Times
    are milliseconds.
    """

    steps: AtLeastOne | None = None
    reply_tokens: AtLeastOne | None = None
    model_attempts: AtLeastOne | None = None
    call_attempts: AtLeastOne | None = None
    rework_rounds: Count | None = None
    research_calls: AtLeastOne | None = None
    prompt_tokens: AtLeastOne | None = None
    model_timeout_ms: Milliseconds | None = None
    attempt_timeout_ms: Milliseconds | None = None
    call_timeout_ms: Milliseconds | None = None
    model_calls: Count | None = None
    tool_calls: Count | None = None
    tokens: Count | None = None

    @property
    def allowance(self) -> bool:
        """Tell whether anything is limited that the agent uses in a session in all."""
        return any(each is not None for each in (self.model_calls, self.tool_calls, self.tokens))
