"""A token names one person for one service, for a while, and nothing about it can be chosen by its bearer."""

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from msgspec.structs import replace

from adapters.identity import TokenIssuer, TokenVerifier, create_keys
from commands.authorize import Principal, Unauthenticated
from domain.errors import Invalid, Refused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with keys."""
    create_keys(tmp_path / "keys")
    return tmp_path / "keys"


def issuer(folder: Path, issuer: str = "reprise", audience: str = "reprise") -> TokenIssuer:
    """Issue as the service does, or with another name of issuer or audience."""
    return TokenIssuer(folder, issuer=issuer, audience=audience)


def verifier(folder: Path) -> TokenVerifier:
    """Verify as the service does."""
    return TokenVerifier(folder, issuer="reprise", audience="reprise")


def test_a_token_names_the_person_the_tenant_the_roles_and_until_when(folder: Path) -> None:
    before = datetime.now(UTC)
    token = issuer(folder).issue("ada", ["operator"], tenant="acme", ttl=timedelta(hours=1))
    found = verifier(folder).verify(token)
    assert replace(found, expires_at=None) == Principal(tenant="acme", actor="ada", roles=("operator",))
    assert found.expires_at is not None
    assert timedelta(minutes=59) < found.expires_at - before < timedelta(minutes=61)


def test_only_its_owner_can_read_the_private_key(folder: Path) -> None:
    assert (folder / "signing.json").stat().st_mode & 0o777 == 0o600
    assert '"d"' not in (folder / "public.json").read_text()


def test_creating_keys_again_changes_nothing(folder: Path) -> None:
    token = issuer(folder).issue("ada", ["viewer"])
    create_keys(folder)
    assert verifier(folder).verify(token).actor == "ada"


def test_tokens_of_the_former_key_stay_valid_after_a_change_of_keys(folder: Path) -> None:
    token = issuer(folder).issue("ada", ["viewer"])
    (folder / "signing.json").unlink()
    create_keys(folder)
    assert verifier(folder).verify(token).actor == "ada"
    assert verifier(folder).verify(issuer(folder).issue("bob", ["viewer"])).actor == "bob"


def test_an_expired_token_is_refused(folder: Path) -> None:
    long_ago = TokenIssuer(folder, issuer="reprise", audience="reprise", now=lambda: 1_000_000_000)
    with pytest.raises(Unauthenticated, match="expired"):
        verifier(folder).verify(long_ago.issue("ada", ["viewer"]))


@pytest.mark.parametrize(("changed", "claim"), [({"issuer": "other"}, "iss"), ({"audience": "other"}, "aud")])
def test_a_token_made_for_something_else_is_refused(folder: Path, changed: dict[str, str], claim: str) -> None:
    with pytest.raises(Unauthenticated, match=claim):
        verifier(folder).verify(issuer(folder, **changed).issue("ada", ["viewer"]))


def test_a_token_that_names_no_algorithm_is_refused(folder: Path) -> None:
    _, claims, _ = issuer(folder).issue("ada", ["admin"]).split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).rstrip(b"=").decode()
    with pytest.raises(Unauthenticated, match="Ed25519"):
        verifier(folder).verify(f"{none}.{claims}.")


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused(folder: Path) -> None:
    public = json.loads((folder / "public.json").read_text())["keys"][0]
    secret = OctKey.import_key(public["x"])
    token = jwt.encode({"alg": "HS256", "kid": public["kid"]}, {"sub": "ada"}, secret, algorithms=["HS256"])
    with pytest.raises(Unauthenticated, match="Ed25519"):
        verifier(folder).verify(token)


def test_a_token_signed_by_another_key_is_refused(folder: Path, tmp_path: Path) -> None:
    create_keys(tmp_path / "others")
    with pytest.raises(Unauthenticated, match="signed by a key of this service"):
        verifier(folder).verify(issuer(tmp_path / "others").issue("ada", ["admin"]))


def test_a_token_without_an_end_is_refused(folder: Path) -> None:
    key = OKPKey.import_key(json.loads((folder / "signing.json").read_text()))
    claims = {"iss": "reprise", "aud": "reprise", "sub": "ada", "tenant": "local", "roles": ["admin"]}
    token = jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=["Ed25519"])
    with pytest.raises(Unauthenticated, match="exp"):
        verifier(folder).verify(token)


@pytest.mark.parametrize("changed", [{"roles": ["root"]}, {"roles": []}, {"roles": "admin"}, {"tenant": 7}])
def test_signed_claims_of_the_wrong_form_are_refused(folder: Path, changed: dict[str, object]) -> None:
    key = OKPKey.import_key(json.loads((folder / "signing.json").read_text()))
    right: dict[str, object] = {"iss": "reprise", "aud": "reprise", "sub": "ada", "tenant": "local", "roles": ["admin"]}
    claims = {**right, "exp": 4_000_000_000, **changed}
    token = jwt.encode({"alg": "Ed25519", "kid": key.kid}, claims, key, algorithms=["Ed25519"])
    with pytest.raises(Unauthenticated):
        verifier(folder).verify(token)


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é.é.é", "..", "e30.e30.e30"])
def test_what_is_no_token_is_refused(folder: Path, text: str) -> None:
    with pytest.raises(Unauthenticated):
        verifier(folder).verify(text)


def test_a_role_that_does_not_exist_is_not_issued(folder: Path) -> None:
    with pytest.raises(Invalid, match="viewer, operator, admin"):
        issuer(folder).issue("ada", ["root"])


@pytest.mark.parametrize("ttl", [timedelta(0), timedelta(days=367)])
def test_a_token_lives_between_a_moment_and_a_year(folder: Path, ttl: timedelta) -> None:
    with pytest.raises(Invalid, match="366 days"):
        issuer(folder).issue("ada", ["viewer"], ttl=ttl)


def test_missing_and_broken_keys_are_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(Refused, match="no such file"):
        issuer(tmp_path)
    (folder / "public.json").write_text("{}")
    with pytest.raises(Refused, match="Expected public keys"):
        verifier(folder)
