"""Write and read the tokens that stand for hidden values, ``[email:1]``, and spoil those that somebody forged."""

import re
from collections.abc import Callable, Container, Iterator

FORMS = (
    "email",
    "phone",
    "card",
    "iban",
    "ssn",
    "ip",
    "codice-fiscale",
    "nir",
    "cpf",
    "hetu",
    "dni",
    "nhs",
)
"""The kinds that are recognised by their form."""
KINDS = (*FORMS, "secret", "private")
"""Every kind of token. ``secret`` and ``private`` are what a schema marks as such, whatever it looks like."""

_KIND = "|".join(sorted(KINDS, key=len, reverse=True))
_TOKEN = re.compile(rf"\[(?:{_KIND}):[0-9]{{1,7}}\]")
_LOOKS = re.compile(rf"\[(\s*(?:{_KIND})\s*:\s*[0-9]+\s*)\]", re.IGNORECASE)


def token(kind: str, number: int) -> str:
    """Return the token of a kind's value with this number, from 1; 0 stands for each of too many to be kept."""
    return f"[{kind}:{number}]"


def kind_of(name: str) -> str:
    """Return the kind that a token names."""
    return name[1:].partition(":")[0]


def number_of(name: str) -> int:
    """Return the number that a token names."""
    return int(name[:-1].partition(":")[2])


def tokens_in(text: str) -> Iterator[str]:
    """Return the tokens that a text holds, in their order."""
    return (found[0] for found in _TOKEN.finditer(text))


def substituted(text: str, value_of: Callable[[str], str]) -> str:
    """Return a text with another in place of each token."""
    return _TOKEN.sub(lambda found: value_of(found[0]), text)


def looks_like_token(text: str) -> bool:
    """Tell whether anything in a text is a token, or looks like one."""
    return _LOOKS.search(text) is not None


def unforged(text: str, known: Container[str]) -> str:
    """Return a text whose tokens are all known: another, and what only looks like one, gets round brackets."""
    return _LOOKS.sub(lambda found: found[0] if found[0] in known else f"({found[1]})", text)
