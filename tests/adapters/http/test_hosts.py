"""Where a URL leads has one reading, in one form; what could be read otherwise is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.hosts import Place, UrlRefused, host_of, target_of


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://API.Example.com/v1?a=b", Place(scheme="https", host="api.example.com", port=443)),
        ("HTTP://127.0.0.1:8080", Place(scheme="http", host="127.0.0.1", port=8080)),
        ("https://[2606:4700::1111]/", Place(scheme="https", host="2606:4700::1111", port=443)),
        ("https://[0:0::FFFF:1.2.3.4]/", Place(scheme="https", host="::ffff:102:304", port=443)),
        ("https://münchen.example/", Place(scheme="https", host="xn--mnchen-3ya.example", port=443)),
        ("https://xn--mnchen-3ya.example/", Place(scheme="https", host="xn--mnchen-3ya.example", port=443)),
        ("https://日本語.example/", Place(scheme="https", host="xn--wgv71a119e.example", port=443)),
        ("http://my_service:80/", Place(scheme="http", host="my_service", port=80)),
    ],
)
def test_a_plain_url_has_one_form(url: str, place: Place) -> None:
    assert target_of(url).place == place


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1\\@evil.example/", "http://good.example\\.evil.example/", "http:\\\\evil.example",
        "http://evil.example\t/", "http://ev\nil.example/", " http://evil.example/", "http://evil.example/\x00",
        "http://user@evil.example/", "http://good.example:80@evil.example/", "http://@evil.example/", "http://a:b@c/",
        "http://%65vil.example/", "http://127.0.0.1%2f@evil.example/", "http://[fe80::1%25eth0]/", "http://[::1%lo]/",
        "http://2130706433/", "http://0x7f000001/", "http://017700000001/", "http://127.1/", "http://0177.0.0.1/",
        "http://127.0.0.01/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://a.0x7f/", "http://evil.1/",
        "http://evil.example./", "http://evil..example/", "http://.example/", "http://-evil.example/",
        "http://１２７.0.0.1/", "http://127。0。0。1/", "http://127．0.0.1/", "http://①②⑦.0.0.1/", "http://exam\u00adple.com/",
        "http://ℯxample.com/", "http://ｅxample.com/", "http://exa\u200bmple.com/", "http://١٢٧.0.0.1/",
        "http://аpple.example/", "http://xn--80ak6aa92e.com/", "http://xn--pple-43d.com/", "http://раураӏ.example/",
        "http://xn--a.example/", "http://xn--.example/",
        "http://evil.example:0/", "http://evil.example:99999/", "http://evil.example:8o/", "http://evil.example:/",
        "http://evil.example:080/", "http:///path", "http://", "//evil.example/", "/a", "ftp://evil.example/",
        "file:///etc/passwd", "gopher://evil.example/", "http:evil.example", "http://[::1/", "http://::1/", "http://[]/",
        "http://" + "a" * 64 + ".example/", "http://" + "a." * 130 + "example/",
    ],
)  # fmt: skip
def test_what_has_two_readings_or_passes_for_another_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        target_of(url)


@given(st.text(max_size=60))
def test_any_text_is_a_host_in_one_form_or_refused(text: str) -> None:
    try:
        host = host_of(text)
    except UrlRefused:
        return
    again = f"[{host}]" if ":" in host else host
    assert host.isascii() and host == host.lower() and host_of(again) == host
