"""Say what an attempt may cost at the most, and what it cost in the end, by the prices that its session pinned."""

from commands.shell import Shell
from domain.budget.amounts import Amounts
from domain.budget.prices import ModelPrice, cost_of
from domain.session.prompt import Prompt
from domain.session.state import Choice, Session

FRAMING_TOKENS = 64
"""What a provider may add to a prompt: the marks around its messages."""


async def model_bound(shell: Shell, state: Session, agent: str, asked: Prompt) -> Amounts:
    """Return the most that an agent's answer to a prompt may cost: no token is shorter than a byte."""
    tokens_in = sum(len(message.text.encode()) for message in asked.messages) + FRAMING_TOKENS
    tokens_out = state.limits_of(agent).reply_tokens
    price = await _price_of(shell, state, agent)
    return Amounts(
        model_calls=1,
        tokens=tokens_in + tokens_out,
        money=cost_of(price, tokens_in, tokens_out) if price else 0,
    )


async def reply_cost(shell: Shell, state: Session, agent: str, tokens_in: int, tokens_out: int) -> int:
    """Return what a reply to an agent cost, in millionths, by the pinned prices; 0 where there are none."""
    price = await _price_of(shell, state, agent)
    return cost_of(price, tokens_in, tokens_out) if price else 0


async def _price_of(shell: Shell, state: Session, agent: str) -> ModelPrice | None:
    if not state.charged.prices:
        return None
    return (await shell.price_list(state.tenant, state.charged.prices)).of_model(state.model_of(agent))


async def call_cost(shell: Shell, state: Session, choice: Choice) -> int:
    """Return what an attempt of a call costs, in millionths, by the prices that its session pinned."""
    if not state.charged.prices:
        return 0
    tool = (await shell.snapshot(state.tenant, state.catalog)).tool(choice.tool)
    prices = await shell.price_list(state.tenant, state.charged.prices)
    return prices.of_tool(choice.tool, tool.api if tool else "")
