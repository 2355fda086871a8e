"""Hold the words by which names of tools and arguments are understood, in lower case and in the singular."""

import re
from functools import lru_cache

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")


@lru_cache(maxsize=8_192)
def words(name: str) -> tuple[str, ...]:
    """Return the words of a name, split at its capitals, digits, dashes and underscores."""
    return tuple(_singular(word) for word in spelt(name))


def spelt(name: str) -> tuple[str, ...]:
    """Return the words of a name as they are written there, in lower case."""
    return tuple(word.lower() for word in _WORD.findall(name))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


RECEIVERS = _set(
    "to cc bcc recipient receiver payee beneficiary addressee participant attendee invitee guest audience subscriber "
    "destination forward iban notify invite"
)
NET = _set("url uri link href webhook callback endpoint host hostname domain website")
AUDIENCE = _set("visibility visible public private shared sharing readable writable editable")
CONTENT = _set(
    "body content text message word what subject title description summary note comment caption question reply reason "
    "remark memo explanation justification resolution feedback sort limit offset size format language locale"
)
MEASURES = _set("amount quantity count total piece price currency")
TIMES = _set(
    "date day time datetime start begin end until when since timezone duration month year hour minute deadline"
)

SENDING = _set(
    "send mail email post publish share invite forward transfer pay notify broadcast tweet upload export deposit "
    "withdraw reply submit"
)
READING = _set("get list read fetch show find search lookup retrieve check view query see describe")
OWN = _set(
    "my me own self current user account profile info information detail details setting settings preference "
    "preferences balance iban now today day date time timezone clock"
)
PUBLIC = _set(
    "public web webpage website page news weather forecast wiki catalog catalogue product hotel restaurant flight "
    "timetable rental exchange holiday"
)
