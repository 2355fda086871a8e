"""Compose what reads secrets."""

from adapters.secrets.secrets import ReferencedSecrets
from commands.ports import Dialer
from domain.errors import Invalid
from ops.settings import Settings


def secrets_of(settings: Settings, dialer: Dialer) -> ReferencedSecrets:
    """Return what follows references as the settings permit."""
    return ReferencedSecrets(
        dialer, open_to=settings.open_secrets, vault_url=settings.vault.url, vault_token=settings.vault.token
    )


async def model_key(settings: Settings, dialer: Dialer) -> str:
    """Return the key that is sent to models, "" for none; raises Invalid, Unavailable, and no message repeats it."""
    key = await secrets_of(settings, dialer).own(settings.model_key, "REPRISE_MODEL_KEY")
    if not (key.isascii() and key.isprintable()):
        raise Invalid("Expected the key behind REPRISE_MODEL_KEY to be ASCII letters, digits and signs, but it is not.")
    return key
