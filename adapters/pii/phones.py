"""Recognise phone numbers: by the numbering plans of countries, and by the words around them.

A number counts that is valid in the plan of its country code, or divided into groups and valid in one of the plans
tried; and whatever has the length of one, next to a word that says it is one. Digits in one piece without a country
code are only taken behind such a word, for most are no phone numbers.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from domain.redaction.spans import Span

if TYPE_CHECKING:  # loading the plans takes a quarter of a second, which only a text that may hold a number waits for
    from phonenumbers import PhoneMetadata

REGIONS = ("US", "GB", "FR", "DE", "IT", "ES", "NL", "CH", "SE", "PL", "AU", "IN", "BR", "MX", "ZA", "JP")
"""Whose plans are tried for a number without a country code."""

_CANDIDATE = re.compile(
    r"(?<![\w.:@/+(-])(?<!\d,)(?:\+ ?|00)?\(?\d(?:[ ./()-]{0,3}\d){5,16}(?: ?(?:x|ext\.?) ?\d{1,6})?(?!\w|[.,:/-]\d)",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"(?:19|20)\d\d[-./ ]\d\d?[-./ ]\d\d?(?:\D|$)|\d\d?[-./ ]\d\d?[-./ ](?:19|20)\d\d(?:\D|$)"
    r"|\d+\.\d+$|\d{3}-\d\d-\d{4}$"
)
"""Dates, decimal numbers, and what is written like a US social security number."""
_DIVIDED = re.compile(r"\d[ ./()-]+\d")
_NAMED = re.compile(
    r"(?:phone|tele[fp]h?on|\btel\b|mobile?\b|m[oó]vil|celular|\bcell|\bfax|\bdesk|handy|whatsapp|\bsms\b)[^\n\d]{0,20}\n?[^\n\d]{0,10}$",
    re.IGNORECASE,
)
_CALLED = re.compile(
    r"\b(?:call|ring|dial|reach|text|messages?|answering|contact|hotline|landline|office)\b[^\n\d]{0,25}$",
    re.IGNORECASE,
)
_BEHIND = re.compile(r"[ -]{1,3}\(?(?:office|fax|mobile|cell|phone|home|work|desk)\b", re.IGNORECASE)


def phones(text: str) -> Iterator[Span]:
    """Find phone numbers in a folded text."""
    for found in _CANDIDATE.finditer(text):
        if _is_phone(text, found):
            yield Span(*found.span(), "phone")


def _is_phone(text: str, found: re.Match[str]) -> bool:
    number, before = found[0], text[max(0, found.start() - 60) : found.start()]
    if _OTHER.match(number):
        return False
    if number.startswith(("+", "00")):
        return _is_possible("+" + number.lstrip("+0 "))
    if _NAMED.search(before):
        return True
    if not _DIVIDED.search(number):
        return False
    if _CALLED.search(before) or _BEHIND.match(text, found.end()):
        return True
    digits = re.sub(r"\D", "", re.split(r"[xe]", number, maxsplit=1, flags=re.IGNORECASE)[0])
    return len(digits) > 8 and any(plan.fullmatch(digits) for plan in _plans())


@lru_cache(maxsize=4096)
def _is_possible(number: str) -> bool:
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number.replace("(0)", "")))
    except phonenumbers.NumberParseException:
        return False


@cache
def _plans() -> tuple[re.Pattern[str], ...]:
    """Return for each region the form of its numbers, fixed or mobile, with or without the prefix of calls inside."""
    from phonenumbers import PhoneMetadata

    found = (PhoneMetadata.metadata_for_region(region) for region in REGIONS)
    return tuple(re.compile(_form(each)) for each in found if each is not None)


def _form(plan: "PhoneMetadata") -> str:
    kinds = (plan.fixed_line, plan.mobile)
    forms = "|".join(kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
    return f"(?:{plan.national_prefix or ''})?(?:{forms})"
