"""Write a parameter whose value a media type describes, instead of a style."""

from typing import Any

from adapters.openapi.media import kind_of
from adapters.openapi.model import Parameter
from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.styles import Style
from adapters.openapi.requests.texts import ascii_json, json_bytes, scalar


def parameter_text(parameter: Parameter, value: Any) -> str:
    """Return a value in its parameter's media type, not percent-encoded; raises Unbuildable."""
    at = f"/{parameter.place}/{parameter.name}"
    match kind_of(parameter.media_type):
        case "json":
            text = json_bytes(value, at).decode()
            return ascii_json(text) if parameter.place == "header" else text
        case "form" if isinstance(value, dict):
            return form_text(value, at)
        case _ if not isinstance(value, dict | list):
            return scalar(value, at)
        case _:
            raise Unbuildable(f"{at}: expected a text, for it is written as {parameter.media_type}")


def form_text(value: dict[str, Any], at: str) -> str:
    """Return an object as a form, each list's members under the same name."""
    style = Style("form", explode=True, at=at)
    return "&".join(f"{name}={text}" for key, each in sorted(value.items()) for name, text in style.pairs(key, each))
