"""Each kind of credential arrives where its scheme says, and nothing a model wrote stands beside it."""

import pytest

from adapters.openapi.auth.placing import check_secret, placed
from commands.ports import HttpRequest
from domain.catalog.events import Binding
from domain.errors import Invalid

REQUEST = HttpRequest(
    method="GET",
    url="https://api.test/a?key=theirs&%6Bey=theirs&keys=mine&flag",
    origin="https://api.test",
    headers=(("X-Key", "theirs"), ("Authorization", "theirs"), ("cookie", "sid=theirs; other=1"), ("accept", "a/b")),
)


def binding(kind: str, place: str = "", field: str = "") -> Binding:
    return Binding(scheme="s", kind=kind, reference="env:R", origin="o", place=place, field=field)  # type: ignore[arg-type]


def test_a_key_travels_in_the_place_that_the_scheme_names_alone() -> None:
    header = placed(REQUEST, binding("api-key", "header", "x-key"), "s3cret").headers
    assert [value for name, value in header if name.lower() == "x-key"] == ["s3cret"]
    query = placed(REQUEST, binding("api-key", "query", "key"), "a b&c=ü").url
    assert query == "https://api.test/a?keys=mine&flag&key=a%20b%26c%3D%C3%BC"
    cookie = placed(REQUEST, binding("api-key", "cookie", "sid"), "s3cret").headers
    assert [value for name, value in cookie if name == "cookie"] == ["other=1; sid=s3cret"]


@pytest.mark.parametrize(
    ("kind", "secret", "header"),
    [
        ("basic", "ada:pass word", "Basic YWRhOnBhc3Mgd29yZA=="),
        ("bearer", "t0ken", "Bearer t0ken"),
        ("client-credentials", "t0ken", "Bearer t0ken"),
    ],
)
def test_authorization_is_written_by_its_scheme_and_replaces_any_other(kind: str, secret: str, header: str) -> None:
    headers = placed(REQUEST, binding(kind), secret).headers
    assert [value for name, value in headers if name.lower() == "authorization"] == [header]


@pytest.mark.parametrize(
    ("bound", "secret"),
    [
        (binding("bearer"), "abc"),
        (binding("bearer"), "with blank"),
        (binding("bearer"), "line\r\nX-Evil: 1"),
        (binding("api-key", "header", "X-Key"), "schlüssel"),
        (binding("api-key", "cookie", "sid"), "a;b=c"),
        (binding("api-key", "query", "key"), "zero\x00byte"),
        (binding("basic"), "no-colon"),
        (binding("basic"), "ada:two\nlines"),
        (binding("client-credentials"), "two\nlines"),
    ],
)
def test_a_secret_that_cannot_travel_so_is_refused_and_not_repeated(bound: Binding, secret: str) -> None:
    with pytest.raises(Invalid, match="the secret at env:R") as fault:
        check_secret(bound, secret)
    assert secret not in str(fault.value)
