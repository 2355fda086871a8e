"""Write values in the styles of OpenAPI, already percent-encoded, as RFC 6570 expands them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.texts import percent, scalar, shown

Pair: TypeAlias = tuple[str, str]
"""A name and its value."""

SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|", "tabDelimited": "\t"}
_MOST_DEEP = 20


class Style:
    """Write values in one style; ``keep`` are characters that are not percent-encoded, ``at`` names the argument.

    ``inner`` are the styles of lists within a list.
    """

    def __init__(
        self,
        style: str,
        *,
        explode: bool,
        at: str,
        keep: str = "",
        raw: bool = False,
        inner: Sequence[str] = (),
    ) -> None:
        self.style = style
        self.explode = explode
        self._at = at
        self._keep = keep
        self._raw = raw
        self._inner = inner

    def pairs(self, name: str, value: Any) -> list[Pair]:
        """Return a value as names and values of a query, a form or a cookie; none where it is empty."""
        value = self._flat(value)
        match value, self.style:
            case dict() | list(), "deepObject":
                return list(self._deep(self._text(name), value, _MOST_DEEP))
            case dict(), _ if self.explode:
                return [(self._text(key), self._text(each)) for key, each in sorted(value.items())]
            case list(), _ if self.explode:
                return [(self._text(name), self._text(each)) for each in value]
            case dict() | list(), _:
                return [(self._text(name), self.joined(value))] if value else []
            case _:
                return [(self._text(name), self._text(value))]

    def joined(self, value: Any, separator: str = ",", equals: str = ",") -> str:
        """Return a value as one text, its parts between separators."""
        separator = SEPARATORS.get(self.style, separator)
        value = self._flat(value)
        match value:
            case dict():
                parts: Iterable[str] = self._members(value, separator, equals)
            case list():
                parts = [self._part(each, separator) for each in value]
            case _:
                return self._text(value)
        return (separator if self._raw or separator in ",.;" else percent(separator)).join(parts)

    def _flat(self, value: Any) -> Any:
        """Return a list with its own lists as texts; raises Unbuildable where their parts could not be told apart."""
        if not self._inner or not isinstance(value, list) or not any(isinstance(each, list) for each in value):
            return value
        own = () if self.explode else (self.style,)
        marks = [SEPARATORS.get(each, ",") for each in (*own, *self._inner)]
        if len(set(marks)) < len(marks) or [] in value:
            raise Unbuildable(f"{self._at}: expected lists within the list that are not empty, each kind set apart")
        first, *rest = self._inner
        within = Style(first, explode=False, at=self._at, raw=True, inner=rest)
        return [within.joined(each) if isinstance(each, list) else each for each in value]

    def _members(self, value: dict[str, Any], separator: str, equals: str) -> Iterator[str]:
        for key, each in sorted(value.items()):
            name = self._part(key, separator, also=equals)
            if equals == "=":
                yield f"{name}={self._part(each, separator)}"
            else:
                yield from (name, self._part(each, separator))

    def _part(self, value: Any, separator: str, also: str = "") -> str:
        """Return one part of several; raises Unbuildable where its reader would take it for more than one."""
        text = scalar(value, self._at)
        for mark in (separator, also):
            if mark and mark in text and (self._raw or mark not in ",;="):
                raise Unbuildable(f"{self._at}: expected no {mark!r} in {shown(text)}, for it stands between the parts")
        keep = "".join(each for each in self._keep if each not in f"{separator}{also}")
        return text if self._raw else percent(text, keep)

    def _text(self, value: Any) -> str:
        text = scalar(value, self._at)
        return text if self._raw else percent(text, self._keep)

    def _deep(self, name: str, value: Any, left: int) -> Iterator[Pair]:
        if left == 0:
            raise Unbuildable(f"{self._at}: expected a value nested at most {_MOST_DEEP} deep")
        if isinstance(value, dict | list):
            members = sorted(value.items()) if isinstance(value, dict) else enumerate(value)
            for key, each in ((self._key(key), each) for key, each in members):
                inner = f"[{key}]" if self._raw else f"%5B{percent(key)}%5D"
                yield from self._deep(f"{name}{inner}", each, left - 1)
        else:
            yield name, self._text(value)

    def _key(self, key: object) -> str:
        text = scalar(key, self._at)
        if "[" in text or "]" in text:
            raise Unbuildable(f"{self._at}: expected no brackets in the name {shown(text)}, for they nest")
        return text
