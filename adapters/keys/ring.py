"""Keep the keys of sessions, each wrapped under the master key: the write side's SessionKeys."""

import hmac
import os
from collections import OrderedDict
from typing import Protocol

from cryptography.exceptions import InvalidTag

from adapters.keys.master import Master
from adapters.keys.seals import KEY_BYTES, SessionSeal, decrypted, encrypted
from domain.errors import NotPossible

SEALS = 2_000


class WrappedKeys(Protocol):
    """Store wrapped keys; the database does, in a table apart from the log."""

    async def find(self, tenant: str, session: str) -> tuple[bytes, str] | None:
        """Return the wrapped key of a session and the name of its master key; raises Unavailable."""
        ...

    async def keep(self, tenant: str, session: str, wrapped: bytes, master: str) -> None:
        """Store a wrapped key durably, unless the session has one; raises Unavailable."""
        ...


class SessionKeyRing:
    """Implement the SessionKeys port; opened keys are kept in memory, a bounded number."""

    def __init__(self, master: Master, wrapped: WrappedKeys) -> None:
        self._master, self._wrapped = master, wrapped
        self._seals: OrderedDict[tuple[str, str], SessionSeal] = OrderedDict()

    async def seal(self, tenant: str, session: str, *, make: bool = False) -> SessionSeal | None:
        """Return the seal of a session, None if it has none and is not to get one; raises NotPossible, Unavailable."""
        known = self._seals.get((tenant, session))
        if known:
            return known
        found = await self._wrapped.find(tenant, session)
        if found is None and make:
            fresh = encrypted(self._master.wrapping, os.urandom(KEY_BYTES), f"{tenant} {session}")
            await self._wrapped.keep(tenant, session, fresh, self._master.name)
            found = await self._wrapped.find(tenant, session)  # another process may have been quicker
        return None if found is None else self._opened(tenant, session, *found)

    def _opened(self, tenant: str, session: str, wrapped: bytes, master: str) -> SessionSeal:
        try:
            seal = SessionSeal(decrypted(self._master.wrapping, wrapped, f"{tenant} {session}"), session)
        except InvalidTag:
            raise NotPossible(
                f"Expected the key of session {session} under the master key {self._master.name}, but it is under "
                f"{master}: start this process with that REPRISE_MASTER_KEY."
            ) from None
        self._seals[tenant, session] = seal
        while len(self._seals) > SEALS:
            self._seals.popitem(last=False)
        return seal

    async def keyed(self, digest: str) -> str:
        """Return a digest taken again under a key of ours, as it is where it is empty."""
        return hmac.digest(self._master.digests, digest.encode(), "sha256").hex() if digest else digest
