"""Issue tokens with the keys of the data folder."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from adapters.identity import TokenIssuer, create_keys
from ops.settings import Settings


def keys(settings: Settings) -> Path:
    """Return the folder of the token keys, made on first use."""
    folder = Path(settings.tokens.keys) if settings.tokens.keys else settings.folder / "keys"
    create_keys(folder)
    return folder


def issue_token(settings: Settings, *, user: str, roles: Sequence[str], tenant: str, hours: float) -> str:
    """Sign a token."""
    tokens = settings.tokens
    issuer = TokenIssuer(keys(settings), issuer=tokens.issuer, audience=tokens.audience)
    return issuer.issue(user, roles, tenant, timedelta(hours=hours))
