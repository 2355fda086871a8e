"""Compose what recognises personal values, and what keeps them sealed."""

from collections.abc import Mapping

from adapters.keys.master import Master, master_file
from adapters.keys.ring import SessionKeyRing
from adapters.pii.phones import phones
from adapters.postgres.store import PostgresEventStore
from commands.ports import Dialer, SessionKeys
from commands.redaction import Redactor, Unkept
from domain.redaction.patterns import RECOGNISERS
from domain.redaction.spans import Recogniser
from ops.bootstrap.secrets import secrets_of
from ops.settings import Settings

EVERY: Mapping[str, Recogniser] = {**RECOGNISERS, "phone": phones}
"""What finds each kind, in the order in which they claim a place; phone numbers come last, for much looks like one."""


async def redactor(settings: Settings, store: PostgresEventStore, dialer: Dialer) -> Redactor:
    """Return what hides the kinds that the settings name; raises Invalid, Unavailable."""
    if settings.redaction == "off":
        return Redactor()
    recognisers = {kind: find for kind, find in EVERY.items() if kind in settings.hidden_kinds}
    return Redactor(recognisers, await _keys(settings, store, dialer))


def loses_values(settings: Settings) -> bool:
    """Tell whether personal values are hidden for good, for there is no key to seal them under."""
    return settings.redaction != "off" and bool(settings.postgres_url) and not settings.master_key


async def _keys(settings: Settings, store: PostgresEventStore, dialer: Dialer) -> SessionKeys:
    """Keep keys under the master key: the one that is configured, or that of the data folder for its own servers."""
    reference = settings.master_key
    if loses_values(settings):
        return Unkept()
    if not reference:
        master_file(settings.folder / "master.key")
        reference = f"file:{settings.folder / 'master.key'}"
    secret = await secrets_of(settings, dialer).own(reference, "REPRISE_MASTER_KEY")
    return SessionKeyRing(Master(secret), store.session_keys)
