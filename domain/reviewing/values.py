"""Find what can be checked in a text: numbers, dates, identifiers, addresses; with where they stand and how exactly.

``$1,234.50``, ``1234.5``, ``1.234,50 EUR``, ``1.2k``, ``twelve`` and ``15 %`` are numbers, ``2024-05-02``, ``May 2nd,
2024`` and ``02/05/2024`` dates.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Literal, NamedTuple

from domain.reviewing.terms import cut

Kind = Literal["number", "date", "id"]
Day = tuple[int, int, int]


class Value(NamedTuple):
    """Hold a value as it is said; ``slack`` is how far a number may be off by rounding, ``days`` what a date can mean.

    ``weak``: the word ``one``, which often counts nothing.
    """

    start: int
    end: int
    kind: Kind
    text: str
    number: Decimal = Decimal(0)
    slack: Decimal = Decimal(0)
    days: tuple[Day, ...] = ()
    money: bool = False
    percent: bool = False
    weak: bool = False


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORDS = {word: number for number, word in enumerate(_ONES)} | {
    word: 20 + 10 * number for number, word in enumerate(_TENS)
}
_WORDS |= {f"{tens}-{_ONES[one]}": 20 + 10 * ten + one for ten, tens in enumerate(_TENS) for one in range(1, 10)}
_WORDS |= {"dozen": 12, "hundred": 100}
_SCALES = {"k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "bn": 10**9, "billion": 10**9}

_DATES = (
    ("ymd", re.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?")),
    ("mdy", re.compile(rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?,? (\d{{4}})\b", re.I)),
    ("dmy", re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH},? (\d{{4}})\b", re.I)),
    ("md", re.compile(rf"\b{_MONTH} (\d{{1,2}})(?:st|nd|rd|th)?\b(?!,? \d{{4}})", re.I)),
    ("nnn", re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b")),
)
_EMAIL = r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,8}"
_TOKEN = r"\[[a-z-]+:\d+\]"
_URL = r"https?://[^\s<>\"')\]]{1,2000}[^\s<>\"')\].,;:]"
_PHONE = r"\+\d[\d ().-]{6,20}\d|\(\d{3}\) ?\d{3}-\d{4}|\b\d{3}-\d{3}-\d{4}\b"
_UUID = r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
_CODE = (
    r"#?\b(?=[\w-]{0,80}\d)(?=[\w-]{0,80}[A-Za-z_])[A-Za-z0-9]\w{0,80}(?:-\w{1,80}){0,8}\b"
    r"|#\d[\w-]{0,80}|\b\d{6,40}\b(?![.,]\d)"
)
_CLOCK = r"\b\d{1,2}:\d{2}(?::\d{2})?\b"
_ID = re.compile(f"({_EMAIL})|({_TOKEN})|({_URL})|({_UUID})|({_PHONE})|({_CLOCK})|({_CODE})", re.I)
_NUMBER = re.compile(
    r"(?P<unit>[$€£¥] ?)?(?<![\w.,#/:])(?P<sign>[-−+])?(?P<tail>[$€£¥] ?)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+,\d+|\d+(?:[.,]\d{1,2})?(?!\d)|\d+(?:\.\d+)?)"
    r"(?P<scale> ?(?:k|m|bn)\b| (?:thousand|million|billion)\b)?"
    r"(?P<percent> ?%| percent\b| per cent\b)?(?P<after> ?(?:€|EUR|USD|GBP|dollars?|euros?|pounds?)\b| ?€)?",
    re.I,
)
_WORD_NUMBER = re.compile(rf"\b({'|'.join(sorted(_WORDS, key=len, reverse=True))})\b", re.I)
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)$", re.I)
_LABEL = re.compile(r"(?:\b(?:steps?|rounds?|section|option|attempt|version|page|line)\s+|^\s*\(?)$", re.I)
_ABOUT = re.compile(
    r"(?:\b(?:about|around|approximately|roughly|nearly|almost|some|circa|ca\.|over|under)\s+|[~≈]\s?)$", re.I
)


def values_in(text: str) -> list[Value]:
    """Return the values of a text in their order; none lies in another."""
    text, found = cut(text), []
    taken = bytearray(len(text))
    for value in _candidates(text):
        if not any(taken[value.start : value.end]):
            taken[value.start : value.end] = b"\x01" * (value.end - value.start)
            found.append(value)
    return sorted(each for each in found if each.text)


def _candidates(text: str) -> Iterator[Value]:
    for order, pattern in _DATES:
        for match in pattern.finditer(text):
            days = tuple(_days(order, match.groups()))
            if days:
                yield Value(match.start(), match.end(), "date", match[0], days=days)
    for match in _ID.finditer(text):
        if re.fullmatch(r"\d+(?:k|m|bn)", match[0], re.I):
            continue
        skipped = match[6] is not None or _ORDINAL.match(match[0]) or (match[7] and len(match[0]) < 3)
        yield Value(match.start(), match.end(), "id", "" if skipped else match[0])
    for match in _NUMBER.finditer(text):
        if number := _number(text, match):
            yield number
    for match in _WORD_NUMBER.finditer(text):
        said = Decimal(_WORDS[match[0].lower()])
        yield Value(match.start(), match.end(), "number", match[0], said, weak=match[0].lower() in ("one", "hundred"))


def _number(text: str, match: re.Match[str]) -> Value | None:
    before, after = text[max(0, match.start() - 20) : match.start()], text[match.end() : match.end() + 2]
    marker = _LABEL.search(before.rpartition("\n")[2]) if match["digits"].isdigit() else None
    if marker and (marker[0].strip(" (") or re.match(r"[.)] ?", after)):
        return None
    digits = match["digits"]
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+,\d+|\d+,\d{1,2}", digits):
        digits = digits.replace(".", "").replace(",", ".")
    digits = digits.replace(",", "")
    scale = _SCALES[match["scale"].strip().lower()] if match["scale"] else 1
    places = len(digits.partition(".")[2])
    number = Decimal(digits) * scale
    slack = Decimal(scale) / 2 / 10**places if scale > 1 or places or len(digits) > 1 else Decimal(0)
    if _ABOUT.search(before) and not places:  # rounded to its last digit that is not 0
        slack = max(slack, scale * Decimal(10) ** (len(digits) - len(digits.rstrip("0"))) / 2)
    money = bool(match["unit"] or match["tail"] or match["after"])
    return Value(
        match.start(), match.end(), "number", match[0], number, slack, money=money, percent=bool(match["percent"])
    )


def _days(order: str, parts: tuple[str, ...]) -> Iterator[Day]:
    match order:
        case "ymd":
            year, month, day = map(int, parts)
        case "mdy":
            year, month, day = int(parts[2]), _month(parts[0]), int(parts[1])
        case "dmy":
            year, month, day = int(parts[2]), _month(parts[1]), int(parts[0])
        case "md":
            year, month, day = 0, _month(parts[0]), int(parts[1])
        case _:
            first, second, year = map(int, parts)
            yield from ((year, m, d) for m, d in {(first, second), (second, first)} if 1 <= m <= 12 and 1 <= d <= 31)
            return
    if 1 <= month <= 12 and 1 <= day <= 31:
        yield (year, month, day)


def _month(word: str) -> int:
    return _MONTHS.index(word[:3].lower()) + 1
