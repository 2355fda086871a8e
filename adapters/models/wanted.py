"""Say what is wanted of a model's server, and give up what it refuses: not every server knows every part."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from commands.model_options import ModelOptions
from domain.session.asking import Asked
from domain.session.forms import ReplyForm
from domain.session.prompt import Prompt

Trait = Literal["stream", "usage", "limit", "schema", "tools"]

_WORDS: Mapping[Trait, tuple[bytes, ...]] = {
    "usage": (b"stream_options", b"include_usage"),
    "limit": (b"max_completion_tokens",),
    "schema": (b"response_format", b"json_schema"),
    "tools": (b"tool", b"function"),
    "stream": (b"stream",),
}
"""By what a refusal names a part, the most exact first."""
_REFUSALS = (400, 415, 422, 501)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Hold a question with the parts of the protocol that it uses.

    ``limit`` is the newer of two names of the bound on a reply; ``usage`` asks for counts at the end of a stream.
    """

    prompt: Prompt
    traits: frozenset[Trait]
    most_tokens: int = 0
    form: ReplyForm | None = None

    @property
    def streamed(self) -> bool:
        """Tell whether the reply is to come as a stream."""
        return "stream" in self.traits

    @property
    def schema(self) -> ReplyForm | None:
        """Return the form where the server is to hold the reply to its schema."""
        return self.form if "schema" in self.traits else None

    @property
    def tools(self) -> ReplyForm | None:
        """Return the form where its tools are offered."""
        return self.form if "tools" in self.traits else None

    def asked(self, *, streamed: bool, without: str) -> Asked:
        """Say for the record how the reply was asked for."""
        form = "tools" if self.tools else "json-schema" if self.schema else "text"
        return Asked(form=form, streamed=streamed, without=without)


def traits_of(options: ModelOptions, form: ReplyForm | None) -> frozenset[Trait]:
    """Return the parts that are used for a model, before its server refuses any."""
    wanted: set[Trait] = {"limit"}
    if options.stream:
        wanted |= {"stream", "usage"}
    if form and options.form == "tools" and form.tools:
        wanted.add("tools")
    elif form and options.form != "text":
        wanted.add("schema")
    return frozenset(wanted)


def blamed(status: int, body: bytes, traits: frozenset[Trait]) -> frozenset[Trait]:
    """Return the parts that a refusal blames; where it names none of them, all that a plain question has not."""
    if status not in _REFUSALS:
        return frozenset()
    text = body.lower()
    for trait, words in _WORDS.items():
        if trait in traits and any(word in text for word in words):
            return frozenset({trait})
    return traits & {"usage", "schema", "tools"}
