"""Ask models over real sockets, in the forms that sessions ask them in."""

from collections.abc import Sequence
from typing import Any

import msgspec

from adapters.http.dialer import HttpDialer
from adapters.models.models import ModelRouter
from commands.model_options import ModelOptions
from commands.ports import Question, Reply, Telling, unheard
from domain.catalog.events import Tool
from domain.session.events import Purpose
from domain.session.forms import ReplyForm, reply_schema
from domain.session.prompt import Message, Prompt

TOOL = Tool(
    name="create_order",
    api="shop",
    operation="POST /orders",
    document="d" * 64,
    description="Place an order.",
    effect_class="write",
    repeatable=True,
    parameters=msgspec.Raw(b'{"type":"object","properties":{"body":{"type":"object"}}}'),
)


def prompt(*texts: str, task: str = "TASK purpose=choose step=1 round=1 attempt=1") -> Prompt:
    said = tuple(Message(role="user", text=text) for text in (*texts, task))
    return Prompt(messages=(Message(role="system", text="You are brief."), *said))


def form(purpose: Purpose = "choose", tools: Sequence[Tool] = (TOOL,)) -> ReplyForm:
    return ReplyForm(name=purpose, schema=reply_schema(purpose, "plan.v2"), tools=tuple(tools))


def router(dialer: HttpDialer, *, api_key: str = "", **options: Any) -> ModelRouter:
    return ModelRouter(dialer, api_key=api_key, options=[ModelOptions(model="*", **options)])


async def ask(
    models: ModelRouter,
    model: str,
    *,
    asked: Prompt | None = None,
    wants: ReplyForm | None = None,
    telling: Telling = unheard,
    timeout_ms: int = 60_000,
    most_tokens: int = 0,
) -> Reply:
    question = Question(
        model=model,
        prompt=asked or prompt(),
        timeout_ms=timeout_ms,
        most_tokens=most_tokens,
        form=(lambda: wants) if wants else None,
        telling=telling,
    )
    return await models.ask(question)
