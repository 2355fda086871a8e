"""Word what a script answers as the OpenAI chat-completions protocol writes it, whole or in chunks.

Source: https://platform.openai.com/docs/api-reference/chat/object and /chat/streaming
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from commands.script import Line
from ops.scripted.chat import Chat

NAME = "scripted"
_WORD = re.compile(r"\s*\S+\s*|\s+")
_NO_ARGUMENTS = msgspec.Raw(b"{}")


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Read what a script's reply chooses, if it chooses a tool."""

    tool: str = ""
    arguments: msgspec.Raw = _NO_ARGUMENTS


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what is answered to a chat: a text, a call of ``function``, or a refusal."""

    chat: Chat
    text: str
    function: str = ""
    stop: str = "stop"

    @property
    def id(self) -> str:
        """Name the answer, the same one to the same chat."""
        return self.chat.prompt.digest()[:24]

    @property
    def finish_reason(self) -> str:
        """Say why the model stopped."""
        return "tool_calls" if self.function else "stop" if self.stop == "refusal" else self.stop

    @property
    def usage(self) -> dict[str, int]:
        """Count tokens as words, as the script itself does."""
        read = sum(len(message.text.split()) for message in self.chat.prompt.messages)
        said = len(self.text.split())
        return {"prompt_tokens": read, "completion_tokens": said, "total_tokens": read + said}


def answer_of(chat: Chat, line: Line) -> Answer:
    """Return what a line of the script answers: a call, where it chooses a tool that the chat offers."""
    choice = _choice(line.text)
    if choice.tool in chat.callable:
        return Answer(chat=chat, text=bytes(choice.arguments).decode(), function=choice.tool)
    return Answer(chat=chat, text=line.text, stop=line.manner.stop)


def whole(answer: Answer, created: int) -> dict[str, Any]:
    """Write an answer in one piece."""
    message = {"role": "assistant", "content": None, "refusal": None} | _said(answer)
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish_reason}
    return _head(answer, created, "chat.completion") | {"choices": [choice], "usage": answer.usage}


def chunks(answer: Answer, created: int) -> Iterator[dict[str, Any]]:
    """Write an answer as the chunks of a stream, a word each, the last with what was counted where that is asked."""
    counted = answer.chat.stream_options is not None and answer.chat.stream_options.include_usage
    head = _head(answer, created, "chat.completion.chunk") | ({"usage": None} if counted else {})
    for delta in ({"role": "assistant", "content": None if answer.function else ""}, *_deltas(answer)):
        yield head | {"choices": [_part(delta, None)]}
    yield head | {"choices": [_part({}, answer.finish_reason)]}
    if counted:
        yield head | {"choices": [], "usage": answer.usage}


def said(chunk: dict[str, Any]) -> int:
    """Count the characters that a chunk says."""
    deltas = [choice["delta"] for choice in chunk["choices"]]
    calls = [call["function"]["arguments"] for delta in deltas for call in delta.get("tool_calls", ())]
    return sum(map(len, calls)) + sum(len(delta.get("content") or delta.get("refusal") or "") for delta in deltas)


def ended(chunk: dict[str, Any]) -> bool:
    """Tell whether a chunk says why the model stopped."""
    return any(choice["finish_reason"] for choice in chunk["choices"])


def _choice(text: str) -> Choice:
    try:
        return msgspec.json.decode(text, type=Choice)
    except (msgspec.DecodeError, RecursionError):
        return Choice()


def _head(answer: Answer, created: int, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{answer.id}", "object": kind, "created": created, "model": NAME}


def _said(answer: Answer) -> dict[str, Any]:
    if answer.function:
        return {"tool_calls": [_call(answer) | {"function": {"name": answer.function, "arguments": answer.text}}]}
    return {"refusal" if answer.stop == "refusal" else "content": answer.text}


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    if answer.function:
        yield {"tool_calls": [{"index": 0} | _call(answer) | {"function": {"name": answer.function, "arguments": ""}}]}
    for word in _WORD.findall(answer.text):
        if answer.function:
            yield {"tool_calls": [{"index": 0, "function": {"arguments": word}}]}
        else:
            yield {"refusal" if answer.stop == "refusal" else "content": word}


def _call(answer: Answer) -> dict[str, Any]:
    return {"id": f"call_{answer.id}", "type": "function"}


def _part(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
