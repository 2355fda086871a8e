"""Take credentials out of what a server, or a fault, says of a request: whoever was sent one may send it back."""

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import quote, quote_plus

from msgspec.structs import replace

from commands.ports import HttpResponse
from domain.encoding import canonical, parse
from domain.errors import Refused

PLACEHOLDER = "[credential]"
_QUOTED = re.compile(r"\bb(?:ytearray\(b)?['\"].*", re.DOTALL)


class Redactor:
    """Replace credentials by a placeholder, in each form that the usual encodings give them."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = sorted({form for value in values for form in _forms(value)}, key=len, reverse=True)
        encoded = sorted({data for form in forms for data in _bytes(form)}, key=len, reverse=True)
        self._text = re.compile("|".join(map(re.escape, forms)) or r"(?!)")
        self._data = re.compile(b"|".join(map(re.escape, encoded)) or rb"(?!)")

    def text(self, text: str) -> str:
        """Return a text without credentials."""
        return self._text.sub(PLACEHOLDER, text)

    def fault(self, text: str) -> str:
        """Return what a fault says, without credentials and without the raw bytes that it quotes."""
        return _QUOTED.sub("…", self.text(text))

    def response(self, response: HttpResponse) -> HttpResponse:
        """Return a response without credentials in its headers and its body."""
        headers = tuple((self.text(name), self.text(value)) for name, value in response.headers)
        return replace(response, headers=headers, body=self._body(response.body))

    def _body(self, body: bytes) -> bytes:
        # JSON can write each character in other ways too, but only with this sign. What they mean is looked at first:
        # a credential may begin with the last digits of an escape, and half an escape is no JSON.
        written = self._json(body) if b"\\" in body else body
        return self._data.sub(PLACEHOLDER.encode(), written)

    def _json(self, body: bytes) -> bytes:
        try:
            said = parse(body)
            meant = self._value(said)
            return body if meant == said and not self._data.search(body) else canonical(meant)
        except (Refused, RecursionError):
            return body

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case list():
                return [self._value(each) for each in value]
            case dict():
                return {self.text(key): self._value(each) for key, each in value.items()}
            case int() | Decimal() if self._text.search(str(value)):
                return PLACEHOLDER
            case _:
                return value


def _forms(value: str) -> Iterator[str]:
    data = value.encode()
    yield value
    yield from (quote(value, safe=""), quote(value), quote_plus(value), html.escape(value), repr(value)[1:-1])
    yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), quote(value, safe=""))
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1])
    yield from (b64encode(data).decode(), urlsafe_b64encode(data).decode(), data.hex())


def _bytes(form: str) -> Iterator[bytes]:
    yield from (form.encode(), form.encode("latin-1", "replace"), form.encode("utf-16-le"), form.encode("utf-16-be"))
