"""Read a text that an API answered with in the character set that it names."""

import re

from adapters.openapi.media import kind_of
from commands.ports import HttpResponse

_NAMED = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
# Python knows codecs that are no character sets of texts, and slow ones; the API chooses only among these.
_SETS = re.compile(
    r"us-ascii|iso-8859-\d{1,2}|windows-125\d|utf-16(le|be)?|shift_jis|euc-(jp|kr)|gbk|gb2312|gb18030|big5|koi8-[ru]"
)


def body_of(response: HttpResponse) -> bytes:
    """Return an answer's body; a text in another character set comes in UTF-8, and as it is where that set is wrong."""
    kind = response.header("content-type")
    named = _NAMED.search(kind)
    if named is None or kind_of(kind) != "text" or not _SETS.fullmatch(named[1].lower()):
        return response.body
    try:
        return response.body.decode(named[1]).encode()
    except (UnicodeError, LookupError):
        return response.body
