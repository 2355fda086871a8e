"""Read requests of the OpenAI chat-completions protocol, as far as a script needs them.

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from typing import Any, Literal

import msgspec

from domain.session.prompt import Message, Prompt


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one part of a message; only texts are read."""

    type: str
    text: str = ""


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one message of a chat."""

    role: str
    content: str | tuple[Part, ...] | None = None

    @property
    def text(self) -> str:
        """Return what it says."""
        parts = self.content or ""
        return parts if isinstance(parts, str) else "".join(part.text for part in parts)


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """Name a function that may be called."""

    name: str


class ChatTool(msgspec.Struct, frozen=True, kw_only=True):
    """Offer a function."""

    type: Literal["function"]
    function: Function


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Demand a call of one function."""

    type: Literal["function"]
    function: Function


class JsonSchema(msgspec.Struct, frozen=True, kw_only=True):
    """Name the form of a reply."""

    name: str
    schema: dict[str, Any] = {}


class ResponseFormat(msgspec.Struct, frozen=True, kw_only=True):
    """Say in which form the reply shall be."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None

    def __post_init__(self) -> None:
        """Refuse a form that names no schema."""
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("expected `json_schema` beside the type json_schema")


class StreamOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Say what else a stream shall tell."""

    include_usage: bool = False


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a request for the next message."""

    model: str
    messages: tuple[ChatMessage, ...]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: tuple[ChatTool, ...] = ()
    tool_choice: Literal["none", "auto", "required"] | Chosen | None = None
    response_format: ResponseFormat | None = None

    @property
    def prompt(self) -> Prompt:
        """Return the chat as a prompt."""
        return Prompt(messages=tuple(Message(role=message.role, text=message.text) for message in self.messages))

    @property
    def callable(self) -> frozenset[str]:
        """Return the names of the functions that may be called."""
        return frozenset() if self.tool_choice == "none" else frozenset(tool.function.name for tool in self.tools)
