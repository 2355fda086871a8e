"""Keep the signing key and the public keys in a folder of their own.

``signing.json`` is the private key (JWK, only its owner may read it); ``public.json`` are the keys whose signatures
are accepted (JWKS). To change the signing key, delete ``signing.json`` and create keys again: the old public key
stays accepted until it is taken out of ``public.json``.
"""

import os
from pathlib import Path
from typing import Any

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from domain.errors import Refused

SIGNING, PUBLIC = "signing.json", "public.json"


def create_keys(folder: Path) -> None:
    """Create an Ed25519 key pair in a folder, which is made where it does not exist; an existing pair stays."""
    if (folder / SIGNING).exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
    accepted = [*_accepted(folder), key.as_dict(private=False)]
    # The public key comes first: a token must never be signed by a key that is not accepted.
    _write(folder / PUBLIC, {"keys": accepted}, 0o644)
    _write(folder / SIGNING, key.as_dict(private=True), 0o600)


def signing_key(folder: Path) -> OKPKey:
    """Read the private key; raise Refused with what to do where there is none."""
    try:
        return OKPKey.import_key(_read(folder / SIGNING))
    except (JoseError, ValueError) as fault:
        raise Refused(f"Expected an Ed25519 key in {folder / SIGNING}, but {fault}: restore or delete it.") from fault


def public_keys(folder: Path) -> KeySet:
    """Read the accepted public keys; raise Refused with what to do where there are none."""
    try:
        return KeySet.import_key_set(_read(folder / PUBLIC))
    except (JoseError, ValueError, KeyError) as fault:
        raise Refused(f"Expected public keys in {folder / PUBLIC}, but {fault}: restore the file.") from fault


def _accepted(folder: Path) -> list[Any]:
    return list(_read(folder / PUBLIC)["keys"]) if (folder / PUBLIC).exists() else []


def _read(file: Path) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes())
    except FileNotFoundError as fault:
        raise Refused(
            f"Expected a key in {file}, but there is no such file: issue a token, which makes one."
        ) from fault
    except (OSError, msgspec.DecodeError) as fault:
        raise Refused(f"Expected a key in {file}, but it cannot be read: {fault}.") from fault


def _write(file: Path, value: Any, mode: int) -> None:
    """Write a file as a whole and only then give it its name, readable by nobody else meanwhile."""
    beside = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(value))
    beside.chmod(mode)
    beside.replace(file)
