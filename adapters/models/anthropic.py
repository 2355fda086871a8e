"""Speak Anthropic's messages protocol.

Source: https://docs.anthropic.com/en/api/messages and, for streams, messages-streaming.
"""

from typing import Any

import msgspec

from adapters.models.offering import Offer, offers, reply_offer
from adapters.models.spoken import Answered, Called, Spoken, Stop, begun, decoded
from adapters.models.wanted import Wanted

VERSION = "2023-06-01"
MOST_TOKENS = 8_192
"""How long a reply may be: the protocol wants a bound, and no plan or answer of ours needs more."""
MOST_BLOCKS = 1_000
_STOPS: dict[str | None, Stop] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "end",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
}
_PASSING = ("overloaded_error", "api_error", "rate_limit_error", "timeout_error")
"""What a stream may end in that asking again can help."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one part of an answer, of the type ``text`` or ``tool_use``; others are not used."""

    type: str
    text: str = ""
    name: str = ""
    input: msgspec.Raw = msgspec.Raw()


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Count tokens; what was read from a cache or written to it was read too."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None

    @property
    def read(self) -> int | None:
        """Return how many tokens the model read, None where nothing was counted."""
        parts = (self.input_tokens, self.cache_creation_input_tokens, self.cache_read_input_tokens)
        counted = [part for part in parts if part is not None]
        return sum(counted) if counted else None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a server answered, as far as it is used."""

    content: tuple[Block, ...]
    stop_reason: str | None = None
    usage: Usage = Usage()


class Began(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a stream begins with."""

    usage: Usage = Usage()


class Delta(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what is added to a block, or to the message."""

    text: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Say why a stream failed."""

    type: str = ""
    message: str = ""


class StreamEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one event of a stream, of whichever type, as far as it is used."""

    type: str
    index: int = 0
    message: Began = Began()
    content_block: Block | None = None
    delta: Delta = Delta()
    usage: Usage = Usage()
    error: Failure = Failure()


class Anthropic:
    """Implement the protocol of ``POST /messages``."""

    path = "/messages"

    def headers(self, api_key: str) -> tuple[tuple[str, str], ...]:
        """Name the protocol's version and the key."""
        return (("anthropic-version", VERSION), *((("x-api-key", api_key),) if api_key else ()))

    def body(self, name: str, wanted: Wanted) -> object:
        """Ask for one answer; what the system says travels apart, and a form is a tool that must be called."""
        said = wanted.prompt.messages
        system = "\n\n".join(message.text for message in said if message.role == "system")
        messages = [{"role": message.role, "content": message.text} for message in said if message.role != "system"]
        asked: dict[str, Any] = {"model": name, "max_tokens": wanted.most_tokens or MOST_TOKENS, "messages": messages}
        if system:
            asked["system"] = system
        if wanted.streamed:
            asked["stream"] = True
        if form := wanted.schema:
            offer = reply_offer(form)
            asked |= {"tools": [_tool(offer)], "tool_choice": _must("tool") | {"name": offer.name}}
        if form := wanted.tools:
            asked |= {"tools": list(map(_tool, offers(form))), "tool_choice": _must("any")}
        return asked

    def whole(self, body: bytes) -> Spoken:
        """Read an answer that came whole; raises Answered."""
        message = decoded(body, Message)
        return Spoken(
            text="".join(block.text for block in message.content if block.type == "text"),
            calls=tuple(
                Called(name=block.name, arguments=bytes(block.input).decode())
                for block in message.content
                if block.type == "tool_use"
            ),
            stop=_STOPS.get(message.stop_reason, "unknown"),
            tokens_in=message.usage.read,
            tokens_out=message.usage.output_tokens,
        )

    def collector(self) -> "StreamEvents":
        """Return what collects a stream."""
        return StreamEvents()


class StreamEvents:
    """Collect the events of one answer, whole at ``message_stop``."""

    def __init__(self) -> None:
        self.ended = False
        self._blocks: dict[int, tuple[Block, list[str]]] = {}
        self._stop: str | None = None
        self._read: int | None = None
        self._written: int | None = None

    def take(self, data: bytes) -> str:
        """Take an event and return what it adds to what is said; raises Answered."""
        event = decoded(data, StreamEvent)
        match event.type:
            case "message_start":
                self._count(event.message.usage)
            case "content_block_start" if event.content_block:
                return self._begin(event.index, event.content_block)
            case "content_block_delta":
                return self._add(event.index, event.delta)
            case "message_delta":
                self._stop = event.delta.stop_reason or self._stop
                self._count(event.usage)
            case "message_stop":
                self.ended = True
            case "error":
                why = f"began to answer, then failed: {event.error.type}: {event.error.message[:300]}"
                raise Answered(why, retryable=event.error.type in _PASSING)
            case _:
                pass  # pings, and what the protocol may learn to say
        return ""

    def _count(self, usage: Usage) -> None:
        """Take what a server has counted so far."""
        self._read = usage.read or self._read
        self._written = usage.output_tokens or self._written

    def _begin(self, index: int, block: Block) -> str:
        if len(self._blocks) >= MOST_BLOCKS:
            raise Answered(f"answered in more than {MOST_BLOCKS} blocks.")
        self._blocks[index] = (block, [block.text])
        return begun(block.name) if block.type == "tool_use" else block.text

    def _add(self, index: int, delta: Delta) -> str:
        if index not in self._blocks:
            raise Answered("answered, but not with a completion: a part came of a block that had not begun.")
        said = delta.text or delta.partial_json
        self._blocks[index][1].append(said)
        return said

    def spoken(self) -> Spoken:
        """Return what was said in all; raises Answered where the stream ended before it was whole."""
        if not self.ended:
            raise Answered("broke off in the middle of its reply.")
        blocks = self._blocks.values()
        return Spoken(
            text="".join("".join(said) for block, said in blocks if block.type == "text"),
            calls=tuple(
                Called(name=block.name, arguments="".join(said) or bytes(block.input).decode())
                for block, said in blocks
                if block.type == "tool_use"
            ),
            stop=_STOPS.get(self._stop, "unknown"),
            tokens_in=self._read,
            tokens_out=self._written,
        )


def _tool(offer: Offer) -> dict[str, object]:
    return {"name": offer.name, "description": offer.text, "input_schema": offer.parameters}


def _must(kind: str) -> dict[str, object]:
    return {"type": kind, "disable_parallel_tool_use": True}
