"""Hold what a model said, whichever protocol it came in, and turn it into a reply or a fault."""

import time
from typing import Literal, TypeVar

import msgspec
from msgspec.structs import replace

from adapters.models.offering import OWN
from commands.ports import ModelFault, Reply
from domain.session.asking import Asked
from domain.session.prompt import Prompt

Stop = Literal["end", "length", "filtered", "refused", "unknown"]

_MOST_TOKENS = 10**9
"""Bounds what a server may claim that one question took; nor does any claim give a session tokens back."""

_BYTES_A_TOKEN = 4
"""What English prose has in most tokenizers."""

Answer = TypeVar("Answer")


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """Be a call of a function, its arguments as the text that the model wrote."""

    name: str
    arguments: str


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a model said, why it stopped, and what the server counted, None where it did not."""

    text: str = ""
    calls: tuple[Called, ...] = ()
    stop: Stop = "end"
    tokens_in: int | None = None
    tokens_out: int | None = None


class Answered(Exception):
    """Say why an answer is none, in the middle of a sentence."""

    def __init__(self, why: str, *, retryable: bool = True):
        super().__init__(why)
        self.retryable = retryable


def decoded(data: bytes, kind: type[Answer]) -> Answer:
    """Read JSON of a protocol; raises Answered where it is none, or not of this form."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise Answered(f"answered, but not with a completion: {fault}.") from fault


def reply_of(name: str, spoken: Spoken, asked: Asked, prompt: Prompt, started: float) -> Reply:
    """Return the reply to a prompt, asked at a monotonic time; raises ModelFault where it is none, or not whole.

    What the server does not count is estimated, for it costs all the same: a limit must hold there too.
    """
    why, retryable = _not_whole(spoken)
    text = "\n".join(map(_choice, spoken.calls)) or spoken.text
    if why or not text:
        raise fault_of(name, Answered(why or "answered without any text.", retryable=retryable))
    tokens_in, tokens_out = spoken.tokens_in, spoken.tokens_out
    return Reply(
        text=text,
        tokens_in=_bounded(_estimated(*(each.text for each in prompt.messages)) if tokens_in is None else tokens_in),
        tokens_out=_bounded(_estimated(text) if tokens_out is None else tokens_out),
        latency_ms=int((time.monotonic() - started) * 1000),
        asked=replace(asked, estimated=tokens_in is None or tokens_out is None),
    )


def fault_of(name: str, answered: Answered) -> ModelFault:
    """Return the fault of a model that did answer: it has its price."""
    return ModelFault(f"The model {name} {answered}", retryable=answered.retryable, uncertain=True)


def _not_whole(spoken: Spoken) -> tuple[str, bool]:
    match spoken.stop:
        case "length":
            return f"was cut at {spoken.tokens_out or 'its limit of'} tokens: its reply is not whole.", True
        case "filtered":
            return "answered, but its server's content filter held the reply back.", False
        case "refused":
            return "declined to answer.", False
        case _:
            return "", True


def _choice(call: Called) -> str:
    """Write a call as the JSON that chooses it; arguments that are no object are left for its reader to refuse."""
    arguments = call.arguments.strip() or "{}"
    try:
        msgspec.json.decode(arguments, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        arguments = msgspec.json.encode(arguments).decode()
    if call.name in OWN:
        return arguments
    return f'{{"tool": {msgspec.json.encode(call.name).decode()}, "arguments": {arguments}}}'


def begun(name: str) -> str:
    """Write how the JSON of a call begins, as it is told before the arguments come."""
    return "" if name in OWN else f'\n{{"tool": {msgspec.json.encode(name).decode()}, "arguments": '


def _estimated(*texts: str) -> int:
    return -(-sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) // _BYTES_A_TOKEN)


def _bounded(tokens: int) -> int:
    return min(max(tokens, 0), _MOST_TOKENS)
