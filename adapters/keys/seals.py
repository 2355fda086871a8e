"""Seal values with AES-256-GCM, each for its session and token, so that none can be put in the place of another."""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from domain.errors import NotPossible

KEY_BYTES = 32
NONCE_BYTES = 12


def encrypted(key: bytes, data: bytes, bound_to: str) -> bytes:
    """Encrypt bytes under a nonce of their own, bound to a text that decryption must name again."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, data, bound_to.encode())


def decrypted(key: bytes, data: bytes, bound_to: str) -> bytes:
    """Return encrypted bytes; raises InvalidTag for another key, other bytes or another text."""
    return AESGCM(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], bound_to.encode())


class SessionSeal:
    """Implement the Seal port for one session."""

    def __init__(self, key: bytes, session: str) -> None:
        self._key, self._session = key, session
        self.digest_key = HKDFExpand(algorithm=SHA256(), length=32, info=b"reprise: request digests").derive(key)

    def close(self, token: str, value: str) -> str:
        """Seal a value for a token."""
        return base64.b64encode(encrypted(self._key, value.encode(), self._bound_to(token))).decode()

    def open(self, token: str, sealed: str) -> str:
        """Return a sealed value; raises NotPossible."""
        try:
            return decrypted(self._key, base64.b64decode(sealed), self._bound_to(token)).decode()
        except (InvalidTag, ValueError):
            raise NotPossible(f"Expected the value of {token} sealed under the session's key, but it is not.") from None

    def _bound_to(self, token: str) -> str:
        return f"{self._session} {token}"
