"""Derive what is needed from a master key, and make one for a data folder."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import Invalid

SHORTEST = 32


class Master:
    """Hold what is derived from a master key, a secret text of at least 32 characters.

    ``wrapping`` encrypts the keys of sessions, ``digests`` keys digests, ``name`` tells this master key from others.
    """

    def __init__(self, secret: str) -> None:
        if len(secret) < SHORTEST:
            raise Invalid(
                f"Expected a master key of at least {SHORTEST} characters, but it has {len(secret)}: make one, for "
                "instance by `openssl rand -base64 32`."
            )
        self.wrapping = _derived(secret, b"wrapping of session keys")
        self.digests = _derived(secret, b"keyed digests")
        self.name = _derived(secret, b"name of the master key")[:8].hex()


def _derived(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"reprise: " + purpose).derive(secret.encode())


def master_file(path: Path) -> None:
    """Make a random master key in a file that only its owner can read, unless it is there."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
    if path.exists():
        return
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    with suppress(FileExistsError):  # somebody else was quicker
        os.link(beside, path)
    beside.unlink()
