"""Compose what reads secrets."""

from adapters.secrets.secrets import ReferencedSecrets
from commands.ports import Dialer
from ops.settings import Settings


def secrets_of(settings: Settings, dialer: Dialer) -> ReferencedSecrets:
    """Return what follows references as the settings permit."""
    return ReferencedSecrets(
        dialer, open_to=settings.open_secrets, vault_url=settings.vault.url, vault_token=settings.vault.token
    )
