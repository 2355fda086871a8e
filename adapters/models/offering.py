"""Offer the tools of a step as functions that a model may call, and beside them what it may say without one."""

import msgspec

from domain.catalog.events import Tool
from domain.encoding import NULL, Json
from domain.session.forms import ReplyForm

RESULT = "reprise_result"
DESCRIBE = "reprise_describe"
REPLY = "reprise_reply"
OWN = (RESULT, DESCRIBE, REPLY)
"""Functions whose arguments are the reply; every other call chooses a tool."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """Be a function that may be called; ``parameters`` is a JSON Schema."""

    name: str
    text: str
    parameters: Json


def offers(form: ReplyForm) -> list[Offer]:
    """Return everything that may be called in place of a written choice."""
    return [
        *(Offer(name=tool.name, text=tool.description, parameters=_parameters(tool)) for tool in form.tools),
        _conclusion(form),
        Offer(
            name=DESCRIBE, text="See more of a tool's arguments before you choose.", parameters=_texts("describe", "at")
        ),
    ]


def _conclusion(form: ReplyForm) -> Offer:
    if form.findings:
        return Offer(name=REPLY, text="State what you found, as `findings` alone.", parameters=form.schema)
    text = "State the result of this step, where it follows from what is known."
    return Offer(name=RESULT, text=text, parameters=_texts("result"))


def reply_offer(form: ReplyForm) -> Offer:
    """Return the one function that takes a whole reply."""
    return Offer(name=REPLY, text="Give your whole reply, in this form.", parameters=form.schema)


def _parameters(tool: Tool) -> Json:
    return msgspec.Raw(b'{"type": "object", "properties": {}}') if tool.parameters == NULL else tool.parameters


def _texts(*names: str) -> Json:
    properties = {name: {"type": "string"} for name in names}
    return msgspec.Raw(msgspec.json.encode({"type": "object", "properties": properties, "required": names}))
