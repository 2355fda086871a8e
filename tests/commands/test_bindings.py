"""Schemes are bound by reference: what is complete, allowed and safe is recorded, and holds at once."""

import json
from typing import Any

import pytest

from adapters.http.dialer import HttpDialer
from adapters.openapi.documents import OpenApiDocuments
from adapters.postgres.store import PostgresEventStore
from adapters.secrets.secrets import ReferencedSecrets
from commands.bindings import BindingDesk, DeclaredScheme, Wanted, binding_of
from commands.catalogue import Catalogue
from domain.catalog.events import SchemeBound
from domain.catalog.state import Document
from domain.errors import CommandReused, Forbidden, Invalid, NotFound, Stale
from tests.commands.parts import Model, Shop, Time, context, shell_of

DECLARED = (
    DeclaredScheme(name="key", kind="api-key", place="header", field="X-Key", asked=True),
    DeclaredScheme(name="odd", kind="api-key", place="header", field="Host"),
    DeclaredScheme(name="oauth", kind="oauth2", token_url="/token", asked=True),
    DeclaredScheme(name="elsewhere", kind="oauth2", token_url="https://login.test/token"),
    DeclaredScheme(name="oidc", kind="open-id-connect"),
    DeclaredScheme(name="mtls", kind="mutual-tls"),
)
PUBLIC = Document(api="shop", document="d", base_url="https://api.test/v1")


def wanted(scheme: str, **given: Any) -> Wanted:
    return Wanted(api="shop", scheme=scheme, reference="env:REPRISE_SECRET_SHOP", **given)


def test_what_the_document_declares_need_not_be_said() -> None:
    key = binding_of(wanted("key"), DECLARED, PUBLIC)
    assert (key.kind, key.place, key.field, key.origin, key.unasked) == (
        "api-key",
        "header",
        "X-Key",
        "https://api.test",
        False,
    )
    oauth = binding_of(wanted("oauth", client_id="me"), DECLARED, PUBLIC)
    assert (oauth.kind, oauth.token_url) == ("client-credentials", "https://api.test/token")
    assert binding_of(wanted("oauth"), DECLARED, PUBLIC).kind == "bearer"


def test_what_no_operation_asks_for_is_sent_where_the_document_says_nothing() -> None:
    assert binding_of(wanted("oidc"), DECLARED, PUBLIC).unasked
    assert binding_of(wanted("mine", kind="bearer"), DECLARED, PUBLIC).unasked


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (wanted("mine"), "one of key, odd, oauth"),
        (wanted("mine", kind="api-key"), "--header NAME"),
        (wanted("odd"), "may carry a key, but got 'Host'"),
        (wanted("mine", kind="api-key", place="header", field="X\r\nEvil"), "may carry a key"),
        (wanted("mine", kind="api-key", place="cookie", field="a;b"), "may carry a key"),
        (wanted("mtls"), "client certificate"),
        (wanted("mine", kind="client-credentials"), "--client-id"),
        (wanted("oidc", client_id="me"), "--token-url"),
        (wanted("elsewhere", client_id="me"), "say --token-url https://login.test/token"),
        (wanted("oauth", client_id="me", token_url="http://login.test/token"), "travel in clear"),
        (wanted("oauth", client_id="me", token_url="https://me:pw@login.test/"), "without user"),
        (wanted("oauth", client_id="me", token_url="ftp://login.test/"), "token server"),
        (wanted("oauth", client_id="me", token_url="https://[::1"), "token server"),
        (wanted("a\nb", kind="bearer"), "printable ASCII"),
    ],
)
def test_what_is_missing_or_dangerous_is_refused(given: Wanted, words: str) -> None:
    with pytest.raises(Invalid) as fault:
        binding_of(given, DECLARED, PUBLIC)
    assert words in str(fault.value)


def test_another_place_for_tokens_is_taken_where_who_binds_names_it() -> None:
    named = wanted("elsewhere", client_id="me", token_url="https://login.test/token")
    assert binding_of(named, DECLARED, PUBLIC).token_url == "https://login.test/token"


def test_no_credential_is_bound_for_a_public_address_without_encryption() -> None:
    clear = Document(api="shop", document="d", base_url="http://api.test")
    with pytest.raises(Invalid, match="in clear"):
        binding_of(wanted("key"), DECLARED, clear)
    named = Document(api="shop", document="d", base_url="http://api.test", allow_private=True)
    with pytest.raises(Invalid, match="whoever answers for a name"):
        binding_of(wanted("key"), DECLARED, named)
    inside = Document(api="shop", document="d", base_url="http://10.0.0.1", allow_private=True)
    assert binding_of(wanted("key"), DECLARED, inside).origin == "http://10.0.0.1"


@pytest.fixture
async def desk(store: PostgresEventStore) -> Any:
    """Yield a desk at which the schemes of one API can be bound."""
    written = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.test"}],
        "paths": {"/a": {"get": {"operationId": "a", "security": [{"key": []}], "responses": {}}}},
        "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}},
    }
    shell = shell_of(store, Shop(), Model(), Time())
    catalogue, documents = Catalogue(shell), OpenApiDocuments()
    await catalogue.register_document(documents, json.dumps(written).encode(), context(), api="keyed")
    async with HttpDialer() as dialer:
        secrets = ReferencedSecrets(dialer, open_to=["env:REPRISE_SECRET_*"], environment={})
        yield BindingDesk(shell, catalogue, documents, secrets)


def keyed(reference: str = "env:REPRISE_SECRET_SHOP", api: str = "keyed", scheme: str = "key") -> Wanted:
    return Wanted(api=api, scheme=scheme, reference=reference)


async def test_the_newest_binding_holds_until_it_is_withdrawn(desk: BindingDesk) -> None:
    await desk.bind(keyed(), context())
    await desk.bind(keyed("env:REPRISE_SECRET_NEW"), context())
    assert [each.reference for each in await desk.recorded.of("local", "keyed")] == ["env:REPRISE_SECRET_NEW"]
    assert await desk.recorded.of("acme", "keyed") == ()
    await desk.unbind("keyed", "key", context())
    assert await desk.recorded.of("local", "keyed") == ()
    with pytest.raises(NotFound, match="that is bound"):
        await desk.unbind("keyed", "key", context())


async def test_the_same_request_is_carried_out_once(desk: BindingDesk) -> None:
    first = await desk.bind(keyed(), context("once"))
    assert await desk.bind(keyed(), context("once")) == first
    with pytest.raises(CommandReused):
        await desk.bind(keyed("env:REPRISE_SECRET_NEW"), context("once", request="other"))
    assert isinstance(first.change, SchemeBound) and first.version == 1


async def test_what_may_not_be_named_or_is_not_there_binds_nothing(desk: BindingDesk) -> None:
    with pytest.raises(Forbidden, match="REPRISE_SECRETS"):
        await desk.bind(keyed("env:HOME"), context())
    with pytest.raises(Invalid, match="not the secret itself"):
        await desk.bind(keyed("hunter2"), context())
    with pytest.raises(NotFound, match="one of keyed, shop"):
        await desk.bind(keyed(api="none"), context())
    with pytest.raises(Stale, match="Expected version 3, but it is 0"):
        await desk.bind(keyed(), context(), expected=3)
    assert await desk.recorded.with_version("local", "keyed") == ((), 0)


async def test_a_catalogue_with_bindings_pins_the_same_snapshot_as_one_without(desk: BindingDesk) -> None:
    before = await Catalogue(desk._shell).current("local")
    await desk.bind(keyed(), context())
    assert await Catalogue(desk._shell).current("local") == before
