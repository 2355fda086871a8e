"""What comes back holds no credential, however a server writes it; all else stays as it came."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.openapi.auth.redacting import PLACEHOLDER, Redactor
from commands.ports import HttpResponse
from domain.encoding import parse

SECRET = 'k3y/+="ü\\&<x'


def through(body: bytes, *secrets: str, headers: tuple[tuple[str, str], ...] = ()) -> HttpResponse:
    return Redactor(secrets or [SECRET]).response(HttpResponse(status=200, headers=headers, body=body, latency_ms=1))


@pytest.mark.parametrize(
    "written",
    [
        SECRET.encode(),
        quote(SECRET, safe="").encode(),
        quote_plus(SECRET).encode(),
        quote(SECRET, safe="").lower().encode(),
        html.escape(SECRET).encode(),
        base64.b64encode(SECRET.encode()),
        base64.urlsafe_b64encode(SECRET.encode()),
        SECRET.encode().hex().encode(),
        SECRET.encode("utf-16-le"),
        SECRET.encode("utf-16-be"),
        json.dumps(SECRET).encode(),
        json.dumps({"deep": [{SECRET: SECRET}]}).encode(),
        b'{"a": "%s"}' % "".join(f"\\u{ord(char):04x}" for char in SECRET).encode(),
        b'["\\u006b3y/+=\\"\\u00fc\\\\&<x"]',
    ],
)
def test_a_credential_is_taken_out_in_every_usual_form(written: bytes) -> None:
    body = through(b"before %s after" % written if written[:1] not in b'[{"' else written).body
    assert written not in body and PLACEHOLDER.encode() in body
    assert SECRET not in body.decode("utf-8", "replace")
    if written[:1] in b'[{"':
        assert SECRET not in str(parse(body))


def test_headers_lose_it_too() -> None:
    response = through(b"", "t0ken", headers=(("x-echo", "Bearer t0ken"), ("location", "https://evil.test/?k=t0ken")))
    assert response.headers == (
        ("x-echo", f"Bearer {PLACEHOLDER}"),
        ("location", f"https://evil.test/?k={PLACEHOLDER}"),
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(value=JSON, ascii_only=st.booleans())
def test_what_holds_no_credential_stays_byte_for_byte(value: object, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert through(body, "a-credential-of-some-length").body == body


SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=8, max_size=40)


@given(secret=SECRETS, data=st.data())
def test_however_json_escapes_a_credential_it_is_not_read_from_the_answer(secret: str, data: st.DataObject) -> None:
    escaped = "".join(f"\\u{ord(char):04x}" if data.draw(st.booleans()) else json.dumps(char)[1:-1] for char in secret)
    body = through(b'{"said": ["x%sy"], "%s": 1.10}' % (escaped.encode(), escaped.encode()), secret).body
    assert secret not in str(parse(body)) and b"1.10" in body


@pytest.mark.parametrize("secret", ["4PP£Ž°ǗĠǿƽn", "0034PP£Ž°Ǘ"])
def test_a_credential_that_begins_like_the_end_of_an_escape_leaves_json(secret: str) -> None:
    rest = json.dumps(secret[1:])[1:-1].encode()
    body = through(b'{"said": "\\u%04x%s"}' % (ord(secret[0]), rest), secret).body
    assert parse(body) == {"said": PLACEHOLDER}


def test_a_credential_that_is_a_number_leaves_json() -> None:
    assert parse(through(b'{"said": 12345678, "line": "a\\n"}', "12345678").body) == {
        "said": PLACEHOLDER,
        "line": "a\n",
    }
