"""Keep files that calls may carry, and give those that they answered; each is named by its digest."""

import re

from commands.shell import Shell
from domain.encoding import digest_bytes
from domain.errors import Invalid, TooLarge

MOST_BYTES = 16 << 20
"""How large a file may be: no call carries more."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


async def keep_file(shell: Shell, tenant: str, data: bytes) -> str:
    """Keep a file, the same one once, and return its SHA-256; raises TooLarge."""
    if len(data) > MOST_BYTES:
        raise TooLarge(f"Expected a file of at most {MOST_BYTES} bytes, but it has {len(data)}.")
    await shell.store.put_blobs(tenant, [data])
    return digest_bytes(data)


async def kept_file(shell: Shell, tenant: str, digest: str) -> bytes:
    """Return a file as it is kept: one that was uploaded, or what a call answered; raises Invalid, NotFound."""
    if not _DIGEST.fullmatch(digest):
        raise Invalid(f"Expected a file's SHA-256, 64 of 0-9 and a-f, but got {digest[:100]!r}.")
    return await shell.store.get_blob(tenant, digest)
