"""Write HTML in which every text is escaped, unless it is markup that was made here."""

import re
from collections.abc import Iterable
from html import escape
from typing import TypeAlias

Content: TypeAlias = "str | Iterable[Content] | None"

EMPTY = ("link", "meta")
_CODE = re.compile(r"(`{1,2})(.+?)\1")


class Html(str):
    """Be markup; any other string is text."""


def tag(name: str, /, *content: Content, **attributes: str | None) -> Html:
    """Return an element; ``class_`` is its class, and an attribute that is None is left out."""
    given = "".join(f' {key.rstrip("_")}="{escape(value)}"' for key, value in attributes.items() if value is not None)
    return Html(f"<{name}{given}>" if name in EMPTY else f"<{name}{given}>{markup(content)}</{name}>")


def markup(content: Content) -> Html:
    """Return markup as it is, text escaped, and of several things one after the other."""
    match content:
        case None:
            return Html()
        case Html():
            return content
        case str():
            return Html(escape(content))
        case _:
            return Html("".join(map(markup, content)))


def prose(text: str) -> Html:
    """Return text as paragraphs; what stands between backticks is code."""
    paragraphs = re.split(r"\n\s*\n", text.strip()) if text.strip() else []
    return markup([tag("p", words(each)) for each in paragraphs])


def words(text: str) -> Html:
    """Return a line of text; what stands between backticks is code."""
    pieces, end = [], 0
    for found in _CODE.finditer(text):
        pieces += [markup(text[end : found.start()]), tag("code", found.group(2))]
        end = found.end()
    return markup([*pieces, text[end:]])
