"""Say which models a caller may ask for: each is a place to call, so the operator configures them."""

from collections.abc import Collection


def is_offered(model: str, offered: Collection[str]) -> bool:
    """Tell whether a model is one that the operator configured, or a tape of what the caller's own tenant recorded."""
    return model in offered or model.startswith("tape:")


def not_offered(what: str, model: str, offered: Collection[str]) -> str:
    """Say in words that a model is not offered."""
    choices = f"one of {', '.join(offered)}" if offered else "one that is configured, of which there is none"
    return f"Expected {what} to be {choices}, but got {model[:200]!r}: the operator adds others by REPRISE_MODELS."
