"""Read secrets by their references, and say which of them bindings may name."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from adapters.secrets.places import from_environment, from_file
from adapters.secrets.references import Reference, read_reference
from adapters.secrets.vault import Vault
from commands.ports import Dialer
from domain.errors import Forbidden, Invalid

_TENANT = re.compile(r"[A-Za-z0-9_-]{1,64}")


class ReferencedSecrets:
    """Implement the Secrets port.

    ``open_to`` are patterns of the references that bindings may name: one reference, or with ``*`` at its end all
    that begin so. A pattern with ``{tenant}`` holds for every tenant, each under its own name; another for the tenant
    ``local`` only. ``own`` is for those who run Reprise and is not confined.
    """

    def __init__(
        self,
        dialer: Dialer,
        *,
        open_to: Sequence[str] = (),
        vault_url: str = "",
        vault_token: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._open_to = tuple(open_to)
        self._environment = os.environ if environment is None else environment
        self._vault_token = vault_token
        self._vault = Vault(dialer, vault_url, self._token)

    def permit(self, reference: str, *, tenant: str) -> None:
        """Raise Invalid for what is no reference, and Forbidden for one that a tenant's bindings may not name."""
        read_reference(reference)
        if self._covering(reference, tenant) is None:
            raise Forbidden(
                f"Expected a reference that REPRISE_SECRETS opens to bindings of {tenant}, "
                f"{' or '.join(self._patterns(tenant)) or 'but there is none'}; {reference} is none of them."
            )

    async def read(self, reference: str, *, tenant: str) -> str:
        """Return a secret that a binding names; raises Refused, Unavailable."""
        self.permit(reference, tenant=tenant)
        found = read_reference(reference)
        if found.kind == "file":
            _check_stays(found.where, self._covering(reference, tenant) or "")
        return await self._read(found)

    async def own(self, reference: str, name: str) -> str:
        """Return a secret that a setting refers to, "" where it refers to none; raises Invalid, Unavailable."""
        if not reference:
            return ""
        try:
            return await self._read(read_reference(reference))
        except Invalid as fault:
            raise Invalid(f"{name} cannot be followed. {fault}") from None

    async def _read(self, reference: Reference) -> str:
        match reference.kind:
            case "env":
                return from_environment(reference.where, self._environment)
            case "file":
                return from_file(Path(reference.where))
            case "vault":
                return await self._vault.read(reference)

    async def _token(self) -> str:
        if self._vault_token.startswith("vault:"):
            raise Invalid("Expected REPRISE_VAULT__TOKEN to say where the Vault's token is, env:NAME or file:/PATH.")
        return await self.own(self._vault_token, "REPRISE_VAULT__TOKEN")

    def _covering(self, reference: str, tenant: str) -> str | None:
        return next((each for each in self._patterns(tenant) if _covers(each, reference)), None)

    def _patterns(self, tenant: str) -> list[str]:
        named = _TENANT.fullmatch(tenant) is not None
        return [
            pattern.replace("{tenant}", tenant)
            for pattern in self._open_to
            if ("{tenant}" in pattern and named) or ("{tenant}" not in pattern and tenant == "local")
        ]


def _covers(pattern: str, reference: str) -> bool:
    return reference.startswith(pattern[:-1]) if pattern.endswith("*") else reference == pattern


def _check_stays(path: str, pattern: str) -> None:
    """Raise Forbidden where a link leads out of the folder that a pattern opens."""
    folder = pattern.removeprefix("file:").rpartition("/")[0]
    if pattern.endswith("*") and not os.path.realpath(path).startswith(f"{os.path.realpath(folder)}/"):
        raise Forbidden(f"Expected a secret below {folder}, but {path} is a link that leads elsewhere.")
