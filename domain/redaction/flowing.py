"""Hide values in a text that is still being written: it is let through as far as no more of it can make a value of it.

A value may come in any number of pieces, and a number is known for what it is by the word behind it. So what may have
begun and is not over is held back: the last word, figures up to the next word, and the beginnings of known values.
"""

import re

from domain.redaction.escapes import Unescaped, unescaped
from domain.redaction.folding import folded
from domain.redaction.hiding import Hider
from domain.redaction.spans import Span, joined

_WINDOW = 2_000
"""How much of what was let through is still looked at: for what stands before a value."""
_LONGEST_WORD = 1_000
"""What is recognised without blanks is shorter, an e-mail address even of the longest kind."""
_LONGEST = 100
"""What is recognised with blanks in it is shorter: a phone number with its extension, an IBAN in groups."""
_PARTS_VALUES = re.compile(r"[^\w .()+@%':/-]")
"""No value that is recognised by its form has any of these in it."""
_WORD = re.compile(r"[^ ]+")
_FIGURES = re.compile(r"[\d(+]")
_IBAN = re.compile(r"[A-Za-z]{2}\d\d")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_EXTENSION = re.compile(r"\(?ext\.?", re.IGNORECASE)


class Flow:
    """Take a text piece by piece, and return of each what may be shown by now."""

    def __init__(self, hider: Hider):
        self._hider = hider
        self._shown = ""
        self._held = ""

    def take(self, more: str) -> str:
        """Return what can be shown behind what was shown before: in the place of a value its kind, or its token."""
        text, begin = self._shown + self._held + more, len(self._shown)
        views = unescaped(text)
        spans = joined(span for view in views for span in _spans(self._hider, view))
        until = max(begin, min(_settled(self._hider, view) for view in views))
        until = min([until, *(span.start for span in spans if begin <= span.start < until < span.end)])
        shown = self._without(text, begin, until, spans)
        self._shown, self._held = text[max(0, until - _WINDOW) : until], text[until:]
        return shown

    def _without(self, text: str, begin: int, until: int, spans: list[Span]) -> str:
        parts: list[str] = []
        for span in spans:
            if begin <= span.start and span.end <= until:
                parts += [text[begin : span.start], self._named(span)]
                begin = span.end
        return "".join((*parts, text[begin:until]))

    def _named(self, span: Span) -> str:
        return span.kind if span.kind in self._hider.names else f"({span.kind})"


def _spans(hider: Hider, view: Unescaped) -> list[Span]:
    return [Span(view.at[span.start], view.at[span.end], span.kind) for span in hider.spans(view.text)]


def _settled(hider: Hider, view: Unescaped) -> int:
    """Return up to where nothing that follows can make a value of a text."""
    return view.at[min(_open_form(folded(view.text)), _open_known(hider, view.text))]


def _open_form(text: str) -> int:
    """Return from where on a value that is recognised by its form may have begun, and is not over."""
    least = max(0, len(text) - _LONGEST_WORD)
    begin = max((found.end() for found in _PARTS_VALUES.finditer(text, least)), default=least)
    start, goes_on = len(text), True
    for word in reversed(list(_WORD.finditer(text, begin))):
        if word.end() == len(text):
            start = word.start()
        elif word.start() < len(text) - _LONGEST:
            break
        elif (goes_on and _FIGURES.search(word[0])) or _IBAN.search(word[0]):
            start = word.start()
        elif _ends_figures(word[0]):
            goes_on = False
    return start


def _ends_figures(word: str) -> bool:
    return _LETTERS.search(word) is not None and not _EXTENSION.fullmatch(word)


def _open_known(hider: Hider, text: str) -> int:
    """Return from where on a text may be the beginning of a value that is hidden already."""
    start = len(text)
    for value in filter(None, list(hider.values.values())):
        at = text.find(value[:1], max(0, len(text) - len(value) + 1))
        while 0 <= at < start and not value.startswith(text[at:]):
            at = text.find(value[:1], at + 1)
        start = at if 0 <= at < start else start
    return start
