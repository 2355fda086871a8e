"""Speak the OpenAI chat-completions protocol, as most model servers do.

Source: https://platform.openai.com/docs/api-reference/chat
"""

from typing import Any

import msgspec

from adapters.models.offering import offers
from adapters.models.spoken import Answered, Called, Spoken, Stop, begun, decoded
from adapters.models.wanted import Wanted
from domain.session.forms import ReplyForm

DONE = b"[DONE]"
MOST_CALLS = 128
_STOPS: dict[str | None, Stop] = {
    "stop": "end",
    "tool_calls": "end",
    "function_call": "end",
    "length": "length",
    "content_filter": "filtered",
}


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """Name a function and the arguments, or in a stream the next part of either."""

    name: str | None = None
    arguments: str | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a call, or a part of the one with this number."""

    function: Function = Function()
    index: int = 0


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a message, or a part of one."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: tuple[Call, ...] | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one of the answers; one was asked for."""

    message: Message = Message()
    delta: Message = Message()
    finish_reason: str | None = None


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Count tokens, as far as the server says."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a server answered, or one chunk of it, as far as it is used."""

    choices: tuple[Choice, ...]
    usage: Usage | None = None


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """Be what a server sends in place of a chunk, when it fails in the middle of a stream."""

    error: msgspec.Raw = msgspec.Raw()


class OpenAi:
    """Implement the protocol of ``POST /chat/completions``."""

    path = "/chat/completions"

    def headers(self, api_key: str) -> tuple[tuple[str, str], ...]:
        """Send the key as a bearer token."""
        return (("authorization", f"Bearer {api_key}"),) if api_key else ()

    def body(self, name: str, wanted: Wanted) -> object:
        """Ask for one answer."""
        messages = [{"role": message.role, "content": message.text} for message in wanted.prompt.messages]
        asked: dict[str, Any] = {"model": name, "messages": messages, "stream": wanted.streamed}
        if wanted.streamed and "usage" in wanted.traits:
            asked["stream_options"] = {"include_usage": True}
        if wanted.most_tokens:
            asked["max_completion_tokens" if "limit" in wanted.traits else "max_tokens"] = wanted.most_tokens
        if form := wanted.schema:
            schema = {"name": form.name, "schema": form.schema, "strict": False}
            asked["response_format"] = {"type": "json_schema", "json_schema": schema}
        if form := wanted.tools:
            asked |= {"tools": _functions(form), "tool_choice": "auto", "parallel_tool_calls": False}
        return asked

    def whole(self, body: bytes) -> Spoken:
        """Read an answer that came whole; raises Answered."""
        completion = decoded(body, Completion)
        usage = completion.usage or Usage()
        first = completion.choices[0] if completion.choices else Choice()
        message = first.message
        return Spoken(
            text=message.content or "",
            calls=tuple(
                Called(name=call.function.name or "", arguments=call.function.arguments or "")
                for call in message.tool_calls or ()
            ),
            stop="refused" if message.refusal else _STOPS.get(first.finish_reason, "unknown"),
            tokens_in=usage.prompt_tokens,
            tokens_out=usage.completion_tokens,
        )

    def collector(self) -> "Chunks":
        """Return what collects a stream."""
        return Chunks()


class Chunks:
    """Collect the chunks of one answer; it is whole once a reason to stop was given, and over at ``[DONE]``."""

    def __init__(self) -> None:
        self.ended = False
        self._texts: list[str] = []
        self._calls: dict[int, list[str]] = {}
        self._refused = False
        self._stop: Stop | None = None
        self._usage = Usage()

    def take(self, data: bytes) -> str:
        """Take a chunk and return what it adds to what is said; raises Answered."""
        if data.strip() == DONE:
            self.ended = True
            return ""
        if bytes(decoded(data, Failed).error) not in (b"", b"null"):
            raise Answered(f"began to answer, then failed: {data[:300].decode(errors='replace')}")
        completion = decoded(data, Completion)
        self._usage = completion.usage or self._usage
        return "".join(map(self._add, completion.choices[:1]))

    def _add(self, choice: Choice) -> str:
        if choice.finish_reason:
            self._stop = _STOPS.get(choice.finish_reason, "unknown")
        self._refused = self._refused or bool(choice.delta.refusal)
        text = choice.delta.content or ""
        self._texts.append(text)
        return text + "".join(map(self._add_call, choice.delta.tool_calls or ()))

    def _add_call(self, call: Call) -> str:
        if call.index not in self._calls and len(self._calls) >= MOST_CALLS:
            raise Answered(f"called more than {MOST_CALLS} functions at once.")
        name, arguments = call.function.name or "", call.function.arguments or ""
        self._calls.setdefault(call.index, ["", ""])[0] += name
        self._calls[call.index][1] += arguments
        return begun(name) + arguments if name else arguments

    def spoken(self) -> Spoken:
        """Return what was said in all; raises Answered where the stream ended before it was whole."""
        if self._stop is None and not self.ended:
            raise Answered("broke off in the middle of its reply.")
        return Spoken(
            text="".join(self._texts),
            calls=tuple(Called(name=name, arguments=arguments) for name, arguments in self._calls.values()),
            stop="refused" if self._refused else self._stop or "unknown",
            tokens_in=self._usage.prompt_tokens,
            tokens_out=self._usage.completion_tokens,
        )


def _functions(form: ReplyForm) -> list[object]:
    return [
        {"type": "function", "function": {"name": each.name, "description": each.text, "parameters": each.parameters}}
        for each in offers(form)
    ]
