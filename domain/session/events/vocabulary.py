"""Name what events say by choices and bounded numbers."""

from typing import Annotated, Literal

import msgspec

Purpose = Literal["plan", "replan", "choose", "repair", "review", "answer"]
EffectClass = Literal["read", "idempotent-write", "write", "destructive"]
Decision = Literal["allow", "deny", "ask"]
FilteredPlace = Literal["goal", "plan", "description", "memory", "arguments", "output", "error", "review", "answer"]
FilterDecision = Literal["pass", "label", "deny"]
Outcome = Literal["happened", "send-again", "give-up"]
Strategy = Literal["", "whole", "fields", "summary", "window"]
Failure = Literal["not-sent", "unanswered", "rejected", "server-error", "rate-limited", "bad-answer"]
# Bounded so that no sum of times can leave the calendar, and no session waits for ever for room.
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]
AtLeastOne = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=365 * 86_400_000)]
Permille = Annotated[int, msgspec.Meta(ge=0, le=1000)]
Millionths = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
