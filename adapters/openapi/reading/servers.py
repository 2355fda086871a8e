"""Read where an API is, and whether an operation is anywhere else."""

import re
from typing import Any
from urllib.parse import urlsplit

from adapters.openapi.reading.ground import Ground
from adapters.openapi.references import Unusable, list_of, object_of, text_of

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def read_base_url(ground: Ground) -> str:
    """Return the URL of the document's first server, with a warning where it is relative, or there is none."""
    try:
        url = _swagger_server(ground) if ground.swagger else _first(ground.tree)
    except Unusable as fault:
        ground.at("servers", 0, "url").warn(f"{fault}; name the API's address when it is registered")
        return ""
    if _is_absolute(url):
        return url
    place = "host" if ground.swagger else "servers"
    said = f"the document's server is {url[:200]!r}" if url else "the document names no server"
    ground.at(place).warn(f"{said}; name the API's address when it is registered")
    return url


def own_servers(ground: Ground, item: dict[str, Any], raw: dict[str, Any]) -> tuple[str, ...]:
    """Return the servers that an operation, or its path, has of its own; none where the document's first is among them.

    Raises Unusable.
    """
    own = () if ground.swagger else tuple(filter(None, _all(raw if list_of(raw, "servers") else item)))
    return () if own and _of_document(ground.tree) in own else own


def _of_document(tree: dict[str, Any]) -> str:
    try:
        return _first(tree)
    except Unusable:
        return ""  # reading the base URL says so


def _is_absolute(url: str) -> bool:
    try:
        parts, _ = urlsplit(url), urlsplit(url).port
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc)


def _swagger_server(ground: Ground) -> str:
    host = text_of(ground.tree, "host")
    schemes = [str(each) for each in list_of(ground.tree, "schemes")] or ["https"]
    scheme = "https" if "https" in schemes else schemes[0]
    return f"{scheme}://{host}{text_of(ground.tree, 'basePath')}".rstrip("/") if host else ""


def _first(raw: dict[str, Any]) -> str:
    return next(iter(_all(raw)), "")


def _all(raw: dict[str, Any]) -> list[str]:
    return [_url(each) for each in list_of(raw, "servers") if isinstance(each, dict)]


def _url(server: dict[str, Any]) -> str:
    """Return a server's URL with each variable as it is by default; raises Unusable where it has none."""
    variables = object_of(server, "variables")
    return _VARIABLE.sub(lambda found: _default(variables, found[1]), text_of(server, "url")).rstrip("/")


def _default(variables: dict[str, Any], name: str) -> str:
    variable = object_of(variables, name)
    default = _written(variable.get("default"))
    allowed = [_written(each) for each in list_of(variable, "enum")]
    if not default:
        raise Unusable(f"the server's variable {name[:80]!r} has no default")
    if allowed and default not in allowed:
        raise Unusable(f"the server's variable {name[:80]!r} is {default[:80]!r} by default, which it may not be")
    return default


def _written(value: Any) -> str:
    """Return a variable's value as it stands in a URL; documents often write ports and versions as numbers."""
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
