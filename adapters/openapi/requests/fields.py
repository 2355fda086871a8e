"""Write the properties of a form one by one, as their encoding or else their value says."""

from collections.abc import Iterator
from typing import Any

import msgspec

from adapters.openapi.media import is_json
from adapters.openapi.model import Content, Encoding
from adapters.openapi.requests.styles import Pair, Style
from adapters.openapi.requests.texts import RESERVED_IN_QUERY, json_bytes, percent, scalar


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Hold one property of a form with what the document says of it."""

    name: str
    value: Any
    encoding: Encoding

    @property
    def at(self) -> str:
        """Name the place of the argument."""
        return f"/body/{self.name}"

    @property
    def styled(self) -> bool:
        """Tell whether a style writes it; then its media type counts for nothing."""
        return bool(self.encoding.style or self.encoding.explode is not None or self.encoding.allow_reserved)


def fields(content: Content, body: dict[str, Any]) -> Iterator[Field]:
    """Yield a form's properties in the order in which canonical JSON has them."""
    encodings = {each.name: each for each in content.encodings}
    for name in sorted(body):
        yield Field(name=name, value=body[name], encoding=encodings.get(name) or Encoding(name=name))


def styled_pairs(field: Field, *, raw: bool) -> list[Pair]:
    """Return names and values of a property in its style, percent-encoded unless ``raw``; raises Unbuildable."""
    how = field.encoding
    style = how.style or "form"
    explode = style in ("form", "deepObject") if how.explode is None else how.explode
    keep = RESERVED_IN_QUERY if how.allow_reserved else ""
    return Style(style, explode=explode, at=field.at, keep=keep, raw=raw, inner=how.inner).pairs(
        field.name, field.value
    )


def items(field: Field) -> list[Any]:
    """Return the values that are written under a property's name: each of a list by itself."""
    return field.value if isinstance(field.value, list) else [field.value]


def value_text(field: Field, value: Any) -> str:
    """Return one value as text: an object as JSON, and anything where the document says that it is JSON."""
    if isinstance(value, dict | list) or is_json(field.encoding.content_type):
        return json_bytes(value, field.at).decode()
    return scalar(value, field.at)


def form_pairs(field: Field) -> list[Pair]:
    """Return names and values of a property of an urlencoded form, percent-encoded; raises Unbuildable."""
    if field.styled:
        return styled_pairs(field, raw=False)
    return [(percent(field.name), percent(value_text(field, each))) for each in items(field)]
