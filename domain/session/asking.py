"""Say how a model was asked, where there is more than one way."""

import msgspec


class Asked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say in which form a reply was asked for, and whether it came as a stream.

    ``form`` is text, json-schema or tools. ``without`` names what the model's server had refused before, in its words.
    ``estimated``: it did not count tokens, so that they are estimated by the bytes.
    Where the reply was played from another session, ``played`` names the question there, and whether it was the same.
    """

    form: str = "text"
    streamed: bool = False
    without: str = ""
    estimated: bool = False
    played: str = ""
