"""Describe what a session took, and where it went."""

import strawberry
from strawberry import field

from api.graphql.scalars import Long


@strawberry.type(description="What one purpose of one step took.")
class CostPart:
    step: int = field(description="The step; 0 for the session as a whole.")
    purpose: str = field(description="plan, choose, review or answer for models; call for tools.")
    model_calls: int = field(description="Answers of models.")
    tool_calls: int = field(description="Attempts of tool calls.")
    tokens_in: Long = field(description="Tokens that were sent to models.")
    tokens_out: Long = field(description="Tokens that models answered.")
    latency_ms: Long = field(description="Milliseconds until the answers came, summed up.")
    money: Long = field(description="Millionths of the currency that were charged; 0 without prices.")


@strawberry.type(description="What a session took.")
class Cost:
    model_calls: int = field(description="Answers of models.")
    tool_calls: int = field(description="Attempts of tool calls.")
    tokens_in: Long = field(description="Tokens that were sent to models.")
    tokens_out: Long = field(description="Tokens that models answered.")
    tokens: Long = field(description="Both together.")
    latency_ms: Long = field(
        description="Milliseconds until the answers came, summed up: what ran side by side counts twice."
    )
    money: Long = field(description="Millionths of the currency that were charged; 0 without prices.")
    breakdown: list[CostPart] = field(description="Its parts by step and purpose.")
