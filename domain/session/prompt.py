"""Build what a model is asked, from the state and the pinned catalogue alone."""

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one message of a prompt."""

    role: str
    text: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """Hold what is sent to a model; its digest stands in the reply's event."""

    messages: tuple[Message, ...]
