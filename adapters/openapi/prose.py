"""Make a document's prose fit for a model's prompt: one line, plain, short.

Documents come from strangers. What they say must not look like a part of the prompt around it, so no line break, no
invisible or direction-changing character and no markup is left.
"""

import html
import re
import unicodedata
from functools import lru_cache

_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]{0,300}>", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]{0,300})\]\([^()\s]{0,500}\)")
_MARKUP = re.compile(r"[`*#>|~]+|(?<!\w)_+|_+(?!\w)|<|>")
# Controls, formats (zero width, direction), surrogates, private use, and separators of lines and paragraphs.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Markup takes room too: so many times the characters that are wanted are read.
_READ = 10


def plain_text(text: object, most: int) -> str:
    """Return prose as one plain line of at most ``most`` characters, with … where it was cut; else an empty text."""
    if not isinstance(text, str) or not text or most < 1:
        return ""
    return _plain(text[: most * _READ], most)


def visible(text: str) -> str:
    """Return a text in which a blank stands for each character that does not show."""
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def is_plain(text: str) -> bool:
    """Tell whether every character of a text shows."""
    return visible(text) == text


def shortened(text: str, most: int) -> str:
    """Return at most ``most`` characters of a text: its first sentence where it fits, else whole words and …."""
    if len(text) <= most:
        return text
    sentence, stop, _ = text.partition(". ")
    if stop and len(sentence) < most:
        return f"{sentence}."
    words, _, _ = text[:most].rpartition(" ")
    return f"{(words or text)[: most - 1]}…"


@lru_cache(maxsize=4096)
def _plain(text: str, most: int) -> str:
    said = _LINK.sub(r"\1", _TAG.sub(" ", html.unescape(text)))
    return shortened(" ".join(visible(_MARKUP.sub(" ", said)).split()), most)


def _shown(character: str) -> str:
    return " " if unicodedata.category(character) in _UNSEEN else character
