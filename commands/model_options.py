"""Say how single models are asked: with which key, as a stream or not, and in which form they answer."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Literal

import msgspec

from domain.errors import Invalid

Form = Literal["text", "json-schema", "tools"]


class ModelOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Say how models are asked whose whole name fits ``model``, where ``*`` stands for any letters.

    ``key`` is a reference to the key, None for that of all models, "" for none. ``form``: what holds the model to the
    form of a reply, beside words: a JSON Schema, or tools of which it calls one. ``idle_seconds`` is the longest that a
    streamed reply may pause.
    """

    model: str
    key: str | None = None
    stream: bool = True
    form: Form = "json-schema"
    idle_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60


def read_options(text: str) -> tuple[ModelOptions, ...]:
    """Read a JSON array of options, an empty text as none; raises Invalid."""
    if not text:
        return ()
    try:
        return msgspec.json.decode(text, type=tuple[ModelOptions, ...])
    except (msgspec.DecodeError, RecursionError) as fault:
        raise Invalid(
            f'Expected a JSON array like [{{"model": "openai:small@*", "key": "env:NAME"}}], but {fault}.'
        ) from fault


def options_of(options: Sequence[ModelOptions], model: str) -> ModelOptions:
    """Return the first options that fit a model's name, the usual ones where none do."""
    return next((each for each in options if fnmatchcase(model, each.model)), ModelOptions(model=model))


def key_of(options: Sequence[ModelOptions], keys: Mapping[str, str], of_all: str, model: str) -> str:
    """Return the key that is sent to a model, out of those that are known by their references; "" for none."""
    reference = options_of(options, model).key
    return of_all if reference is None else keys.get(reference, "")
