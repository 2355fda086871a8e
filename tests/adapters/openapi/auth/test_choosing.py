"""The first alternative that is bound and granted is used; what is missing is named with what to type."""

import pytest
from msgspec.structs import replace

from adapters.openapi.auth.choosing import Unmet, choose
from adapters.openapi.model import Need, Operation
from domain.catalog.events import Binding, CredentialKind, Tool
from domain.catalog.state import Document

KEY, LOGIN, OAUTH = "key", "login", "oauth"


def bound(
    *schemes: str, kind: CredentialKind = "bearer", origin: str = "https://api.test", **given: str
) -> list[Binding]:
    return [
        Binding(
            scheme=scheme,
            kind="api-key" if scheme == KEY else kind,
            reference=f"env:REPRISE_SECRET_{scheme.upper()}",
            origin=origin,
            place="header" if scheme == KEY else "",
            field="X-Key" if scheme == KEY else "",
        )
        for scheme in schemes
    ]


def operation(*alternatives: tuple[str | tuple[str, ...], ...]) -> Operation:
    needs = tuple(
        tuple(
            Need(scheme=each) if isinstance(each, str) else Need(scheme=each[0], scopes=each[1:])
            for each in alternative
        )
        for alternative in alternatives
    )
    return Operation(method="GET", path="/a", needs=needs)


def document(*scopes: str, base_url: str = "https://api.test/v1", private: bool = False) -> Document:
    return Document(api="shop", document="d", base_url=base_url, scopes=scopes, allow_private=private)


def chosen(needs: Operation, bindings: list[Binding], at: Document | None = None) -> list[tuple[str, tuple[str, ...]]]:
    return [(use.binding.scheme, use.scopes) for use in choose(needs, at or document(), bindings)]


def test_the_first_alternative_that_is_wholly_bound_is_used() -> None:
    either = operation((KEY, LOGIN), (LOGIN,))
    assert chosen(either, bound(LOGIN)) == [(LOGIN, ())]
    assert chosen(either, bound(KEY, LOGIN)) == [(KEY, ()), (LOGIN, ())]


def test_what_needs_nothing_carries_nothing_unless_it_may_and_something_was_bound() -> None:
    assert chosen(operation(()), bound(KEY)) == []
    assert chosen(operation((), (KEY,)), bound()) == []
    assert chosen(operation((), (KEY,)), bound(KEY)) == [(KEY, ())]


def test_where_the_document_says_nothing_only_what_was_bound_for_that_is_used() -> None:
    (asked,) = bound(LOGIN)
    unasked = Binding(scheme="mine", kind="bearer", reference="env:R", origin="https://api.test", unasked=True)
    assert chosen(operation(), [asked, unasked]) == [("mine", ())]
    assert chosen(operation((LOGIN,)), [asked, unasked]) == [(LOGIN, ())]


def test_what_is_not_bound_is_named_with_the_command_that_binds_it() -> None:
    with pytest.raises(Unmet, match=r"key and login or oauth.*`reprise tools bind shop login env:REPRISE_SECRET_…`"):
        choose(operation((KEY, LOGIN), (OAUTH,)), document(), bound(KEY))
    with pytest.raises(Unmet, match=r"bind shop 'a; rm -rf ~' env"):
        choose(operation(("a; rm -rf ~",)), document(), [])


def test_a_scope_that_was_not_granted_is_refused_and_none_but_the_operations_are_asked_for() -> None:
    reads = operation(((OAUTH, "read"),))
    with pytest.raises(Unmet, match="needs the scope read, which was not granted to shop"):
        choose(reads, document(), bound(OAUTH))
    assert chosen(reads, bound(OAUTH), document("read", "write", "admin")) == [(OAUTH, ("read",))]
    either = operation(((OAUTH, "admin"),), ((LOGIN, "read"),))
    assert chosen(either, bound(OAUTH, LOGIN), document("read")) == [(LOGIN, ("read",))]


def test_a_credential_goes_to_the_origin_it_was_bound_for_and_never_in_clear() -> None:
    needs = operation((LOGIN,))
    for origin in ("https://api.test:8443", "https://evil.test", "http://api.test"):
        with pytest.raises(Unmet, match="bind it again"):
            choose(needs, document(), bound(LOGIN, origin=origin))
    assert chosen(needs, bound(LOGIN), document(base_url="https://API.test:443")) == [(LOGIN, ())]
    for base_url, private in (("http://api.test", False), ("http://api.test", True), ("http://10.0.0.7", False)):
        with pytest.raises(Unmet, match="in clear"):
            choose(needs, document(base_url=base_url, private=private), bound(LOGIN, origin=base_url))
    inside = bound(LOGIN, origin="http://10.0.0.7:8080")
    assert chosen(needs, inside, document(base_url="http://10.0.0.7:8080/v1", private=True)) == [(LOGIN, ())]


def test_two_credentials_never_share_a_place() -> None:
    with pytest.raises(Unmet, match="2 credentials in the header authorization"):
        choose(operation((LOGIN, OAUTH)), document(), bound(LOGIN, OAUTH))


def test_a_scope_that_an_operator_granted_to_the_tool_alone_is_granted() -> None:
    needs = operation(((OAUTH, "orders:write"),))
    with pytest.raises(Unmet, match="tools set --scopes"):
        chosen(needs, bound(OAUTH))
    tool = Tool(
        name="a",
        api="shop",
        operation="GET /a",
        document="d",
        description="",
        effect_class="read",
        repeatable=True,
        scopes=("orders:write",),
    )
    granted = replace(document(), tools=(tool,))
    assert chosen(needs, bound(OAUTH), granted) == [(OAUTH, ("orders:write",))]
