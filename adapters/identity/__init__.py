"""Issue and verify signed tokens that say who asks."""

from adapters.identity.keys import create_keys
from adapters.identity.tokens import TokenIssuer, TokenVerifier

__all__ = ["TokenIssuer", "TokenVerifier", "create_keys"]
