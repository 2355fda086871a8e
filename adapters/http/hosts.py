"""Read strictly where a URL leads: what has two readings, or passes for something else, is refused."""

import re
import unicodedata
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import httpx
import msgspec

_URL = re.compile(r"(https?)://(\[[0-9A-Fa-f:.]+\]|[^\[\]/?#@:%]+)(?::([1-9][0-9]{0,4}))?((?:[/?#].*)?)", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65_535
_LONGEST = 253
# Scripts that are written together; any other label keeps to one.
_TOGETHER = (
    frozenset({"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"}),
    frozenset({"LATIN", "CJK", "HANGUL"}),
    frozenset({"LATIN", "CJK", "BOPOMOFO"}),
)
# Cyrillic and Greek letters that pass for Latin ones; a label of nothing else is meant to.
_LIKE_LATIN = frozenset("асԁеԍһіјӏорԛѕԝхуґьѵαεικνορτυχγω")


class UrlRefused(Exception):
    """Refuse a URL because of what it says or what it might be taken for."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Be where a URL leads: ``host`` is a name in ASCII and lower case, or an address in its one canonical form."""

    scheme: str
    host: str
    port: int


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Be a URL in its one form, and where it leads."""

    place: Place
    url: httpx.URL


def target_of(text: str) -> Target:
    """Read a URL; raises UrlRefused where it is none, or could be read in more ways than one."""
    found = _URL.fullmatch(text) if text.isprintable() and not re.search(r"[\s\\]", text) else None
    if found is None:
        raise UrlRefused("it is no plain http or https URL of a host")
    scheme, host, rest = found[1].lower(), host_of(found[2]), found[4]
    place = Place(scheme=scheme, host=host, port=int(found[3] or _PORTS[scheme]))
    if place.port > _LAST_PORT:
        raise UrlRefused(f"there is no port {place.port}")
    shown = f"[{host}]" if ":" in host else host
    try:
        url = httpx.URL(f"{scheme}://{shown}:{place.port}{rest}")
    except (httpx.InvalidURL, UnicodeError) as fault:
        raise UrlRefused(f"{fault}".rstrip(".")) from fault
    if (url.scheme, url.raw_host.decode(), url.port or _PORTS[scheme]) != (scheme, host, place.port):
        raise UrlRefused("it can be read in more ways than one")
    return Target(place=place, url=url)


def host_of(text: str) -> str:
    """Return a host in its one form; raises UrlRefused where it has several, or passes for another."""
    if text.startswith("["):
        return _ipv6(text[1:-1])
    host = _in_ascii(text.lower())
    labels = host.split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        return _ipv4(host)
    if len(host) > _LONGEST or not all(_LABEL.fullmatch(label) for label in labels):
        raise UrlRefused(f"{text[:80]!r} is no host's name")
    for label in labels:
        _refuse_look_alike(label)
    return host


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except AddressValueError as fault:
        raise UrlRefused(f"[{text[:80]}] is no IPv6 address") from fault


def _ipv4(text: str) -> str:
    try:
        return str(IPv4Address(text))
    except AddressValueError as fault:
        raise UrlRefused(f"{text[:80]!r} is no IPv4 address of four plain decimal numbers") from fault


def _in_ascii(host: str) -> str:
    if host.isascii():
        return host
    odd = unicodedata.normalize("NFKC", host) != host
    if odd or not all(_is_letter(each) or each in "-." or (each.isascii() and each.isalnum()) for each in host):
        raise UrlRefused(f"{host[:80]!r} holds characters that pass for others")
    try:
        return httpx.URL(f"http://{host}").raw_host.decode()
    except (httpx.InvalidURL, UnicodeError) as fault:
        raise UrlRefused(f"{host[:80]!r} is no internationalised name") from fault


def _is_letter(character: str) -> bool:
    return unicodedata.category(character) in ("Ll", "Lo", "Lm", "Mn", "Mc")


def _refuse_look_alike(label: str) -> None:
    if not label.startswith("xn--"):
        return
    try:
        said = label[4:].encode().decode("punycode")
        again = httpx.URL(f"http://{said}").raw_host.decode()
    except (UnicodeError, httpx.InvalidURL, ValueError) as fault:
        raise UrlRefused(f"{label[:80]!r} is no internationalised name") from fault
    letters = [each for each in said if not each.isascii() or each.isalpha()]
    scripts = {_script(each) for each in letters if unicodedata.category(each)[0] != "M"}
    alone = len(scripts) <= 1 or any(scripts <= together for together in _TOGETHER)
    if again != label or not alone or _LIKE_LATIN.issuperset(letters):
        raise UrlRefused(f"{said[:80]!r} passes for another name")


def _script(letter: str) -> str:
    return unicodedata.name(letter, "?").split()[0]
