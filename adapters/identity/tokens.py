"""Issue and verify tokens: JWTs signed with Ed25519, for one issuer and one audience, that always expire."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError, UnsupportedAlgorithmError

from adapters.identity.keys import public_keys, signing_key
from commands.authorize import Principal, Unauthenticated, read_roles
from domain.errors import Invalid

# The name of RFC 9864. A list of one: a token's own header never chooses how it is verified.
ALGORITHMS = ["Ed25519"]
LONGEST = timedelta(days=366)
LEEWAY_SECONDS = 5

Seconds = Callable[[], float]


class TokenIssuer:
    """Issue tokens with the private key of a folder."""

    def __init__(self, folder: Path, *, issuer: str, audience: str, now: Seconds = time.time):
        self._key = signing_key(folder)
        self._issuer, self._audience, self._now = issuer, audience, now

    def issue(self, user: str, roles: Iterable[str], tenant: str = "local", ttl: timedelta = timedelta(hours=8)) -> str:
        """Return a token for a user; raise Invalid for unknown roles, a blank name or a wrong lifetime."""
        if not user.strip() or not tenant.strip():
            raise Invalid(f"Expected the names of a user and a tenant, but got {user!r} and {tenant!r}.")
        if not timedelta(0) < ttl <= LONGEST:
            raise Invalid(f"Expected a lifetime of up to {LONGEST.days} days, but got {ttl}.")
        issued = int(self._now())
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user,
            "tenant": tenant,
            "roles": list(read_roles(roles)),
            "iat": issued,
            "exp": issued + int(ttl.total_seconds()),
        }
        return jwt.encode({"alg": ALGORITHMS[0], "kid": self._key.kid}, claims, self._key, algorithms=ALGORITHMS)


class TokenVerifier:
    """Implement the Verifier port with the public keys of a folder."""

    def __init__(self, folder: Path, *, issuer: str, audience: str, now: Seconds = time.time):
        self._keys = public_keys(folder)
        self._claims = jwt.JWTClaimsRegistry(
            now=lambda: int(now()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            sub={"essential": True},
            exp={"essential": True},
            tenant={"essential": True},
            roles={"essential": True},
        )

    def verify(self, token: str) -> Principal:
        """Return whom a token names; raises Unauthenticated with what is wrong with it."""
        try:
            claims = jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims
            self._claims.validate(claims)
            return _principal(claims)
        except ExpiredTokenError as fault:
            raise Unauthenticated("Expected a valid token, but this one has expired: issue a new one.") from fault
        except ClaimError as fault:
            raise Unauthenticated(
                f"Expected a token made for this service, but its claim {fault.claim!r} is missing or wrong: "
                "issue one here."
            ) from fault
        except UnsupportedAlgorithmError as fault:
            raise Unauthenticated(f"Expected a token signed with {ALGORITHMS[0]}, but it names another way.") from fault
        except (JoseError, ValueError, Invalid) as fault:
            raise Unauthenticated("Expected a token signed by a key of this service, but this is none.") from fault


def _principal(claims: dict[str, Any]) -> Principal:
    roles, tenant = claims["roles"], claims["tenant"]
    if not isinstance(tenant, str) or not isinstance(roles, list):
        raise Invalid("Expected a tenant's name and a list of roles.")
    expires_at = datetime.fromtimestamp(claims["exp"] + LEEWAY_SECONDS, UTC)
    return Principal(tenant=tenant, actor=claims["sub"], roles=read_roles(map(str, roles)), expires_at=expires_at)
