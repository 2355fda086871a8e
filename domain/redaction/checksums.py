"""Tell by their check digits whether numbers are what they look like."""

from datetime import date

IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip
"""How many characters an IBAN of each country has (SWIFT's IBAN registry)."""

_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_SIGNS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16,
         10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip


def luhn(digits: str) -> bool:
    """Check by Luhn's sum, as cards have it (ISO/IEC 7812)."""
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0


def card(digits: str) -> bool:
    """Check whether an issuer gives numbers of this beginning and length, and Luhn's sum."""
    return len(digits) in _lengths(int(digits[:4].ljust(4, "0"))) and luhn(digits)


def _lengths(head: int) -> range | tuple[int, ...]:
    """Return the lengths of the cards whose number begins with these four digits."""
    two = head // 100
    if two in (34, 37):
        return (15,)
    if two in (30, 36, 38, 39):
        return range(14, 20)
    if head in (1800, 2131):
        return (15,)
    if 40 <= two < 50:
        return (13, 16, 19)
    if two == 35 or 51 <= two <= 55 or 2221 <= head <= 2720:
        return (16,)
    return range(12, 20) if two == 50 or 56 <= two <= 69 else ()


def iban(text: str) -> bool:
    """Check an IBAN without blanks, in capitals, by its country's length and modulo 97 (ISO 13616)."""
    if IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def ssn(digits: str) -> bool:
    """Check that a US social security or taxpayer number has no part that is never given; it has no check digit."""
    return digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"


def nhs(digits: str) -> bool:
    """Check a British NHS number modulo 11."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[9])


def dni(text: str) -> bool:
    """Check the letter of a Spanish DNI or NIE, in capitals."""
    return _DNI_LETTERS[_dni_number(text) % 23] == text[-1]


def _dni_number(text: str) -> int:
    return int(text[:-1].translate(str.maketrans("XYZ", "012")))


def codice_fiscale(text: str) -> bool:
    """Check the last letter of an Italian codice fiscale, in capitals."""
    odd = sum(_ODD[sign] for sign in text[0:15:2])
    even = sum(int(sign) if sign.isdigit() else ord(sign) - 65 for sign in text[1:15:2])
    return chr(65 + (odd + even) % 26) == text[15]


def cpf(digits: str) -> bool:
    """Check both check digits of a Brazilian CPF; eleven equal digits are none."""
    return len(set(digits)) > 1 and all(_cpf_digit(digits[:n]) == int(digits[n]) for n in (9, 10))


def _cpf_digit(digits: str) -> int:
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True))
    return total * 10 % 11 % 10


def nir(text: str) -> bool:
    """Check the key of a French NIR modulo 97, in capitals; Corsica counts as 19 and 18."""
    number = text[:-2].replace("2A", "19", 1).replace("2B", "18", 1)
    return number.isdigit() and 97 - int(number) % 97 == int(text[-2:])


def hetu(text: str) -> bool:
    """Check the sign of a Finnish identity code, with or without that of its century, and that its day exists."""
    return _is_day(text[:6]) and _HETU_SIGNS[int(text[:6] + text[-4:-1]) % 31] == text[-1]


def _is_day(ddmmyy: str) -> bool:
    try:
        date(2000 + int(ddmmyy[4:]), int(ddmmyy[2:4]), int(ddmmyy[:2]))
    except ValueError:
        return ddmmyy[:4] == "2902"
    return True
