"""Recognise values by their form, and where they have check digits by these.

What has none is taken only in a form that hardly anything else has, or behind a word that says what it is. Each
recogniser gets a folded text and takes time in proportion to its length.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from itertools import accumulate, pairwise

from domain.redaction import checksums
from domain.redaction.spans import Recogniser, Span

_AT = re.compile(r"(?:@|%40)(?:[^\W_][\w-]{0,62}\.){1,8}[^\W\d_][\w-]{1,62}(?!\w)")
_LOCAL = re.compile(r"[\w+][\w.+%'-]*\Z")
_MOST_LOCAL = 64
_DIGITS = re.compile(
    r"(?:(?<![^\W_])|(?<=\bcard)|(?<=\bvisa)|(?<=\bamex))\d+(?:(?: ?[.-] ?| )\d+)*(?![^\W_])", re.IGNORECASE
)
"""Figures that no letter touches, unless it is a line or a word for what they are."""
_GROUP = re.compile(r"\d+")
_IBAN = re.compile(r"(?:(?<![^\W_])|(?<=\bIBAN)|(?<=\biban))[A-Za-z]{2}\d{2}(?=(?:[ -]?[A-Za-z0-9]){11})")
_SSN = re.compile(r"(?<![\w-])(?:\d{3}-\d\d-\d{4}|\d{3} \d\d \d{4})(?![\w-])")
_SSN_NAMED = re.compile(r"\b(?:ssn|social security)\D{0,30}(\d{9})(?!\w)", re.IGNORECASE)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")
_VERSION = re.compile(r"(?:\bv|version|release|[=<>~^]=)\s?$", re.IGNORECASE)
_IPV6 = re.compile(
    r"(?<![\w:.])(?=[0-9A-Fa-f:.]*\d)[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?(?![\w:])"
)
_OMO = "[0-9lmnpqrstuv]"
"""A digit of a codice fiscale; where two people would have the same one, letters stand for digits (omocodia)."""
_GROUPED = range(3, 8)
"""How many digits the groups of a card's number have behind its first four."""


def emails(text: str) -> Iterator[Span]:
    """Find e-mail addresses, also where the sign in their middle is written as in a URL.

    Whatever else stands before one, in a URL for instance, counts as its beginning as far as it may.
    """
    for found in _AT.finditer(text):
        local = _LOCAL.search(text, max(0, found.start() - _MOST_LOCAL), found.start())
        if local:
            yield Span(local.start(), found.end(), "email")


def cards(text: str) -> Iterator[Span]:
    """Find card numbers, in one piece or in groups, also next to other figures."""
    for run in _DIGITS.finditer(text):
        if run.end() - run.start() >= 12:
            yield from _cards_in(text, [found.span() for found in _GROUP.finditer(text, *run.span())])


def _cards_in(text: str, groups: list[tuple[int, int]]) -> Iterator[Span]:
    first = 0
    while first < len(groups):
        last = next((last for last in _ends(groups, first) if _is_card(text, groups, first, last)), None)
        if last is not None:
            yield Span(groups[first][0], groups[last][1], "card")
        first = first + 1 if last is None else last + 1


def _ends(groups: list[tuple[int, int]], first: int) -> list[int]:
    """Return where a number that begins with a group may end, the longest first."""
    size = groups[first][1] - groups[first][0]
    if size != 4:
        return [first]
    behind = [end - start for start, end in groups[first + 1 : first + 6]]
    sums = list(accumulate(behind, initial=size))
    fits = [n for n in range(1, len(sums)) if all(each in _GROUPED for each in behind[:n]) and 12 <= sums[n] <= 19]
    return [first + n for n in reversed(fits)]


def _is_card(text: str, groups: list[tuple[int, int]], first: int, last: int) -> bool:
    digits = "".join(text[start:end] for start, end in groups[first : last + 1])
    alone = first < last or not _is_decimal(text, groups, first)
    return 12 <= len(digits) <= 19 and alone and checksums.card(digits)


def _is_decimal(text: str, groups: list[tuple[int, int]], index: int) -> bool:
    """Tell whether digits are one side of a decimal number: a point and nothing else parts them from others."""
    points = [text[end:start] == "." for (_, end), (start, _) in pairwise(groups[max(0, index - 1) : index + 2])]
    return any(points)


def ibans(text: str) -> Iterator[Span]:
    """Find IBANs, in one piece or in groups, in capitals or not."""
    for found in _IBAN.finditer(text):
        end = _end_of(text, found.start(), checksums.IBAN_LENGTHS.get(found[0][:2].upper(), 0))
        if end and checksums.iban(compact(text[found.start() : end])):
            yield Span(found.start(), end, "iban")


def _end_of(text: str, start: int, length: int) -> int:
    """Return where so many letters and digits from a place on end, 0 if more follow or other signs part them."""
    if not length:
        return 0
    found = re.compile(rf"[A-Za-z0-9](?:[ -]?[A-Za-z0-9]){{{length - 1}}}(?![^\W_])").match(text, start)
    return found.end() if found else 0


def compact(text: str) -> str:
    """Return an identifier without what only parts it, in capitals."""
    return re.sub(r"[^A-Za-z0-9]", "", text).upper()


def ssns(text: str) -> Iterator[Span]:
    """Find US social security numbers, undivided ones only where they are called so."""
    yield from (Span(*found.span(), "ssn") for found in _SSN.finditer(text) if checksums.ssn(compact(found[0])))
    yield from (Span(*found.span(1), "ssn") for found in _SSN_NAMED.finditer(text) if checksums.ssn(found[1]))


def addresses(text: str) -> Iterator[Span]:
    """Find IP addresses, without those that mean this very machine or none."""
    yield from (Span(*found.span(), "ip") for found in _IPV4.finditer(text) if _is_ipv4(text, found))
    if ":" in text:
        yield from (Span(*found.span(), "ip") for found in _IPV6.finditer(text) if _is_ipv6(found[0]))


def _is_ipv4(text: str, found: re.Match[str]) -> bool:
    try:
        address = IPv4Address(found[0])
    except AddressValueError:
        return False
    tells = not (address.is_loopback or address.is_unspecified)
    return tells and not _VERSION.search(text[max(0, found.start() - 10) : found.start()])


def _is_ipv6(text: str) -> bool:
    try:
        address = IPv6Address(text)
    except AddressValueError:
        return False
    tells = not (address.is_loopback or address.is_unspecified)
    return tells and ("." in text or len(list(filter(None, text.split(":")))) > 2)


def identifiers(kind: str, form: str, check: Callable[[str], bool]) -> Recogniser:
    """Return what finds identifiers of a form, or of its group where it has one, whose check digits are right."""
    pattern = re.compile(form, re.IGNORECASE)

    def find(text: str) -> Iterator[Span]:
        for found in pattern.finditer(text):
            group = found.lastindex or 0
            if check(compact(found[group])):
                yield Span(*found.span(group), kind)

    return find


RECOGNISERS: dict[str, Recogniser] = {
    "iban": ibans,
    "card": cards,
    "email": emails,
    "codice-fiscale": identifiers(
        "codice-fiscale",
        rf"(?<!\w)[a-z]{{6}}{_OMO}{{2}}[abcdehlmprst]{_OMO}{{2}}[a-z]{_OMO}{{3}}[a-z](?!\w)",
        checksums.codice_fiscale,
    ),
    "nir": identifiers(
        "nir", r"(?<!\w)[12] ?\d\d ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d\d|2[ab]) ?\d{3} ?\d{3} ?\d\d(?!\w)", checksums.nir
    ),
    "cpf": identifiers("cpf", r"(?<!\w)\d{3}\.\d{3}\.\d{3}-\d\d(?!\w)|\bcpf\D{0,20}(\d{11})(?!\w)", checksums.cpf),
    "hetu": identifiers("hetu", r"(?<!\w)\d{6}[-+a-f]\d{3}[0-9a-fhj-npr-y](?!\w)", checksums.hetu),
    "dni": identifiers("dni", r"(?<![\w-])(?:\d{8}|[xyz]-?\d{7})[ -]?[a-hj-np-tv-z](?![\w-])", checksums.dni),
    "nhs": identifiers("nhs", r"\bnhs\D{0,30}(\d{3}[ -]?\d{3}[ -]?\d{4})(?!\w)", checksums.nhs),
    "ssn": ssns,
    "ip": addresses,
}
"""What finds each kind, in the order in which they claim a place."""
