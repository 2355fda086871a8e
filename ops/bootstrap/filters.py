"""Compose the content filters that the settings name."""

from collections.abc import Sequence

from adapters.filters.suspects import Suspects
from adapters.filters.webhook import WebhookFilter
from commands.ports import ContentFilter, Dialer
from ops.settings import Settings


def filters(settings: Settings, dialer: Dialer) -> Sequence[ContentFilter]:
    """Return the filters in the order in which they are named."""
    return [Suspects() if name == "suspects" else WebhookFilter(dialer, name) for name in settings.filter_names]
