"""Find dot segments and control characters in path values, however they are encoded.

Whoever reads a path decodes it: a proxy, a framework, a file system, each by its own rules. So a value is judged in
every form that some of them make of it: percent-decoded again and again, ``%u002e`` too, wide and look-alike
characters folded, invisible ones dropped, path parameters (``..;x``), queries and fragments (``..?``) cut off.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from adapters.openapi.requests.texts import CONTROL

_MOST_ROUNDS = 10
_WIDE_ESCAPE = re.compile(r"%u([0-9a-fA-F]{4})")
_DOTS = re.compile(r"\.+")
# What ends the name of a segment, the last two for whoever decodes a path and then reads it as a URL again.
_ENDS = re.compile(r"[;?#]")
# Compatibility folding leaves these as they are, but the best-fit tables of some servers do not.
_LOOK_ALIKES = {ord(each): "/" for each in "∕⁄⧸"} | {ord(each): "\\" for each in "∖⧵⧹"} | {ord("。"): "."}


class Hostile(Exception):
    """Say what a value hides."""


def plainest(text: str) -> str:
    """Return what a text is once nothing in it can be decoded any more; raises Hostile."""
    forms = list(_forms(text))
    for form in forms:
        _check(form)
    return forms[-1]


def _forms(text: str) -> Iterator[str]:
    yield text
    for _ in range(_MOST_ROUNDS):
        decoded = _decoded(_folded(text))
        if decoded == text:
            return
        yield decoded
        text = decoded
    raise Hostile(f"it is percent-encoded more than {_MOST_ROUNDS} times")


def _folded(text: str) -> str:
    visible = "".join(each for each in text if unicodedata.category(each) not in ("Cf", "Mn"))
    return unicodedata.normalize("NFKC", visible).translate(_LOOK_ALIKES)


def _decoded(text: str) -> str:
    wide = _WIDE_ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    try:
        return unquote_to_bytes(wide).decode()
    except (UnicodeDecodeError, UnicodeEncodeError) as fault:
        # Overlong forms of dots and slashes are among these.
        raise Hostile("its percent escapes are not UTF-8") from fault


def _check(form: str) -> None:
    if CONTROL.search(form):
        raise Hostile("it holds control characters")
    for segment in re.split(r"[/\\]", form):
        if _DOTS.fullmatch(_ENDS.split(segment)[0].strip()):
            raise Hostile("it is or hides a dot segment")
