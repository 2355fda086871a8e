"""Read a finished URL again, by rules of its own, before it may be sent."""

import re
from urllib.parse import urlsplit

from adapters.openapi.requests.built import Unbuildable
from adapters.openapi.requests.texts import shown

# RFC 3986, with less in it: no user, no fragment, and nothing but ASCII.
_CHARACTER = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
_URL = re.compile(rf"(https?)://([A-Za-z0-9.:_\[\]-]+)((?:/{_CHARACTER}*)*)(?:\?((?:{_CHARACTER}|[/?])*))?")


def check_url(url: str, base_url: str) -> None:
    """Raise Unbuildable unless two readers agree that a URL lies below the approved origin and path."""
    base = base_url.rstrip("/")
    read = _URL.fullmatch(url)
    approved = _URL.fullmatch(base)
    if read is None or approved is None:
        raise Unbuildable(f"/path: expected a URL of plain ASCII without user and fragment, not {shown(url, 200)}")
    again, approved_again = urlsplit(url), urlsplit(base)
    same = (again.scheme, again.netloc) == (approved_again.scheme, approved_again.netloc)
    if (
        not same
        or read.group(1, 2) != approved.group(1, 2)
        or again.path != read[3]
        or (again.query or None) != read[4]
    ):
        raise Unbuildable(f"/path: expected a request to {base}, not {shown(url, 200)}")
    if not read[3].startswith(approved[3] + "/"):
        raise Unbuildable(f"/path: expected a request below {base}, not {shown(url, 200)}")
