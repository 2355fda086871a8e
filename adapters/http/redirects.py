"""Follow redirects within the origin and the path that a request was approved for, and nowhere else."""

import re
from urllib.parse import unquote

import httpx

from adapters.http.hosts import Place, UrlRefused, target_of

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_METHODS = frozenset({"GET", "HEAD"})


def next_url(method: str, url: httpx.URL, status: int, location: str, *, place: Place, prefix: str) -> httpx.URL | None:
    """Return where a redirect leads, if a reading request may go there; None makes the redirect the answer."""
    if status not in _REDIRECTS or method not in _METHODS or not location or not location.isprintable():
        return None
    try:
        target = target_of(str(url.join(location)))
    except (UrlRefused, httpx.InvalidURL, UnicodeError):
        return None
    within = target.place == place and target.url.path.startswith(prefix) and not climbs(target.url.path)
    return target.url if within and "\\" not in location and target.url != url else None


def climbs(path: str) -> bool:
    """Tell whether a path has or hides a dot segment, however often it is encoded."""
    while True:
        if any(part in (".", "..") for part in re.split(r"[/\\]", path)):
            return True
        decoded = unquote(path)
        if decoded == path:
            return False
        path = decoded
