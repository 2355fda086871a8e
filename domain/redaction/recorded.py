"""Say what a fact records of the values that were hidden in it: which tokens, of what kind, how many and where."""

import msgspec


class HiddenValue(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Keep the value of a new token, sealed under a key: the session's where none is named, "" where it was dropped."""

    token: str
    sealed: str = ""
    key: str = ""


class HiddenPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Say that values of a kind were hidden ``count`` times at a place, a JSON pointer into the event's data.

    Where a text is JSON, the pointer goes on into it.
    """

    kind: str
    at: str
    count: int = 1
