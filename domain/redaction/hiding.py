"""Put tokens in the place of values in a text: the same token for the same value of a session."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from domain.redaction.escapes import unescaped
from domain.redaction.folding import folded
from domain.redaction.patterns import compact
from domain.redaction.spans import Recogniser, Span, apart, joined
from domain.redaction.tokens import kind_of, looks_like_token, number_of, token, tokens_in, unforged

_WORD = re.compile(r"\w+")
_FIGURE = "[0-9LMNP-Vlmnp-v]"
_MAY_HOLD = re.compile(
    r"[@%]|:[0-9A-Fa-f]*:|\d(?:\D*\d){3}"
    rf"|(?<!\w)[A-Za-z]{{6}}{_FIGURE}{{2}}[A-Za-z]{_FIGURE}{{2}}[A-Za-z]{_FIGURE}{{3}}[A-Za-z]"
)
"""What every value has that is recognised by its form; most texts have none of it, and need no closer look.

A codice fiscale need not have four digits: letters may stand for them.
"""
_SHORTEST_ECHO = 4
"""How many characters a hidden value must have to be looked for wherever it comes back."""
MOST_NEW = 1_000
"""How many values one fact may give tokens to; it has to hold them all."""
COMPACT = ("card", "iban", "ssn", "codice-fiscale", "nir", "cpf", "hetu", "dni", "nhs")
"""Kinds whose values are the same however they are divided, and whether in capitals or not."""


def same(kind: str, value: str) -> str:
    """Return what two texts have in common that are the same value of a kind."""
    if kind in COMPACT:
        return compact(folded(value))
    return value.casefold() if kind == "email" else value


@dataclass
class Hider:
    """Hide the values of one session; what it hides it knows from then on.

    ``names`` are its tokens, in the order in which they were given. ``values`` is what they stand for, as far as that
    is not lost; those in ``bare`` stood as numbers in JSON. There is ``room`` for so many new ones.
    """

    recognisers: Mapping[str, Recogniser]
    names: dict[str, None] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    bare: set[str] = field(default_factory=set)
    room: int = MOST_NEW
    _numbers: dict[str, int] = field(default_factory=dict)
    _names: dict[tuple[str, str], str] = field(default_factory=dict)
    _echoes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def learn(self, name: str, value: str | None, *, bare: bool = False) -> None:
        """Know a token of the session, and what it stands for, None where that is lost."""
        kind = kind_of(name)
        self.names[name] = None
        self._numbers[kind] = max(self._numbers.get(kind, 0), number_of(name))
        if value is None:
            return
        self.values[name] = value
        self._names.setdefault((kind, same(kind, value)), name)
        if bare:
            self.bare.add(name)
        if (word := _WORD.search(value)) and len(value) >= _SHORTEST_ECHO:
            self._echoes.setdefault(word[0], []).append((value, name))

    def name_of(self, kind: str, value: str, *, bare: bool = False) -> str:
        """Return the token of a value: the one it has, or the next of its kind."""
        known = self._names.get((kind, same(kind, value)))
        if known:
            return known
        if self.room < 1:
            return token(kind, 0)
        self.room -= 1
        name = token(kind, self._numbers.get(kind, 0) + 1)
        self.learn(name, value, bare=bare)
        return name

    def may_hide(self, text: str) -> bool:
        """Tell whether a closer look at a text is needed: none is hidden where this says no, be it JSON or not.

        Every part of it has what values are recognised by only if the whole has, unless it is written with escapes.
        """
        if self._echoes or "\\" in text or _MAY_HOLD.search(folded(text)):
            return True
        return "[" in text and looks_like_token(text)

    def hide(self, text: str, *, hint: str = "", trusted: bool = False) -> tuple[str, Sequence[str]]:
        """Return a text with tokens in the place of its values, and those tokens.

        ``hint`` is what stands before the text, the key of a member for instance. The tokens that it holds itself count
        only if its author is ``trusted``, that is, was shown tokens of this session; else they are spoiled. One that
        was never given stands for nothing from then on.
        """
        if not self.may_hide(text):
            return text, ()
        if "[" in text:
            for name in sorted(set(tokens_in(text)) - self.names.keys()) if trusted else ():
                self.learn(name, None)
            text = unforged(text, self.names if trusted else ())
        spans = self._spans_as_said(text, f"{hint}: " if hint else "")
        if not spans:
            return text, ()
        names = [self._name_at(text, span) for span in spans]
        parts, end = [], 0
        for span, name in zip(spans, names, strict=True):
            parts += [text[end : span.start], name]
            end = span.end
        return "".join((*parts, text[end:])), names

    def spans(self, text: str, lead: str = "") -> list[Span]:
        """Return where values stand in a text behind a lead; the kind of one that is hidden already is its token."""
        known = list(self._known_in(text)) if self._echoes else []
        plain = folded(lead + text)
        if not _MAY_HOLD.search(plain, len(lead)):
            return apart((known,), len(text)) if known else []
        found = ([span for span in find(plain) if span.start >= len(lead)] for find in self.recognisers.values())
        return apart((known, *([_moved(span, len(lead)) for span in spans] for spans in found)), len(text))

    def _spans_as_said(self, text: str, lead: str) -> list[Span]:
        """Return where values stand in a text as it is, and as what escapes in it say: it may be JSON that was cut."""
        if "\\" not in text:
            return self.spans(text, lead)
        views = unescaped(text)
        found = (Span(v.at[each.start], v.at[each.end], each.kind) for v in views for each in self.spans(v.text, lead))
        return joined(found)

    def _known_in(self, text: str) -> Iterator[Span]:
        """Find values that are hidden already."""
        known = self._echoes.keys() & _WORD.findall(text)
        for word in _WORD.finditer(text) if known else ():
            for value, name in self._echoes.get(word[0], ()):
                start = word.start() - value.index(word[0])
                end = start + len(value)
                if start >= 0 and text.startswith(value, start) and _ends_there(text, end, value):
                    yield Span(start, end, name)

    def _name_at(self, text: str, span: Span) -> str:
        value, known = text[span.start : span.end], span.kind in self.names
        if known and self.values.get(span.kind) == value:
            return span.kind
        return self.name_of(kind_of(span.kind) if known else span.kind, value)  # one with escapes is put back with them


def blanked(recognisers: Mapping[str, Recogniser], text: str) -> str:
    """Return a text with no more than its kind in place of each value, where nobody will need the value."""
    plain = folded(text)
    if not _MAY_HOLD.search(plain):
        return text
    parts, end = [], 0
    for span in apart([list(find(plain)) for find in recognisers.values()], len(text)):
        parts += [text[end : span.start], f"({span.kind})"]
        end = span.end
    return "".join((*parts, text[end:]))


def _ends_there(text: str, end: int, value: str) -> bool:
    return not (value[-1].isalnum() and text[end : end + 1].isalnum())


def _moved(span: Span, by: int) -> Span:
    return Span(span.start - by, span.end - by, span.kind)
