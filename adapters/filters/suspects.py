"""Label what looks like an order to a model, or like a credential; deny nothing, for most such texts are harmless.

These are patterns. They find what is written in the usual words and no more: what guards against orders in a text is
that values carry where they came from, not that somebody noticed.
"""

import re

from commands.ports import Looked, Opinion
from domain.redaction.folding import folded

_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|all|your)\b.{0,30}"
    r"\b(?:instructions?|rules?|prompts?|messages?|context)\b"
    r"|\byou are now\b|\bnew (?:system )?instructions?\b|\b(?:system|developer) (?:prompt|message)\b"
    r"|\bdo not (?:tell|inform|mention (?:this|it) to) the user\b|\bwithout (?:telling|asking) the user\b"
    r"|<\s*/?\s*(?:system|instructions?|important|information)\s*>|\[/?INST\]|<\|im_(?:start|end)\|>"
    r"|\bimportant message (?:from|for|to)\b",
    re.IGNORECASE | re.DOTALL,
)
_UNSEEN = re.compile("[\U000e0000-\U000e007f\u202a-\u202e\u2066-\u2069]")
"""Characters that nobody sees, in which whole sentences can stand, and those that turn what is seen around."""
_CREDENTIALS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36,}\b"
    r"|\bsk-[A-Za-z0-9_-]{20,}|\bxox[abprs]-[A-Za-z0-9-]{10,}|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\."
)


class Suspects:
    """Implement the ContentFilter port: label orders as untrusted, and credentials as private."""

    name = "suspects"

    async def look(self, looked: Looked) -> Opinion:
        """Label a text by what is found in it."""
        text, labels, reasons = folded(looked.text), list[str](), list[str]()
        if looked.place != "goal" and (_ORDERS.search(text) or _UNSEEN.search(text)):
            labels += ["injection-suspect", "untrusted"]
            reasons.append("it reads like an order to a model")
        if _CREDENTIALS.search(text):
            labels += ["credential-suspect", "private"]
            reasons.append("it holds what looks like a credential")
        if not labels:
            return Opinion()
        return Opinion(decision="label", labels=tuple(labels), reason=", and ".join(reasons))
