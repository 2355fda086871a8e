"""Ask a model over the OpenAI chat-completions protocol, which most model servers speak.

``openai:NAME@BASE_URL``: the base URL includes the version (``https://api.example.com/v1``). Its address
may be private: whoever runs Reprise configured it.
"""

import re
from urllib.parse import urlsplit

import msgspec

from commands.ports import Dialer, DialFault, HttpRequest, HttpResponse, ModelFault, Reply
from domain.errors import Invalid
from domain.session.prompt import Prompt

_NAME = re.compile(r"openai:(?P<name>.+)@(?P<base>https?://[^\s@?#]+)")
_MAX_ANSWER = 8 * 1024 * 1024
_EXCERPT = 300
_MOST_TOKENS = 10**9
"""Bounds what a server may claim that one question took; nor does any claim give a session tokens back."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Hold the message of a choice."""

    content: str | None = None


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one of the answers; one was asked for."""

    message: Answer


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Count tokens, as far as the server says."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what a server answered, as far as it is used."""

    choices: tuple[Choice, ...]
    usage: Usage | None = None


class OpenAiModel:
    """Ask one model at one base URL; ``api_key`` may be empty."""

    def __init__(self, model: str, dialer: Dialer, *, api_key: str) -> None:
        found = _NAME.fullmatch(model)
        if found is None or not urlsplit(found["base"]).hostname:
            raise Invalid(f"Expected openai:NAME@BASE_URL, such as openai:small@http://127.0.0.1:80/v1; got {model!r}.")
        self._name = found["name"]
        self._base = found["base"].rstrip("/")
        self._dialer = dialer
        self._api_key = api_key

    async def ask(self, prompt: Prompt, timeout_ms: int) -> Reply:
        """Ask once; raises ModelFault."""
        try:
            response = await self._dialer.send(self._request(prompt, timeout_ms))
        except DialFault as fault:
            raise ModelFault(f"The model {self._name} did not answer: {fault}", retryable=not fault.refused) from fault
        if response.status != 200:
            raise _refused(self._name, response)
        return _reply(self._name, response)

    def _request(self, prompt: Prompt, timeout_ms: int) -> HttpRequest:
        base = urlsplit(self._base)
        authorization = (("authorization", f"Bearer {self._api_key}"),) if self._api_key else ()
        messages = [{"role": message.role, "content": message.text} for message in prompt.messages]
        return HttpRequest(
            method="POST",
            url=f"{self._base}/chat/completions",
            origin=f"{base.scheme}://{base.netloc}",
            headers=(("content-type", "application/json"), ("accept", "application/json"), *authorization),
            body=msgspec.json.encode({"model": self._name, "messages": messages, "stream": False}),
            timeout_ms=timeout_ms,
            max_bytes=_MAX_ANSWER,
            allow_private=True,
        )


def _refused(name: str, response: HttpResponse) -> ModelFault:
    status, wait = response.status, response.header("retry-after")
    excerpt = response.body[:_EXCERPT].decode("utf-8", "replace")
    return ModelFault(
        f"The model {name} answered with status {status}: {excerpt}",
        retryable=status in (408, 409, 425, 429) or status >= 500,
        retry_after_ms=int(wait) * 1000 if wait.isdecimal() else 0,
    )


def _reply(name: str, response: HttpResponse) -> Reply:
    try:
        completion = msgspec.json.decode(response.body, type=Completion)
    except msgspec.DecodeError as fault:
        raise ModelFault(f"The model {name} answered, but not with a completion: {fault}.", retryable=True) from fault
    text = completion.choices[0].message.content if completion.choices else None
    if text is None:
        raise ModelFault(f"The model {name} answered without any text.", retryable=True)
    usage = completion.usage or Usage()
    return Reply(
        text=text,
        tokens_in=_bounded(usage.prompt_tokens),
        tokens_out=_bounded(usage.completion_tokens),
        latency_ms=response.latency_ms,
    )


def _bounded(tokens: int) -> int:
    return min(max(tokens, 0), _MOST_TOKENS)
